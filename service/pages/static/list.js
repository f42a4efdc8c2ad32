// Keeps the list current while something waits or runs, and offers what can be done with the chosen analyses.
import { follow } from "./follow.js";

const MOST_STREAMS = 4; // a browser keeps about six connections to one server
const PAUSE = 3000;
const list = document.getElementById("analyses");
const news = document.getElementById("news");
let stops = [];
let timer = null;

const chosen = () => [...list.querySelectorAll("input[name=with]:checked")];
const offer = () => {
  const [compare, ...others] = ["compare", "controls", "calibrate", "cohort", "export"].map((id) => document.getElementById(id));
  if (!compare) return;
  const count = chosen().length;
  compare.disabled = count !== 2;
  for (const button of others) button.disabled = !count;
  const all = document.getElementById("choose-all");
  const boxes = list.querySelectorAll("input[name=with]").length;
  all.closest("label").hidden = !boxes;
  all.checked = count > 0 && count === boxes;
  all.indeterminate = count > 0 && count < boxes;
  const words = document.getElementById("chosen");
  words.textContent = count ? words.dataset.some.replace("{n}", count) : words.dataset.none;
};
const change = ({ target }) => {
  if (target.id === "choose-all") {
    for (const box of list.querySelectorAll("input[name=with]")) box.checked = target.checked;
  }
  offer();
};

const refresh = async () => {
  stops.forEach((stop) => stop());
  stops = [];
  clearTimeout(timer);
  try {
    const answer = await fetch(location.href, { headers: { Accept: "text/html" } });
    const fresh = new DOMParser().parseFromString(await answer.text(), "text/html").getElementById("analyses");
    if (answer.ok && fresh) {
      const kept = new Set(chosen().map((box) => box.value));
      const focused = document.activeElement?.closest?.("#analyses") ? document.activeElement : null;
      const address = focused?.getAttribute("href");
      list.replaceChildren(...fresh.childNodes);
      for (const box of list.querySelectorAll("input[name=with]")) box.checked = kept.has(box.value);
      if (address) list.querySelector(`a[href="${CSS.escape(address)}"]`)?.focus();
    }
  } catch { /* asked again below */ }
  offer();
  watch();
};

const watch = () => {
  const rows = [...list.querySelectorAll("tr[data-follow]")];
  for (const row of rows.slice(0, MOST_STREAMS)) {
    const label = row.querySelector("[data-step]");
    const address = row.dataset.follow;
    stops.push(follow(address, address.replace(/\/events$/, ""), ({ step }) => {
      if (step) label.textContent = list.dataset[`step_${step.replace(" simulation", "")}`] ?? label.textContent;
    }, () => {
      news.textContent = list.dataset.live.replace("{text}", row.querySelector("th").textContent.trim());
      refresh();
    }));
  }
  if (rows.length > MOST_STREAMS) timer = setTimeout(refresh, PAUSE);
};

list.addEventListener("change", change);
offer();
watch();
