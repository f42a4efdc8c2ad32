// Errors of a FHIR resource against the StructureDefinitions of R4: node fhir_r4.js RESOURCE.json
const { Fhir } = require("fhir");
const { readFileSync } = require("node:fs");

const resource = JSON.parse(readFileSync(process.argv[2], "utf-8"));
const { messages } = new Fhir().validate(resource, { errorOnUnexpected: true });
console.log(JSON.stringify(messages.filter((message) => message.severity === "error")));
