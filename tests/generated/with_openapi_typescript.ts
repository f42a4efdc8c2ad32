// Submit, poll and fetch with the types of openapi-typescript: URL, spectrum and water reference as arguments.
import { readFile } from "node:fs/promises";
import createClient from "openapi-fetch";
import type { components, paths } from "./api";

const [url, spectrum, water] = process.argv.slice(2);
const client = createClient<paths>({ baseUrl: url });
const request: components["schemas"]["AnalysisRequest"] = { region: "ACC", age_years: 44 };

const form = new FormData();
form.append("metabolite", new Blob([await readFile(spectrum)]), "spectrum.nii.gz");
form.append("water_reference", new Blob([await readFile(water)]), "water.nii.gz");
form.append("request", new Blob([JSON.stringify(request)], { type: "application/json" }));

const submitted = await client.POST("/v1/analyses", {
  body: { metabolite: [] }, // files are no strings: the form itself is the body
  bodySerializer: () => form,
});
let analysis = submitted.data;
const deadline = Date.now() + 120_000;
while (analysis && (analysis.state === "queued" || analysis.state === "running")) {
  if (Date.now() > deadline) throw new Error(analysis.state);
  await new Promise((resolve) => setTimeout(resolve, 500));
  analysis = (await client.GET("/v1/analyses/{analysis_id}", { params: { path: { analysis_id: analysis.id } } })).data;
}
if (!analysis) throw new Error(JSON.stringify(submitted.error));
const report = await client.GET("/v1/analyses/{analysis_id}/report", {
  params: { path: { analysis_id: analysis.id }, query: { format: "csv" } },
  parseAs: "text",
});
const rows = String(report.data).split("\n").length;
console.log(analysis.state, analysis.acquisition?.region, analysis.metabolites?.[0].name, rows > 20 ? "True" : rows);
