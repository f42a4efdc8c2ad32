// Counts the ticked controls, and takes dropped files.
const form = document.getElementById("choose");
const told = document.getElementById("chosen");

const count = () => {
  if (!told) return;
  const boxes = [...form.querySelectorAll("input[name=with]:checked")];
  const people = new Set(boxes.map((box) => box.closest("tr").querySelector("th").textContent.trim()));
  told.textContent = boxes.length
    ? told.dataset.some.replace("{spectra}", boxes.length).replace("{people}", people.size)
    : told.dataset.none;
};
form.addEventListener("change", count);
count();

for (const zone of document.querySelectorAll("[data-drop]")) {
  const input = zone.querySelector("input");
  const over = (on) => zone.classList.toggle("over", on);
  zone.addEventListener("dragover", (event) => { event.preventDefault(); over(true); });
  zone.addEventListener("dragleave", (event) => { if (!zone.contains(event.relatedTarget)) over(false); });
  zone.addEventListener("drop", (event) => {
    event.preventDefault();
    over(false);
    if (event.dataTransfer.files.length) input.files = event.dataTransfer.files;
  });
}
// a file that misses its zone must not replace the page
for (const name of ["dragover", "drop"]) window.addEventListener(name, (event) => event.preventDefault());
