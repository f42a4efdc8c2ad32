"""The HTML report in a real Chromium: its script works under its own policy and its layout fits the screen."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
from html import unescape
from pathlib import Path

import pytest

from service.reports import AnalysisDocument, render
from tests.data import analysis_factory as factory

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
pytestmark = [pytest.mark.browser, pytest.mark.skipif(CHROMIUM is None, reason="no Chromium on this machine")]

USE_THE_FIGURE = """
const figure = document.getElementById("spectrum");
const svg = figure.querySelector("svg.spectrum");
const press = (key) => svg.dispatchEvent(new KeyboardEvent("keydown", { key, bubbles: true, cancelable: true }));
const tick = () => svg.querySelector('[data-ppm="2.01"]');
const start = tick().getAttribute("transform");
const box = figure.querySelector("input[value]");
const part = svg.querySelector("path.component");
const hidden = part.getAttribute("visibility");
box.click();
const shown = part.getAttribute("visibility");
const rect = svg.getBoundingClientRect();
svg.dispatchEvent(new PointerEvent("pointermove", { clientX: rect.left
  + parseFloat(start.slice(10)) / svg.viewBox.baseVal.width * rect.width, clientY: rect.top + 50 }));
const reading = figure.querySelector(".reading").textContent;
press("+");
const zoomed = tick().getAttribute("transform");
press("0");
const report = { tools: !figure.querySelector(".tools").hidden, hidden, shown, reading,
  moved: zoomed !== start, back: Math.abs(parseFloat(tick().getAttribute("transform").slice(10))
  - parseFloat(start.slice(10))) < 0.1,
  overflow: document.documentElement.scrollWidth - window.innerWidth };
document.body.insertAdjacentHTML("beforeend", "<pre id=answer></pre>");
document.getElementById("answer").textContent = JSON.stringify(report);
"""


def _page() -> str:
    return render("html", AnalysisDocument(factory.make_analysis()), factory.make_traces()).content.decode()


def _open(page: str, folder: Path, width: int) -> str:
    file = folder / "report.html"
    file.write_text(page, encoding="utf-8")
    command = [str(CHROMIUM), "--headless", "--no-sandbox", "--disable-gpu", f"--user-data-dir={folder / 'profile'}"]
    command += [f"--window-size={width},1000", "--dump-dom", file.as_uri()]
    return subprocess.run(command, capture_output=True, text=True, timeout=120, check=True).stdout


@pytest.mark.parametrize("width", [1280, 820, 500])
def test_the_figure_answers_and_the_page_fits(tmp_path: Path, width: int) -> None:
    """Parts toggle, the cursor reads ppm and values, zoom moves and resets, nothing sticks out sideways."""
    page = re.sub(r"<meta http-equiv=[^>]*>", "", _page()).replace(
        "</body>", f"<script>(() => {{{USE_THE_FIGURE}}})();</script></body>"
    )
    dom = _open(page, tmp_path, width)
    answer = json.loads(unescape(re.search(r'<pre id="answer">(.*?)</pre>', dom, flags=re.DOTALL).group(1)))

    assert answer["tools"]
    assert (answer["hidden"], answer["shown"]) == ("hidden", "visible")
    assert re.match(r"2\.0\d\d ppm\s.*Fitted model (9\d|100)\.\d %", answer["reading"])
    assert answer["moved"]
    assert answer["back"]
    assert answer["overflow"] <= 0


def test_the_own_script_runs_and_a_foreign_one_does_not(tmp_path: Path) -> None:
    """The page's policy lets exactly its own script run."""
    page = _page().replace("</body>", "<script>document.title = 'taken over';</script></body>")
    dom = _open(page, tmp_path, 1280)

    assert "<title>taken over</title>" not in dom
    assert re.search(r'<div class="tools">', dom)
