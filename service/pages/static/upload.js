// Dropping files, reading them before they are submitted, and errors beside their fields without losing the files.
import { acceptDrops } from "./drop.js";
import { arrange, isSeveral, submitAll } from "./pairing.js";

const form = document.getElementById("upload");
const preview = document.getElementById("preview");
const button = document.getElementById("submit");
const keepRegion = document.getElementById("keep-region");
const PAUSE = 400;
let asked = 0;
let timer = null;

const fieldOf = (name) => form.querySelector(`[data-field="${CSS.escape(name)}"]`);
const showError = (name, message) => {
  const field = fieldOf(name);
  if (!field) return null;
  const place = field.querySelector("[data-error]");
  place.textContent = message;
  place.hidden = !message;
  const input = field.querySelector("input, select, textarea");
  if (message) input.setAttribute("aria-invalid", "true"); else input.removeAttribute("aria-invalid");
  if (message) field.closest("details")?.setAttribute("open", "");
  if (name === "region") keepRegion.hidden = !message;
  return input;
};
const clearErrors = () => form.querySelectorAll("[data-error]").forEach((place) => showError(place.dataset.error, ""));
const isEmpty = () => !form.elements.metabolite.files.length;

const read = async () => {
  if (isEmpty()) return;
  const turn = ++asked;
  preview.setAttribute("aria-busy", "true");
  const waiting = document.createElement("p");
  waiting.className = "about";
  waiting.textContent = preview.dataset.reading;
  preview.replaceChildren(waiting);
  let content;
  try {
    const answer = await fetch(form.dataset.preview, { method: "POST", body: new FormData(form) });
    if (!(answer.headers.get("Content-Type") ?? "").startsWith("text/html")) throw new Error(String(answer.status));
    content = new DOMParser().parseFromString(await answer.text(), "text/html").body;
  } catch {
    waiting.textContent = preview.dataset.failed;
    content = null;
  }
  if (turn !== asked) return; // something newer is being read
  preview.removeAttribute("aria-busy");
  if (!content) return;
  clearErrors();
  for (const item of content.querySelectorAll("[data-problem]")) showError(item.dataset.problem, item.textContent);
  const missing = content.querySelector("[data-missing]")?.dataset.missing.split(" ").filter(Boolean) ?? [];
  form.querySelectorAll(".wanted").forEach((field) => field.classList.remove("wanted"));
  for (const name of missing) {
    const field = fieldOf(name);
    field?.classList.add("wanted");
    field?.closest("details")?.setAttribute("open", "");
  }
  preview.replaceChildren(...content.childNodes);
};
const readSoon = () => { clearTimeout(timer); timer = setTimeout(read, PAUSE); };

// The files of what was dropped, those inside folders included; hidden ones are left out.
const filesIn = async (entry) => {
  if (entry.name.startsWith(".")) return [];
  if (entry.isFile) return [await new Promise((resolve, reject) => entry.file(resolve, reject))];
  const reader = entry.createReader();
  const inside = [];
  for (;;) { // a reader gives a part of a folder each time, and nothing at its end
    const some = await new Promise((resolve, reject) => reader.readEntries(resolve, reject));
    if (!some.length) break;
    inside.push(...some);
  }
  return (await Promise.all(inside.map(filesIn))).flat();
};
const unfolded = async (entries) => {
  const together = new DataTransfer();
  const files = (await Promise.all(entries.map(filesIn))).flat();
  files.sort((one, other) => (one.name < other.name ? -1 : 1)).forEach((file) => together.items.add(file));
  return together.files;
};

acceptDrops(form.querySelectorAll("[data-drop]"), (input, dropped) => {
  const take = (files) => { input.files = files; input.dispatchEvent(new Event("change", { bubbles: true })); };
  // entries are there only during the event
  const entries = [...dropped.items].map((item) => item.webkitGetAsEntry?.()).filter(Boolean);
  if (entries.some((entry) => entry.isDirectory)) unfolded(entries).then(take, () => take(new DataTransfer().files));
  else take(dropped.files);
});

// several spectra, or one with its water reference: what belongs together is shown before it is read
const chosen = async (input) => {
  if (input.id === "u-folder") {
    form.elements.metabolite.files = input.files;
    await arrange(input.files);
  } else if (input.name === "metabolite") await arrange(input.files);
  await read();
};
const folder = document.getElementById("u-folder");
folder.closest("p").hidden = !("webkitdirectory" in folder);

form.addEventListener("input", ({ target }) => {
  if (target.name === "region") {
    form.elements.region_kept.value = target.value.trim();
    form.elements.region_kept.checked = false;
  }
  target.closest(".wanted")?.classList.toggle("filled", Boolean(target.value));
});
form.addEventListener("change", (event) => {
  // a preview that is made anew at once would move the button from under the click that ends the typing
  if (event.target.type === "file") chosen(event.target);
  else if (!event.target.closest("#pairing") || event.target.matches("select, input[type=checkbox]")) readSoon();
});

// What the browser can tell by itself is reported before anything is sent.
const refusedHere = () => {
  const wanted = [...form.querySelectorAll(".wanted")].filter((field) => !field.querySelector("input, select").value);
  if (isEmpty()) return showError("metabolite", form.dataset.noFile);
  return wanted.map((field) => showError(field.dataset.field, form.dataset.needed))[0] ?? null;
};
form.addEventListener("submit", async (event) => {
  event.preventDefault();
  const refused = refusedHere();
  if (refused) { refused.focus(); return; }
  const label = button.textContent;
  button.disabled = true;
  button.textContent = button.dataset.sending;
  const failed = () => { form.submit(); }; // the plain way shows whatever the server says
  try {
    if (isSeveral()) {
      if (await submitAll()) location.assign("/");
      button.disabled = false;
      button.textContent = label;
      return;
    }
    const answer = await fetch(form.action, { method: "POST", body: new FormData(form) });
    if (answer.redirected) { location.assign(answer.url); return; }
    if (answer.status !== 422) { failed(); return; }
    const page = new DOMParser().parseFromString(await answer.text(), "text/html");
    clearErrors();
    document.getElementById("form-problem").replaceChildren(...page.getElementById("form-problem").childNodes);
    let first = null;
    for (const item of page.querySelectorAll("[data-error]:not([hidden])")) {
      const input = showError(item.dataset.error, item.textContent);
      first ??= input;
    }
    (first ?? document.getElementById("form-problem")).focus();
  } catch {
    preview.textContent = preview.dataset.failed;
  }
  button.disabled = false;
  button.textContent = label;
});
if (!isEmpty()) read(); // after a reload the browser has kept the files
