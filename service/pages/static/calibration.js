// Follows calibrations that the workers are making; the page is loaded again when one has ended.
const FINAL = new Set(["succeeded", "failed", "cancelled"]);
const PAUSE = 1500;

const show = (box, { step, done, total }) => {
  const stages = [...box.querySelectorAll("[data-stage]")];
  const at = stages.findIndex((item) => item.dataset.stage === step);
  if (at < 0) return;
  stages.forEach((item, k) => {
    item.classList.toggle("done", k < at);
    item.classList.toggle("now", k === at);
  });
  box.querySelector("progress").value = at + (total ? done / total : 0);
  box.querySelector("[data-step]").textContent = box.dataset.at.replace("{done}", done ?? 0).replace("{total}", total ?? 0);
};

const follow = async (box) => {
  try {
    const answer = await fetch(box.dataset.calibration, { headers: { Accept: "application/json" } });
    const found = answer.ok ? await answer.json() : { state: answer.status === 404 ? "cancelled" : "" };
    if (FINAL.has(found.state)) return location.reload();
    show(box, found);
  } catch { /* the network comes back or does not; ask again */ }
  setTimeout(() => follow(box), PAUSE);
};
document.querySelectorAll("[data-calibration]").forEach(follow);
