"""The HTML report in a real Chromium: its script works under its own policy and its layout fits the screen."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from service.reports import AnalysisDocument, render
from tests.data import analysis_factory as factory
from tests.data.report_cases import CASES, traces_with_planes

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


def test_dragging_a_box_enlarges_it(reader: Any, tmp_path: Path) -> None:
    """The box fills the panel on release: a narrower range of ppm, and taller when the box is low."""
    reader.set_viewport_size({"width": 1280, "height": 1000})
    reader.goto(_file(tmp_path))
    frame = reader.locator("svg.spectrum").bounding_box()
    scale = frame["width"] / 860
    at = lambda x, y: (frame["x"] + x * scale, frame["y"] + y * scale)  # noqa: E731
    reader.mouse.move(*at(400, 300))
    reader.mouse.down()
    reader.mouse.move(*at(600, 420))
    drawn = reader.locator("rect.box").get_attribute("visibility")
    reader.mouse.up()
    shown = reader.evaluate(
        "[...document.querySelectorAll('svg.spectrum g.tick[visibility=visible]')].map((t) => Number(t.dataset.ppm))"
    )

    high, low = (4.2 - (x - 58) / (850 - 58) * 4.0 for x in (400, 600))
    assert drawn == "visible"
    assert reader.locator("rect.box").get_attribute("visibility") == "hidden"
    assert shown
    assert all(low - 0.02 <= ppm <= high + 0.02 for ppm in shown)
    assert "100" not in reader.locator("text.percent").all_inner_texts()


def test_a_pressed_part_shows_itself_in_the_spectrum(reader: Any, tmp_path: Path) -> None:
    """A row of the stack is a way to its box, and both have one colour."""
    reader.goto(_file(tmp_path))
    row = reader.locator("svg.stack g[data-part='0']")
    row.locator("text").click()
    path = reader.locator("path.component[data-component='0']")

    assert path.get_attribute("visibility") == "visible"
    assert path.get_attribute("stroke") == row.locator("path.part").get_attribute("stroke")


@pytest.mark.parametrize("name", ["limited", "images", "40-metabolites"])
def test_a_report_takes_at_most_four_screens(reader: Any, tmp_path: Path, name: str) -> None:
    """At 1280 by 900, unsigned: the rest is folded, and everything of it is printed."""
    file = tmp_path / "report.html"
    file.write_bytes(render("html", CASES[name](), traces_with_planes()).content)
    reader.set_viewport_size({"width": 1280, "height": 900})
    reader.goto(file.as_uri())
    height = reader.evaluate("document.documentElement.scrollHeight")
    folded = reader.get_by_text("Result schema")
    assert not folded.is_visible()
    reader.evaluate("dispatchEvent(new Event('beforeprint'))")
    assert folded.is_visible()
    reader.evaluate("dispatchEvent(new Event('afterprint'))")

    assert not folded.is_visible()
    assert height <= 4 * 900


def test_dark_theme_is_dark_and_prints_light(browser: Any, tmp_path: Path) -> None:
    """The ground of the page follows the system's preference on screen, never on paper."""
    page = browser.new_page(color_scheme="dark")
    page.goto(_file(tmp_path))
    ground = "getComputedStyle(document.body).backgroundColor"
    on_screen = page.evaluate(ground)
    page.emulate_media(media="print")

    assert on_screen == "rgb(18, 18, 18)"
    assert page.evaluate(ground) == "rgb(255, 255, 255)"
    page.close()
