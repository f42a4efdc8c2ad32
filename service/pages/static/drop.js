// Places of a page that take dropped files: each shows that it does, and hands what was dropped to its file input.
export const acceptDrops = (zones, take) => {
  for (const zone of zones) {
    const input = zone.querySelector("input[type=file]");
    const over = (on) => zone.classList.toggle("over", on);
    zone.addEventListener("dragover", (event) => { event.preventDefault(); over(true); });
    zone.addEventListener("dragleave", (event) => { if (!zone.contains(event.relatedTarget)) over(false); });
    zone.addEventListener("drop", (event) => {
      event.preventDefault();
      over(false);
      if (event.dataTransfer.files.length) take(input, event.dataTransfer);
    });
  }
  // a file that misses its zone must not replace the page
  for (const name of ["dragover", "drop"]) window.addEventListener(name, (event) => event.preventDefault());
};

export const takeFiles = (input, dropped) => { input.files = dropped.files; };
