// Many files as scans: shows which water reference belongs to which spectrum, and submits one analysis for each.
const form = document.getElementById("upload");
const panel = document.getElementById("pairing");
const body = panel.querySelector("tbody");
const BIDS_SUBJECT = /^sub-[A-Za-z0-9]+(?=_)/; // a pseudonym by the rules of BIDS; other names may be those of people
let files = [];
let scans = [];

const listOf = (places) => {
  const chosen = new DataTransfer();
  for (const place of places) chosen.items.add(files[place]);
  return chosen.files;
};
const nameOf = (scan) => {
  const [first, ...more] = scan.files.map((place) => files[place].name);
  return more.length ? `${first} + ${more.length}` : first;
};
const element = (name, attributes, ...children) => {
  const made = Object.assign(document.createElement(name), attributes);
  made.append(...children);
  return made;
};

const rowOf = (scan, number, several) => {
  const name = nameOf(scan);
  const use = element("input", { type: "checkbox", checked: true, ariaLabel: panel.dataset.use.replace("{name}", name) });
  const water = element("select", { ariaLabel: `${panel.querySelectorAll("th")[1].textContent}: ${name}` },
    element("option", { value: "", textContent: panel.dataset.none }),
    ...scans.flatMap((other, place) => other.is_water
      ? [element("option", { value: place, textContent: nameOf(other), selected: place === scan.water })] : []));
  const subject = element("input", { type: "text", maxLength: 64, autocomplete: "off", spellcheck: false,
    value: several ? (BIDS_SUBJECT.exec(files[scan.files[0]].name)?.[0] ?? "") : "",
    ariaLabel: `${panel.querySelectorAll("th")[2].textContent}: ${name}` });
  const row = element("tr", {}, element("th", { scope: "row" }, ...(several ? [use, " "] : []), name),
    element("td", {}, water), element("td", {}, ...(several ? [subject] : []), element("p", { className: "error", hidden: true })));
  row.dataset.scan = number;
  return row;
};
const rows = () => [...body.querySelectorAll("tr[data-scan]")];
const scanOf = (row) => scans[Number(row.dataset.scan)];
const waterOf = (row) => row.querySelector("select").value;
const isSeveral = () => !panel.hidden && rows().length > 1;

const setInputs = () => {
  const first = rows()[0];
  if (!first) return;
  form.elements.metabolite.files = listOf(scanOf(first).files);
  form.elements.water_reference.files = waterOf(first) === "" ? listOf([]) : listOf(scans[Number(waterOf(first))].files);
};

// Answers whether the inputs were set from what was recognised.
export const arrange = async (chosen) => {
  panel.hidden = true;
  body.replaceChildren();
  files = [...chosen];
  if (files.length < 2) return false;
  const sent = new FormData();
  for (const file of files) sent.append("files", file);
  try {
    const answer = await fetch(panel.dataset.address, { method: "POST", body: sent });
    if (!answer.ok) return false;
    scans = (await answer.json()).scans;
  } catch { return false; }
  const spectra = scans.flatMap((scan, number) => (scan.is_water ? [] : [number]));
  if (!spectra.length || scans.length < 2) return false;
  body.append(...spectra.map((number) => rowOf(scans[number], number, spectra.length > 1)));
  panel.hidden = false;
  setInputs();
  return true;
};

// Submits each ticked spectrum with what the form says; refusals stand in their rows. Answers whether all went through.
export const submitAll = async () => {
  let all = true;
  for (const row of rows()) {
    const use = row.querySelector("input[type=checkbox]");
    const told = row.querySelector(".error");
    if (!use.checked || row.dataset.done) continue;
    const sent = new FormData(form);
    sent.delete("metabolite");
    sent.delete("water_reference");
    for (const place of scanOf(row).files) sent.append("metabolite", files[place]);
    for (const place of waterOf(row) === "" ? [] : scans[Number(waterOf(row))].files) sent.append("water_reference", files[place]);
    const subject = row.querySelector("input[type=text]").value.trim();
    if (subject) sent.set("subject", subject);
    const answer = await fetch(form.action, { method: "POST", body: sent }).catch(() => null);
    const done = answer?.redirected ?? false;
    if (done) row.dataset.done = "yes";
    if (!done) {
      const page = new DOMParser().parseFromString(answer ? await answer.text() : "", "text/html");
      const why = page.querySelector("[data-error]:not([hidden])")?.textContent ?? page.querySelector(".alert p")?.textContent ?? "";
      told.textContent = panel.dataset.failed.replace("{why}", why);
      told.hidden = false;
      all = false;
    } else {
      told.hidden = true;
      use.disabled = true;
    }
  }
  return all;
};

export { isSeveral };
panel.addEventListener("change", (event) => { if (event.target.matches("select")) setInputs(); });
