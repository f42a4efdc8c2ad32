"""Files of LCModel: read back by their fixed columns and counts of lines, as scripts do."""

from __future__ import annotations

import csv
import io
from dataclasses import replace

import numpy as np
import pytest

from fitting.analysis import Analysis
from fitting.model.result import Traces
from service.reports import AnalysisDocument, lcmodel
from service.reports.lcmodel.rows import number
from tests.data.analysis_factory import make_analysis, make_traces

TRACES = make_traces(1000)


def files(analysis: Analysis) -> dict[str, str]:
    rendered = lcmodel.render(AnalysisDocument(analysis), TRACES)
    return {name: file.content.decode() for name, file in rendered.items()}


def after(lines: list[str], words: str) -> list[str]:
    """The lines of a section: as many as its heading says."""
    at = next(index for index, line in enumerate(lines) if words in line)
    count = int(lines[at].replace("$$", "").split(" lines")[0].split()[-1])
    return lines[at + 1 : at + 1 + count]


def rows(text: str) -> dict[str, tuple[float, int, float]]:
    """Value, %SD and ratio by name, from the columns of LCModel."""
    found = {}
    for line in after(text.splitlines(), "lines in following concentration table = NCONC+1")[1:]:
        value, percent, ratio = line[:9], line[9:14], line[14:22]
        found[line[22:].strip()] = (float(value), int(percent.rstrip("%")), float(ratio))
    return found


def changed(analysis: Analysis, name: str, **values: object) -> Analysis:
    metabolites = [replace(item, **values) if item.name == name else item for item in analysis.metabolites]  # type: ignore[arg-type]
    return replace(analysis, metabolites=tuple(metabolites))


def test_columns_hold_value_deviation_and_ratio() -> None:
    analysis = make_analysis()
    found = rows(files(analysis)["table"])
    item = next(item for item in analysis.metabolites if item.name == "tNAA" and item.concentration is not None)
    assert item.concentration is not None
    assert item.ratio_tcr is not None

    value, percent, ratio = found["NAA+NAAG"]
    assert value == pytest.approx(item.concentration.value, rel=1e-3)
    assert percent == round(100 * item.concentration.sd / item.concentration.value)
    assert ratio == pytest.approx(item.ratio_tcr.value, abs=5e-4)


def test_sums_come_after_singles() -> None:
    names = list(rows(files(make_analysis())["table"]))
    is_sum = ["+" in name for name in names]
    assert is_sum == sorted(is_sum)
    assert any(is_sum)


def test_names_are_those_of_lcmodel() -> None:
    assert "Ins" in rows(files(make_analysis())["table"])


def test_not_detected_is_zero_with_999_percent() -> None:
    analysis = changed(make_analysis(), "tNAA", detected=False, upper_bound=1.0)
    assert rows(files(analysis)["table"])["NAA+NAAG"] == (0.0, 999, 0.0)


@pytest.mark.parametrize("whole", [True, False], ids=["spectrum", "value"])
def test_what_may_not_be_interpreted_has_999_percent(whole: bool) -> None:
    analysis = make_analysis()
    item = next(item for item in analysis.metabolites if item.name == "tNAA")
    if whole:
        analysis = replace(analysis, verdict=replace(analysis.verdict, usable="no"))
    else:
        analysis = changed(analysis, "tNAA", verdict=replace(item.verdict, usable="no"))
    found = rows(files(analysis)["table"])

    assert found["NAA+NAAG"][1] == 999
    assert (found["Cr+PCr"][1] == 999) == whole
    assert ("must not be interpreted" in files(analysis)["table"]) == whole


def test_heading_names_the_deviation_and_the_unit() -> None:
    text = files(make_analysis())["table"]
    made = make_analysis().provenance
    unit = next(item.concentration.unit for item in make_analysis().metabolites if item.concentration is not None)

    assert text.splitlines()[0].startswith(f" {made.software} {made.version} (%SD = 100 sd/value")
    assert f"Conc. in {unit};" in text
    assert make_analysis().notice in text


def test_without_water_amplitudes_are_given_as_such() -> None:
    analysis = make_analysis()
    without = replace(analysis, metabolites=tuple(replace(item, concentration=None) for item in analysis.metabolites))
    amplitude = next(item.amplitude for item in analysis.metabolites if item.name == "tNAA")

    assert "Conc. in arbitrary units;" in files(without)["table"]
    assert rows(files(without)["table"])["NAA+NAAG"][0] == pytest.approx(amplitude, rel=5e-3)


def test_curves_are_the_traces() -> None:
    lines = files(make_analysis())["coord"].splitlines()

    def curve(words: str) -> np.ndarray:
        at = next(index for index, line in enumerate(lines) if words in line)
        count = -(-TRACES.ppm.size // 10)
        return np.array([float(cell) for line in lines[at + 1 : at + 1 + count] for cell in line.split()])

    assert f" {TRACES.ppm.size:4d} points on ppm-axis = NY" in lines
    assert curve("points on ppm-axis") == pytest.approx(TRACES.ppm, abs=1e-5)
    for words, values in (
        ("phased data points", TRACES.data),
        ("points of the fit to the data", TRACES.fit),
        ("background values", TRACES.baseline),
    ):
        assert curve(words) == pytest.approx(values, rel=1e-4, abs=1e-4 * np.abs(TRACES.data).max())


def test_a_component_stands_on_the_background() -> None:
    lines = files(make_analysis())["coord"].splitlines()
    at = next(index for index, line in enumerate(lines) if line.startswith(" Cr ") and "Conc. =" in line)
    count = -(-TRACES.ppm.size // 10)
    found = np.array([float(cell) for line in lines[at + 1 : at + 1 + count] for cell in line.split()])
    own = TRACES.components[TRACES.names.index("Cr")]

    assert found == pytest.approx(own + TRACES.baseline, rel=1e-4, abs=1e-4 * np.abs(TRACES.data).max())


def test_sections_have_the_lines_they_announce() -> None:
    text = files(make_analysis())["table"].splitlines()
    assert next(line for line in text if line.startswith("$$")).startswith("$$CONC")
    assert after(text, "misc. output table")[0].startswith("  FWHM = ")
    assert after(text, "diagnostic table") == []
    assert len(after(text, "table of input changes")) == 2


def test_spreadsheet_repeats_the_table() -> None:
    analysis = make_analysis()
    names, cells = csv.reader(io.StringIO(files(analysis)["csv"]), skipinitialspace=True)
    table = rows(files(analysis)["table"])
    record = {names[at]: tuple(float(cell) for cell in cells[at : at + 3]) for at in range(2, len(names), 3)}

    assert names[:2] == ["Row", "Col"]
    assert record == {name: (value, float(percent), ratio) for name, (value, percent, ratio) in table.items()}


@pytest.mark.parametrize("value", [0.0, 1e-12, 0.0999, 0.1, 1.0, 9998.9, 1e5, 7.2e-8, 1e22])
def test_every_number_fits_its_column(value: float) -> None:
    assert len(number(value)) == 8
    assert len(number(value, 7)) == 7
    assert float(number(value)) == pytest.approx(value, rel=6e-3, abs=1e-12)


def test_any_analysis_has_readable_files(document: AnalysisDocument, traces: Traces) -> None:
    """Failed, hostile, without norm or water: the tables keep their shape."""
    made = {name: file.content.decode() for name, file in lcmodel.render(document, traces).items()}

    assert set(made) == {"table", "coord", "csv"}
    assert rows(made["table"]) == rows(made["coord"])
