"""What holds for every format and every analysis."""

from __future__ import annotations

import csv
import io
import json
import re
from collections.abc import Callable
from dataclasses import replace

import pytest
from pypdf import PdfReader

from fitting.analysis import NOTICE, Analysis
from fitting.model.result import Traces
from service.reports import FORMATS, AnalysisDocument, absences, render, result_json, results_csv, values
from service.reports.texts import catalogue, text
from tests.data import analysis_factory as factory
from tests.unit.reports.conftest import Rendering, as_plain

CONTRACT_COLUMNS = (
    "id,outcome,verdict,metabolite,amplitude,amplitude_sd,ratio_tcr,ratio_tcr_sd,concentration,concentration_sd,"
    "concentration_unit,crlb_percent,z_score,z_low,z_high,norm_id,snr,linewidth_hz,seconds,message,"
    "detected,ratio_tcr_upper,concentration_upper,usable,ratio_tcr_sd_scan,concentration_sd_scan,percentile,p,flag,"
    "detectable_percent,subject,session,region,hemisphere,group"
)


@pytest.mark.parametrize("format", [name for name in FORMATS if name != "csv"])
def test_the_notice_is_in_every_report(format: str, plain: Callable[[str], str], rendered: Rendering) -> None:
    """The notice cannot be lost: at both ends of people's formats, on each page of a PDF (not in a CSV's columns)."""
    shown = plain(format).count(NOTICE)
    expected = {"json": 1, "fhir": 1}.get(format, 2)
    if format == "pdf":
        expected = len(PdfReader(io.BytesIO(rendered(format))).pages)

    assert shown == expected


@pytest.mark.parametrize("format", FORMATS)
def test_the_same_document_gives_the_same_bytes(format: str, traces: Traces) -> None:
    """No clock, path or random number enters a report."""
    document = AnalysisDocument(factory.make_analysis())

    assert render(format, document, traces) == render(format, document, traces)


@pytest.mark.parametrize("format", FORMATS)
def test_traces_without_any_number_still_give_a_report(format: str) -> None:
    """A fit that failed has no curves, and the report must say so instead of failing."""
    traces = factory.make_traces()
    nothing = traces.data * float("nan")
    empty = replace(traces, data=nothing, fit=nothing, baseline=nothing, residual=nothing)
    document = AnalysisDocument(factory.failed(factory.make_analysis()))
    content = render(format, document, empty).content

    assert "failed" in as_plain(format, content).lower()
    if format in {"html", "pdf"}:
        assert text("spectrum.empty") in as_plain(format, content)


@pytest.mark.parametrize("format", ["html", "pdf", "table"])
def test_every_metabolite_and_every_reason_is_shown(
    format: str, analysis: Analysis, plain: Callable[[str], str]
) -> None:
    """Nothing is dropped: each result has a row, each absent z-score its reason."""
    shown = plain(format)

    assert [result.name for result in analysis.metabolites if not re.search(rf"\b{result.name}\b", shown)] == []
    for line in absences.reason_lines(analysis):
        assert line.sentence in shown


def test_reasons_cover_each_absent_score_once() -> None:
    """Sentences that differ only in the metabolite's own name are one reason; others stay apart."""
    analysis = factory.make_analysis()
    absent = [result for result in analysis.metabolites if result.z_absent is not None]
    named = {
        result.name: replace(
            result, z_absent=replace(result.z_absent, sentence=f"No ratio of {result.name} to tCr is published.")
        )
        for result in absent
    }
    changed = replace(analysis, metabolites=tuple(named.get(m.name, m) for m in analysis.metabolites))
    lines = absences.reason_lines(changed)

    assert [name for line in lines for name in line.names] == [
        m.name for _, group in values.in_reading_order(analysis.metabolites) for m in group if m.z is None
    ]
    assert len([line for line in lines if "tCr" not in line.names]) == 1


def test_csv_has_the_columns_of_the_contract() -> None:
    """Scripts rely on these names in this order."""
    assert ",".join(results_csv.COLUMNS) == CONTRACT_COLUMNS


def test_csv_gives_back_the_numbers(traces: Traces) -> None:
    """One row per metabolite, each with its own values; what is absent is empty."""
    analysis = factory.make_analysis(undetected=("Gln",))
    content = render("csv", AnalysisDocument(analysis, id="one", seconds=1.5), traces).content.decode()
    found = list(csv.DictReader(io.StringIO(content)))

    assert [row["metabolite"] for row in found] == [result.name for result in analysis.metabolites]
    for row, result in zip(found, analysis.metabolites, strict=True):
        assert float(row["amplitude"]) == pytest.approx(result.amplitude, rel=1e-7)
        assert float(row["ratio_tcr_sd"]) == pytest.approx(result.ratio_tcr.sd, rel=1e-7)
        assert (row["z_score"] == "") == (result.z is None)
        assert float(row["ratio_tcr_sd_scan"]) == pytest.approx(result.ratio_tcr.sd_scan, rel=1e-7)
        assert ("not-detected" in row["message"]) == (row["detected"] == "no") == (result.name == "Gln")
        assert bool(row["ratio_tcr_upper"]) == bool(row["concentration_upper"]) == (result.name == "Gln")
        assert (row["id"], row["outcome"], row["seconds"]) == ("one", "converged", "1.5")


def test_csv_has_the_detectable_percent() -> None:
    """The smallest change that is seen in four of five stands in its column; without one the cell is empty."""
    analysis = factory.make_analysis()
    compared = next(result for result in analysis.metabolites if result.z is not None)
    seen = replace(compared, z=replace(compared.z, detectable_percent=41.7))
    rows = results_csv.result_rows("one", replace(analysis, metabolites=(seen, compared)), None)

    assert [row["detectable_percent"] for row in rows] == ["41.7", ""]


@pytest.mark.parametrize(
    ("found", "outcome", "message"),
    [
        (
            results_csv.result_rows("a", factory.failed(factory.make_analysis()), 2.0),
            "failed",
            "fit-failed: The fit left the plausible range of widths.",
        ),
        ([results_csv.refusal_row("a", "unknown-format", "Not known.")], "refused", "unknown-format: Not known."),
    ],
)
def test_a_spectrum_without_a_result_has_one_row(found: list[dict[str, str]], outcome: str, message: str) -> None:
    """A refused or failed spectrum has one row with an empty metabolite and the reason."""
    assert len(found) == 1
    assert (found[0]["id"], found[0]["outcome"], found[0]["metabolite"]) == ("a", outcome, "")
    assert found[0]["message"] == message
    assert tuple(found[0]) == results_csv.COLUMNS


def test_json_is_the_contract_s_result(document: AnalysisDocument, traces: Traces) -> None:
    """Strict JSON (no NaN) with the envelope and the analysis on one level."""

    def refuse(constant: str) -> None:
        raise AssertionError(constant)

    body = json.loads(render("json", document, traces).content, parse_constant=refuse)

    assert {"id", "state", "created", "finished", "seconds", "outcome", "verdict", "acquisition"} < set(body)
    assert {"quality", "metabolites", "norms", "multiplicity", "evidence", "provenance", "notice"} < set(body)
    assert body["verdict"]["usable"] == document.analysis.verdict.usable
    assert len(body["metabolites"]) == len(document.analysis.metabolites)


def test_json_has_null_for_a_number_that_does_not_exist() -> None:
    """An infinite bound is absent, not an error and not a made-up number."""
    analysis = factory.make_analysis()
    first = replace(analysis.metabolites[0], crlb_percent=float("inf"))
    document = AnalysisDocument(replace(analysis, metabolites=(first, *analysis.metabolites[1:])))

    assert result_json.as_json_object(document)["metabolites"][0]["crlb_percent"] is None


def test_the_table_cannot_steer_a_terminal(traces: Traces) -> None:
    """Control characters from a header do not reach the terminal."""
    analysis = factory.make_analysis()
    verdict = replace(
        factory.limited(analysis).verdict, reasons=(factory.Reason("odd", "clear \x1b[2J the \x07 screen"),)
    )
    content = render("table", AnalysisDocument(replace(analysis, verdict=verdict)), traces).content.decode()

    assert "\x1b" not in content
    assert "\x07" not in content


def test_wording_is_neutral() -> None:
    """No text of the catalogue draws a conclusion about a person's illness."""
    everything = json.dumps(catalogue()).lower()

    for phrase in (
        "consistent with",
        "suggestive",
        "abnormal",
        "pathologic",
        "patient has",
        "diagnostic of",
        "indicat",
    ):
        assert phrase not in everything
