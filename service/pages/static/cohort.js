// The page of a cohort that is not finished: the section that is computed lights up, and the report opens by itself.
const PAUSE = 1500;
const FINAL = new Set(["succeeded", "failed", "cancelled"]);
const box = document.getElementById("progress");
const stages = [...box.querySelectorAll("[data-stage]")];
const now = box.querySelector("[data-step]");

const ask = async () => {
  try {
    const answer = await fetch(box.dataset.poll, { headers: { Accept: "application/json" } });
    if (answer.ok) {
      const { state, step } = await answer.json();
      if (FINAL.has(state)) return location.reload();
      const at = stages.findIndex((item) => item.dataset.stage === step);
      stages.forEach((item, k) => {
        item.classList.toggle("done", k < at);
        item.classList.toggle("now", k === at);
      });
      if (at >= 0) now.textContent = stages[at].textContent;
    }
  } catch { /* the network comes back or does not; ask again */ }
  setTimeout(ask, PAUSE);
};
setTimeout(ask, PAUSE);
