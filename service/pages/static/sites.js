// Counts the ticked controls, and takes dropped files.
import { acceptDrops, takeFiles } from "./drop.js";

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

acceptDrops(document.querySelectorAll("[data-drop]"), takeFiles);
