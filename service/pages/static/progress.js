// The page of one analysis that is not finished: its stages light up, and the report opens by itself.
import { follow } from "./follow.js";

const box = document.getElementById("progress");
const stages = [...box.querySelectorAll("[data-stage]")];
const now = box.querySelector("[data-step]");

follow(box.dataset.follow, box.dataset.poll, ({ state, step }) => {
  const name = (step ?? (state === "queued" ? "queued" : "")).replace("basis simulation", "basis");
  const at = stages.findIndex((item) => item.dataset.stage === name);
  if (at < 0) return;
  stages.forEach((item, k) => {
    item.classList.toggle("done", k < at);
    item.classList.toggle("now", k === at);
  });
  now.textContent = stages[at].textContent;
}, () => location.reload());
