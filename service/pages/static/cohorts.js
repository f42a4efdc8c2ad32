// Takes dropped tables, and leads to what a check found.
import { acceptDrops, takeFiles } from "./drop.js";

acceptDrops(document.querySelectorAll("[data-drop]"), takeFiles);
const found = document.getElementById("checked-heading");
if (found) { found.focus(); found.scrollIntoView(); }
