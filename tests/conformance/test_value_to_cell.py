"""Every value stands in its own cell on every surface: one analysis of distinct numbers and where each must be read.

The service stores the analysis and shows it as the table of a terminal, CSV, HTML, PDF, JSON, list, timeline and
comparison. What is drawn is read back from the geometry of the drawing.
"""

from __future__ import annotations

import csv
import io
import json
import re
from collections.abc import Callable, Iterator
from dataclasses import asdict, replace
from functools import cache
from pathlib import Path
from typing import Any

import pytest
from pypdf import PdfReader
from starlette.testclient import TestClient

from fitting.analysis import Analysis
from fitting.model.result import Traces
from fitting.run import Job
from service.app import create_app
from service.reports import table
from service.reports.analysis_document import AnalysisDocument
from service.settings import Settings
from tests import fake_pipeline
from tests.clients import on_this_machine
from tests.data import distinct_analysis as truth
from tests.data.distinct_analysis import distinct_analysis, distinct_traces, later_analysis
from tests.fake_pipeline import spectrum
from tests.pages import Element, tree

SESSIONS = (("ses-truth", 3, 6.4), ("ses-later", 47, 3.7))
JUDGED_SESSIONS = (("ses-judged", 5, 5.9), ("ses-last", 48, 2.8))
"""Of another subject: usable sessions of a region whose repeatability is published."""
REGIONS = {"sub-truth": "PCC", "sub-judged": "ACC"}
ANSWERS: dict[str, Callable[[], Analysis]] = {
    "ses-truth": distinct_analysis,
    "ses-later": later_analysis,
    "ses-judged": lambda: _of_cingulate(distinct_analysis()),
    "ses-last": lambda: _of_cingulate(later_analysis()),
}


def analyse(job: Job, cache_dir: Path | None = None) -> tuple[Analysis, Traces]:
    return ANSWERS[json.loads(job.metabolite[0].content)["session"]](), distinct_traces()


def _of_cingulate(analysis: Analysis) -> Analysis:
    facts = replace(analysis.acquisition, region="ACC", hemisphere="midline", sequence="PRESS")
    return replace(analysis, verdict=replace(analysis.verdict, usable="yes", reasons=()), acquisition=facts)


class Surfaces:
    """What a service shows of the two sessions."""

    def __init__(self, client: TestClient) -> None:
        self._client = client
        later, earlier = (submitted(client, "sub-truth", *session) for session in reversed(SESSIONS))
        self.ids = [earlier, later]
        """Submitted in the other order than measured."""
        self.judged = [submitted(client, "sub-judged", *session) for session in JUDGED_SESSIONS]
        self.address = cache(self._address)

    def _address(self, address: str) -> bytes:
        answer = self._client.get(address, headers={"Accept": "*/*"})
        assert answer.status_code == 200, answer.text
        return answer.content

    def report(self, format: str) -> bytes:
        return self.address(f"/v1/analyses/{self.ids[0]}/report?format={format}")

    def page(self, address: str) -> Element:
        return tree(self.address(address).decode())

    @property
    def html(self) -> Element:
        return tree(self.report("html").decode())

    @property
    def rows(self) -> list[dict[str, str]]:
        return list(csv.DictReader(io.StringIO(self.report("csv").decode())))


@pytest.fixture(scope="module")
def surfaces(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Surfaces]:
    folder = tmp_path_factory.mktemp("truth")
    settings = Settings(data_dir=folder / "data", cache_dir=folder / "cache", executor="inline:")
    with on_this_machine(create_app(settings, analyse=analyse, inspect=fake_pipeline.inspect)) as client:
        yield Surfaces(client)


def submitted(client: TestClient, subject: str, session: str, day: float, pain: float) -> str:
    asked = {
        "subject": subject,
        "session": session,
        "session_day": day,
        "group": "controls-a",
        "clinical": {"pain_vas": pain},
    }
    answer = client.post(
        "/v1/analyses",
        files={"metabolite": ("x.json", spectrum(session=session))},
        data={"request": json.dumps({"region": REGIONS[subject], **asked})},
        headers={"Prefer": "wait=60"},
    )
    assert (answer.status_code, answer.json().get("state")) == (200, "succeeded"), answer.text
    return str(answer.json()["id"])


def test_no_two_numbers_of_the_truth_are_alike() -> None:
    """Otherwise a value in the wrong cell could look right."""
    found = truth.numbers_of(distinct_analysis())
    allowed = {0.0, 1.0}  # tCr over itself
    values = [value for value in found.values() if value not in allowed]

    assert len(values) > 150
    assert len(values) == len(set(values)), sorted(value for value in set(values) if values.count(value) > 1)


@pytest.mark.parametrize("name", truth.METABOLITE_CELLS)
def test_the_table_of_the_html_report(surfaces: Surfaces, name: str) -> None:
    """Each column of a metabolite's row, under the heading it is read by."""
    rows = [row for table in surfaces.html.find("table", class_="metabolites") for row in table.table()]
    row = next(row for row in rows if re.match(rf"{name}\b", row[0]))

    assert rows[0] == ["Metabolite", *truth.METABOLITE_COLUMNS]
    assert row[1:] == list(truth.METABOLITE_CELLS[name])


@pytest.mark.parametrize("place", range(len(truth.NORM_CELLS)), ids=("tNAA", "Glx", "mI"))
def test_the_norms_of_the_html_report(surfaces: Surfaces, place: int) -> None:
    """Mean, both spreads, age, t with its degrees of freedom, p and q, and each property that matches or not."""
    rows = surfaces.html.first("table", class_="norms").table()

    assert rows[0] == list(truth.NORM_COLUMNS)
    assert dict(zip(rows[0], rows[place + 1], strict=True)) == dict(
        zip(truth.NORM_COLUMNS, truth.NORM_CELLS[place], strict=True)
    )


@pytest.mark.parametrize(("part", "label"), [(part, label) for part in truth.FACTS for label in truth.FACTS[part]])
def test_labelled_values_of_the_html_report(surfaces: Surfaces, part: str, label: str) -> None:
    """Each value stands behind its label: header, quality with its definitions, minimum reporting standard."""
    section = surfaces.html.first("section", **{"aria-labelledby": f"{part}-heading"})
    shown = section.labelled() if part != "minimum" else {row[0]: row[-1] for row in section.table()}

    assert shown[label] == truth.FACTS[part][label]


@pytest.mark.parametrize("sentence", truth.SENTENCES)
def test_sentences_of_report_and_pdf(surfaces: Surfaces, sentence: str) -> None:
    """Values in sentences, with both ends of an interval in their order."""
    for said in (surfaces.html.text(), _pdf(surfaces)):
        assert sentence.replace(" ", "") in said.replace(" ", "")


@pytest.mark.parametrize("name", [name for name in truth.METABOLITE_CELLS if name not in {"Lac", "GABA"}])
def test_the_table_of_the_pdf(surfaces: Surfaces, name: str) -> None:
    """The cells of a row follow each other in the order of the headings."""
    said = _pdf(surfaces).replace(" ", "")
    cells = [cell.replace(" ", "") for cell in truth.METABOLITE_CELLS[name]]
    cells[-1] = cells[-1].partition(":")[0]

    assert re.search(f"{name}.{{0,16}}?" + ".{0,8}?".join(map(re.escape, cells)), said), said


@pytest.mark.parametrize("name", ["Lac", "GABA"])
def test_further_metabolites_of_the_pdf(surfaces: Surfaces, name: str) -> None:
    """The smaller table: ratio, concentration and Cramér-Rao bound."""
    ratio, concentration, crlb, *_ = (cell.replace(" ", "") for cell in truth.METABOLITE_CELLS[name])
    ratio = ratio.removesuffix("Notdetected")

    assert re.search(f"{name}.{{0,16}}?{ratio}{concentration}{crlb}Notcompared", _pdf(surfaces).replace(" ", ""))


def test_norms_and_facts_of_the_pdf(surfaces: Surfaces) -> None:
    """Each norm's cells in a row, its source by a letter that the lines below explain, each labelled value behind its
    label.
    """
    said = _pdf(surfaces).replace(" ", "")
    for letter, (name, source, *cells) in zip("ABC", truth.NORM_CELLS, strict=True):
        assert "".join((name, letter, *cells)).replace(" ", "") in said, cells
        assert f"{letter}{source}".replace(" ", "") in said
    for part in ("quality", "minimum"):
        for label, value in truth.FACTS[part].items():
            assert f"{label}:{value}".replace(" ", "") in said, label


@pytest.mark.parametrize("name", truth.METABOLITE_CELLS)
def test_the_table_of_a_terminal(name: str) -> None:
    """A row's cells under their headings, the z-score with the ends of its interval in order."""
    lines = table.as_text(AnalysisDocument(distinct_analysis())).splitlines()
    row = next(re.split(r"\s{2,}", line.strip()) for line in lines if re.match(rf" *{name} ", line))
    ratio, concentration, crlb, *compared = truth.METABOLITE_CELLS[name]
    expected = [name, ratio.removesuffix(" Not detected"), concentration, crlb]
    if len(compared) == 1:
        expected.append(f"Not compared ({compared[0][-1]})")
    else:
        value, _, interval = compared[2].partition(" ")
        expected += [compared[1], f"{value} [{interval}]", compared[4]]

    assert row == expected
    assert any(line.split("  ")[0].strip() == "Metabolite" for line in lines)


@pytest.mark.parametrize("name", truth.RESULTS_ROWS)
def test_results_csv(surfaces: Surfaces, name: str) -> None:
    """Every column of a metabolite's row, to the last digit."""
    row = next(row for row in surfaces.rows if row["metabolite"] == name)
    expected = {**truth.RESULTS_SHARED, "id": surfaces.ids[0], "metabolite": name, **truth.RESULTS_ROWS[name]}

    assert {column: row[column] for column in expected} == expected
    assert set(row) - set(expected) == {"seconds", "message", "detectable_percent"}
    assert float(row["seconds"]) >= 0.0
    assert row["message"].startswith("linewidth-broad: Lines are 0.0771 ppm wide.")
    assert row["message"].endswith(truth.RESULTS_MESSAGES.get(name, ""))


@pytest.mark.parametrize("surface", ["api", "report"])
def test_json_has_every_value_under_its_name(surfaces: Surfaces, surface: str) -> None:
    """The stored, loaded and served document equals the analysis, leaf by leaf."""
    address = f"/v1/analyses/{surfaces.ids[0]}"
    document = json.loads(surfaces.address(address) if surface == "api" else surfaces.report("json"))
    expected = truth.leaves(json.loads(json.dumps(asdict(distinct_analysis()))))
    found = truth.leaves(document)

    assert {path: found.get(path) for path in expected} == expected
    assert (document["subject"], document["session"]) == ("sub-truth", "ses-truth")


def test_strips_are_drawn_where_the_numbers_are(surfaces: Surfaces) -> None:
    """Reference band, interval and estimate, read back through the labels of the drawn axis."""
    svg = surfaces.html.first("svg", class_="strips")
    z_of = _axis({text.text(): float(text.attributes["x"]) for text in svg.find("text", **{"text-anchor": "middle"})})
    drawn = list(_strips(svg, z_of))

    assert [name for name, *_ in drawn] == ["tNAA", "Glx", "mI"]
    for name, z, low, high, band_low, band_high, words in drawn:
        value, expected_low, expected_high, band = truth.STRIPS[name]
        assert (z, low, high) == pytest.approx((value, expected_low, expected_high), abs=0.02), name
        assert (band_low, band_high) == pytest.approx((-band, band), abs=0.02), name
        assert words == f"{truth.METABOLITE_CELLS[name][-1]}, z {truth.METABOLITE_CELLS[name][5].split()[0]}"


def test_each_curve_is_drawn_where_its_peak_is(surfaces: Surfaces) -> None:
    """Data, fit, baseline, residual and every part by itself, read back through the labels of the ppm axis."""
    svg = surfaces.html.first("svg", class_="spectrum")
    ticks = {}
    for tick in svg.find("g", class_="tick"):
        place = re.fullmatch(r"translate\(([\d.]+)\)", tick.attributes["transform"])
        assert place is not None
        ticks[tick.attributes["data-ppm"]] = float(place[1])
    assert ticks["4.0"] < ticks["1.0"], "high ppm is on the left"
    ppm_of = _axis(ticks)
    figure = surfaces.html.first("figure", id="spectrum")
    parts = {
        int(box.attributes["value"]): label.text()
        for label in figure.find("label")
        for box in label.find("input")
        if "value" in box.attributes
    }
    found = {name: _apex(svg.first("path", class_=name), ppm_of) for name in truth.PEAKS}
    found |= {
        parts[int(path.attributes["data-component"])]: _apex(path, ppm_of)
        for path in svg.find("path", class_="component")
    }

    assert found == pytest.approx({**truth.PEAKS, **truth.PARTS}, abs=0.02)


def test_the_list_names_each_analysis(surfaces: Surfaces) -> None:
    """Newest first: subject with session, region, verdict, state and the link to the report of the same row."""
    page = surfaces.page("/").first("table", class_="analyses")
    rows = page.table()
    links = [
        link.attributes["href"]
        for cell in page.find("td", class_="result")
        for link in cell.find("a")
        if link.attributes["href"].startswith("/analyses/")
    ]

    assert [row[2:5] for row in rows[1:]] == [
        ["sub-judged ses-last controls-a", "ACC", "Usable"],
        ["sub-judged ses-judged controls-a", "ACC", "Usable"],
        ["sub-truth ses-truth controls-a", "PCC", "Usable with limits"],
        ["sub-truth ses-later controls-a", "PCC", "Usable"],
    ]
    assert links == [f"/analyses/{id}" for id in (*surfaces.judged[::-1], *surfaces.ids)]


@pytest.mark.parametrize("name", truth.TIMELINE_CELLS)
def test_the_page_of_a_subject(surfaces: Surfaces, name: str) -> None:
    """Each session's value in its column, with the flag beside it."""
    page = surfaces.page("/subjects/sub-truth")
    rows = list(page.find("table", class_="sessions"))[-1].table()

    assert rows[0][1:] == ["1 ses-truth", "2 ses-later"]
    assert (
        tuple(next(row for row in rows if row[0].split(" NAA")[0].startswith(name))[1:]) == truth.TIMELINE_CELLS[name]
    )


@pytest.mark.parametrize("title", truth.TIMELINE_POINTS)
def test_panels_of_a_subject_are_drawn_where_the_numbers_are(surfaces: Surfaces, title: str) -> None:
    """Interval, estimate and reference band of each session, read back through the labels of the drawn axis."""
    figures = surfaces.page("/subjects/sub-truth").find("figure")
    svg = next(figure for figure in figures if figure.first("figcaption").text() == title).first("svg")
    ticks = {text.text(): float(text.attributes["y"]) - 4 for text in svg.find("text", **{"text-anchor": "end"})}
    value_of = _axis(ticks)
    marks = [rect.attributes for rect in svg.find("rect", width="8")]
    bands = [rect.attributes for rect in svg.find("rect", **{"shape-rendering": "crispEdges"})]
    values = [
        value_of(float(path.attributes["d"].split(",")[1].split("h")[0]))
        for path in svg.find("path", **{"stroke-width": "5"})
    ]

    assert values == pytest.approx([value for value, _ in truth.TIMELINE_POINTS[title]], abs=0.005)
    for mark, (value, sd) in zip(marks, truth.TIMELINE_POINTS[title], strict=True):
        assert _ends(mark, value_of) == pytest.approx((value - 1.96 * sd, value + 1.96 * sd), abs=0.005)
    for band in bands:
        assert _ends(band, value_of) == pytest.approx((1.3124, 1.6886), abs=0.005)
    assert len(bands) == len(marks) == 2


def test_the_timeline_of_programs(surfaces: Surfaces) -> None:
    """Visits in the order of their days, values and errors of each, clinical measures, and the change between them."""
    document = json.loads(surfaces.address("/v1/subjects/sub-judged/timeline"))
    (series,) = document["series"]
    tnaa = next(item for item in series["followed"] if (item["metabolite"], item["quantity"]) == ("tNAA", "ratio_tcr"))

    assert [(visit["id"], visit["session"], visit["time"]) for visit in document["visits"]] == [
        (surfaces.judged[0], "ses-judged", 5.0),
        (surfaces.judged[1], "ses-last", 48.0),
    ]
    assert [(value["id"], value["time"], value["value"], value["sd"]) for value in tnaa["values"]] == [
        (surfaces.judged[0], 5.0, 1.2342, 0.02486),
        (surfaces.judged[1], 48.0, 1.3413, 0.03555),
    ]
    (change,) = tnaa["changes"]
    assert [change["earlier"], change["later"]] == surfaces.judged
    assert change["change"] == pytest.approx(0.1071)
    assert change["percent"] == pytest.approx(100.0 * 0.1071 / 1.2342)
    assert change["reliable"]["low"] < change["change"] < change["reliable"]["high"]
    assert [value["value"] for value in document["clinical"][0]["values"]] == [5.9, 2.8]


def test_changes_on_the_page_of_a_subject(surfaces: Surfaces) -> None:
    """The change with its interval, per cent and reach stand in their columns; a rise is no fall."""
    change = _change(surfaces)
    reliable = change["reliable"]
    changes, _ = surfaces.page("/subjects/sub-judged").find("table", class_="sessions")
    row = next(row for row in changes.table() if row[0] == "tNAA")
    shown, low, high = map(float, re.findall(r"-?[0-9.]+", row[1].replace("\N{MINUS SIGN}", "-")))

    assert (shown, low, high) == pytest.approx((0.1071, reliable["low"], reliable["high"]), abs=0.006)
    assert row[2] == "+8.7 %"
    assert float(row[3].removeprefix("± ")) == pytest.approx(reliable["minimal_detectable_change"], abs=0.006)
    assert float(row[4]) == pytest.approx(reliable["p"], rel=0.05)


@pytest.mark.parametrize("name", truth.COMPARED_CELLS)
def test_the_comparison(surfaces: Surfaces, name: str) -> None:
    """Ratio, concentration and position of the earlier session left, of the later one right, in either order asked."""
    for first, second in (surfaces.ids, surfaces.ids[::-1]):
        both = surfaces.page(f"/compare?with={first}&with={second}").first("table", class_="both")
        rows = both.table()
        row = next(row for row in rows if row[0].split(" ")[0] == name)

        assert tuple(row[1:]) == truth.COMPARED_CELLS[name]
        for head, words in zip(rows[0][1:], truth.COMPARED_HEADS, strict=True):
            assert head.startswith(words[0])
            assert all(word in head for word in words), head


def _change(surfaces: Surfaces) -> dict[str, Any]:
    """The one change of tNAA over tCr, as programs get it."""
    (series,) = json.loads(surfaces.address("/v1/subjects/sub-judged/timeline"))["series"]
    return next(
        item["changes"][0]
        for item in series["followed"]
        if (item["metabolite"], item["quantity"]) == ("tNAA", "ratio_tcr")
    )


def _pdf(surfaces: Surfaces) -> str:
    pages = PdfReader(io.BytesIO(surfaces.report("pdf"))).pages
    return re.sub(r"\s+", " ", " ".join(page.extract_text() for page in pages))


def _axis(labels: dict[str, float]) -> Any:
    """From a place on the drawing to the number that its axis gives it."""
    known = {_number(text): place for text, place in labels.items() if _number(text) is not None}
    (low, at_low), (high, at_high) = min(known.items()), max(known.items())
    return lambda place: low + (place - at_low) / (at_high - at_low) * (high - low)


def _number(text: str) -> float | None:
    try:
        return float(text.replace("\N{MINUS SIGN}", "-"))
    except ValueError:
        return None


def _strips(svg: Element, z_of: Any) -> Iterator[tuple[Any, ...]]:
    """Name, z, interval, band and words of each row, in the order they are drawn."""
    row: dict[str, Any] = {}
    for element in svg.children:
        assert isinstance(element, Element)
        given = element.attributes
        if element.tag == "rect" and given.get("height") == "20":
            row = {"band": _sides(given, z_of)}
        elif element.tag == "rect" and row and "interval" not in row:
            row["interval"] = _sides(given, z_of)
        elif element.tag == "path" and given.get("stroke-width") == "5":
            row["z"] = z_of(float(given["d"][1:].split(",")[0]))
        elif element.tag == "text" and given.get("font-weight") == "600":
            row["name"] = element.text()
        elif element.tag == "text" and "name" in row and "font-weight" in given:
            yield row["name"], row["z"], *row["interval"], *row["band"], element.text()


def _sides(rect: dict[str, str], z_of: Any) -> tuple[float, float]:
    x, width = float(rect["x"]), float(rect["width"])
    return z_of(x), z_of(x + width)


def _ends(rect: dict[str, str], value_of: Any) -> tuple[float, float]:
    """The lower and upper value of a rectangle whose height is a span of values."""
    y, height = float(rect["y"]), float(rect["height"])
    return value_of(y + height), value_of(y)


def _apex(path: Element, ppm_of: Any) -> float:
    """Where the highest point of a curve of relative steps is, ppm."""
    number = r"(-?\d*\.?\d+)"
    start = re.match(rf"M{number},{number}", path.attributes["d"])
    assert start is not None
    x, y = float(start[1]), float(start[2])
    highest, at = y, x
    for dx, dy in re.findall(rf"l{number},{number}", path.attributes["d"]):
        x, y = x + float(dx), y + float(dy)
        if y < highest:
            highest, at = y, x
    return float(ppm_of(at))
