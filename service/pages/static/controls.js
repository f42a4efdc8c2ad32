// Reads a chosen CSV into the text field, where it can be looked at before it is sent.
const chosen = document.getElementById("n-file");
const text = document.getElementById("n-csv");

chosen.closest(".file").hidden = false;
chosen.addEventListener("change", async () => {
  if (chosen.files.length) text.value = await chosen.files[0].text();
});
