"""The HTML report in a real Chromium: its script works under its own policy and its layout fits the screen."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from service.reports import AnalysisDocument, render
from tests.data import analysis_factory as factory

pytestmark = pytest.mark.browser

USE_THE_FIGURE = """() => {
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
const percents = () => [...svg.querySelectorAll("text.percent")].map((label) => label.textContent);
const whole = percents();
press("ArrowUp");
const magnified = percents();
press("ArrowDown");
press("+");
const zoomed = tick().getAttribute("transform");
press("0");
return { tools: !figure.querySelector(".tools").hidden, hidden, shown, reading, whole, magnified, again: percents(),
  moved: zoomed !== start, back: Math.abs(parseFloat(tick().getAttribute("transform").slice(10))
  - parseFloat(start.slice(10))) < 0.1,
  overflow: document.documentElement.scrollWidth - window.innerWidth };
}"""


def _file(folder: Path, *, more: str = "") -> str:
    page = render("html", AnalysisDocument(factory.make_analysis()), factory.make_traces()).content.decode()
    file = folder / "report.html"
    file.write_text(page.replace("</body>", f"{more}</body>"), encoding="utf-8")
    return file.as_uri()


@pytest.fixture
def reader(browser: Any) -> Iterator[Any]:
    """A page of a person who opened the file."""
    page = browser.new_page()
    yield page
    page.close()


@pytest.mark.parametrize("width", [1280, 820, 500])
def test_the_figure_answers_and_the_page_fits(reader: Any, tmp_path: Path, width: int) -> None:
    """Parts toggle, the cursor reads ppm and values, zoom moves and resets, nothing sticks out sideways."""
    reader.set_viewport_size({"width": width, "height": 1000})
    reader.goto(_file(tmp_path))
    answer = reader.evaluate(USE_THE_FIGURE)

    assert answer["tools"]
    assert (answer["hidden"], answer["shown"]) == ("hidden", "visible")
    assert re.match(r"2\.0\d\d ppm\s.*Fitted model (9\d|100)\.\d %", answer["reading"])
    assert (answer["whole"], answer["magnified"]) == (["0", "50", "100"], ["0", "25", "50"])
    assert answer["again"] == answer["whole"]
    assert answer["moved"]
    assert answer["back"]
    assert answer["overflow"] <= 0


def test_the_own_script_runs_and_a_foreign_one_does_not(reader: Any, tmp_path: Path) -> None:
    """The page's policy lets exactly its own script run."""
    reader.goto(_file(tmp_path, more="<script>document.title = 'taken over';</script>"))

    assert reader.title() != "taken over"
    assert reader.locator(".tools").is_visible()
