// Many files as scans: shows which water reference belongs to which spectrum, and submits one analysis for each.
const form = document.getElementById("upload");
const panel = document.getElementById("pairing");
const body = panel.querySelector("tbody");
const BIDS_SUBJECT = /^sub-[A-Za-z0-9]+(?=_)/; // a pseudonym by the rules of BIDS; other names may be those of people
const left = document.getElementById("pairing-left");
const none = document.getElementById("pairing-none");
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

// A water reference of no spectrum is offered too: what is badly suppressed looks like one.
const rowOf = (scan, number, several) => {
  const name = nameOf(scan);
  const use = element("input", { type: "checkbox", checked: !scan.is_water, ariaLabel: panel.dataset.use.replace("{name}", name) });
  const water = element("select", { ariaLabel: `${panel.querySelectorAll("th")[1].textContent}: ${name}` },
    element("option", { value: "", textContent: panel.dataset.none }),
    ...scans.flatMap((other, place) => other.is_water
      && other !== scan ? [element("option", { value: place, textContent: nameOf(other), selected: place === scan.water })] : []));
  const subject = element("input", { type: "text", maxLength: 64, autocomplete: "off", spellcheck: false,
    value: several ? (BIDS_SUBJECT.exec(files[scan.files[0]].name)?.[0] ?? "") : "",
    ariaLabel: `${panel.querySelectorAll("th")[2].textContent}: ${name}` });
  const row = element("tr", {}, element("th", { scope: "row", className: "whole" }, ...(several ? [use, " "] : []), name,
    ...(scan.is_water ? [element("small", { textContent: panel.dataset.looks })] : [])),
    element("td", {}, water), element("td", {}, ...(several ? [subject] : []), element("p", { className: "error", hidden: true })));
  row.dataset.scan = number;
  return row;
};
const labelCells = () => {
  const heads = [...panel.querySelectorAll("th[scope=col]")].map((head) => head.textContent);
  for (const row of rows()) [...row.cells].forEach((cell, place) => { if (place) cell.dataset.label = heads[place]; });
};
const rows = () => [...body.querySelectorAll("tr[data-scan]")];
const scanOf = (row) => scans[Number(row.dataset.scan)];
const waterOf = (row) => row.querySelector("select").value;
const isTicked = (row) => row.querySelector("input[type=checkbox]")?.checked ?? true;
const isSeveral = () => !panel.hidden && rows().length > 1;

const setInputs = () => {
  const first = rows().find(isTicked) ?? rows()[0];
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
  if (scans.length < 2) return false;
  const taken = new Set(scans.map((scan) => scan.water));
  const offered = scans.flatMap((scan, number) => (scan.is_water && taken.has(number) ? [] : [number]));
  offered.sort((one, other) => scans[one].is_water - scans[other].is_water);
  body.append(...offered.map((number) => rowOf(scans[number], number, offered.length > 1)));
  labelCells();
  const known = new Set(scans.flatMap((scan) => scan.files));
  const strangers = files.filter((_, place) => !known.has(place)).map((file) => file.name);
  left.textContent = left.dataset.left.replace("{names}", strangers.join(", "));
  left.hidden = !strangers.length;
  none.hidden = true;
  panel.hidden = false;
  setInputs();
  return true;
};

// Submits each ticked spectrum with what the form says; refusals stand in their rows. Answers whether all went through.
export const submitAll = async () => {
  none.hidden = rows().some(isTicked);
  if (!none.hidden) return false;
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
panel.addEventListener("change", (event) => { if (event.target.matches("select, input[type=checkbox]")) setInputs(); });
