"""Results as CSV rows, one per spectrum and metabolite; single reports and batches share these columns."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from types import MappingProxyType
from typing import Any

from fitting.analysis import Analysis, MetaboliteResult
from fitting.model.result import Traces
from fitting.quantification import DETECTION_LIMIT
from service.reports import numbers, spreadsheet
from service.reports.analysis_document import AnalysisDocument, Rendered

COLUMNS = (
    "id",
    "outcome",
    "verdict",
    "metabolite",
    "amplitude",
    "amplitude_sd",
    "ratio_tcr",
    "ratio_tcr_sd",
    "concentration",
    "concentration_sd",
    "concentration_unit",
    "crlb_percent",
    "z_score",
    "z_low",
    "z_high",
    "norm_id",
    "snr",
    "linewidth_hz",
    "seconds",
    "message",
    "detected",
    "ratio_tcr_upper",
    "concentration_upper",
    "usable",
    "ratio_tcr_sd_scan",
    "concentration_sd_scan",
    "percentile",
    "p",
    "flag",
    "detectable_percent",
    "subject",
    "session",
    "region",
    "hemisphere",
    "group",
)
"""Columns are only ever appended: scripts rely on the order of the first ones."""
SAID = ("subject", "session", "region", "hemisphere", "group")
"""Columns that the request fills, whether or not there is a result."""
NOTHING: Mapping[str, Any] = MappingProxyType({})
DIGITS = 8
"""Significant digits of every number: more than any spectrum carries, fewer than noise of the last bit."""


def result_rows(
    id: str, analysis: Analysis, seconds: float | None, said: Mapping[str, Any] = NOTHING
) -> list[dict[str, str]]:
    """One row per metabolite; one row without a metabolite when the fit failed.

    Parameters
    ----------
    id : str
        The caller's name of this spectrum.
    analysis : Analysis
    seconds : float or None
        Wall time of the analysis of this spectrum.
    said : mapping
        The request's document, or its fields of ``SAID``.
    """
    shared = _said(said) | {
        "id": id,
        "outcome": analysis.outcome.code,
        "verdict": analysis.verdict.usable,
        "snr": _number(analysis.quality.snr),
        "linewidth_hz": _number(analysis.quality.linewidth_hz),
        "seconds": _number(seconds),
    }
    if analysis.outcome.code == "failed":
        return [_row(shared | {"message": f"fit-failed: {analysis.outcome.sentence}"})]
    about_spectrum = [f"{reason.code}: {reason.sentence}" for reason in analysis.verdict.reasons]
    if analysis.outcome.code == "stopped_early":
        about_spectrum.insert(0, f"stopped-early: {analysis.outcome.sentence}")
    return [
        _row(shared | _metabolite(result) | {"message": " | ".join([*about_spectrum, *_about(result)])})
        for result in analysis.metabolites
    ]


def refusal_row(id: str, code: str, sentence: str, said: Mapping[str, Any] = NOTHING) -> dict[str, str]:
    """The one row of a spectrum that was refused; ``said`` as in ``result_rows``."""
    return _row(_said(said) | {"id": id, "outcome": "refused", "message": f"{code}: {sentence}"})


def unfinished_row(id: str, state: str, said: Mapping[str, Any] = NOTHING) -> dict[str, str]:
    """The one row of a spectrum whose analysis has not ended, without an outcome; ``said`` as in ``result_rows``."""
    return _row(_said(said) | {"id": id, "message": f"not-finished: The analysis is {state}."})


def write(rows: Iterable[dict[str, str]]) -> str:
    """CSV text with the header line."""
    return spreadsheet.written(rows, COLUMNS)


def render(document: AnalysisDocument, _traces: Traces) -> Rendered:
    """The CSV report of one analysis."""
    facts = document.analysis.acquisition
    said = {
        "subject": document.subject,
        "session": document.session,
        "region": facts.region,
        "hemisphere": facts.hemisphere,
        "group": document.group,
    }
    rows = result_rows(document.id or "", document.analysis, document.seconds, said)
    return Rendered("text/csv; charset=utf-8", write(rows).encode())


def _row(values: dict[str, str]) -> dict[str, str]:
    return dict.fromkeys(COLUMNS, "") | values


def _said(said: Mapping[str, Any]) -> dict[str, str]:
    return {name: str(said[name]) for name in SAID if said.get(name) is not None}


def _metabolite(result: MetaboliteResult) -> dict[str, str]:
    ratio, concentration, z = result.ratio_tcr, result.concentration, result.z
    cells = {
        "metabolite": result.name,
        "amplitude": _number(result.amplitude),
        "amplitude_sd": _number(result.amplitude_sd),
        "crlb_percent": _number(result.crlb_percent),
        "detected": "yes" if result.detected else "no",
        "usable": result.verdict.usable,
    }
    if ratio is not None:
        cells |= {
            "ratio_tcr": _number(ratio.value),
            "ratio_tcr_sd": _number(ratio.sd),
            "ratio_tcr_sd_scan": _number(ratio.sd_scan),
            "ratio_tcr_upper": upper(result, ratio.value, ratio.sd),
        }
    if concentration is not None:
        cells |= {
            "concentration": _number(concentration.value),
            "concentration_sd": _number(concentration.sd),
            "concentration_unit": concentration.unit,
            "concentration_sd_scan": _number(concentration.sd_scan),
            "concentration_upper": upper(result, concentration.value, concentration.sd),
        }
    if z is not None:
        cells |= {
            "z_score": _number(z.value),
            "z_low": _number(z.low),
            "z_high": _number(z.high),
            "norm_id": z.norm_id,
            "percentile": _number(z.percentile),
            "p": _number(z.p),
            "flag": z.flag,
            "detectable_percent": _number(z.detectable_percent),
        }
    return cells


def upper(result: MetaboliteResult, value: float, sd: float) -> str:
    """Value that 95 % of repeats would stay below; empty where the metabolite is detected."""
    return "" if result.detected else _number(max(value, 0.0) + DETECTION_LIMIT * sd)


def _about(result: MetaboliteResult) -> list[str]:
    """Mandatory remarks of a row: a value that is only an upper bound, a comparison that was not made."""
    notes = []
    if not result.detected:
        bound = _number(result.upper_bound)
        notes.append(f"not-detected: amplitude below {bound}" if bound else "not-detected")
    if result.z_absent is not None:
        notes.append(f"{result.z_absent.code}: {result.z_absent.sentence}")
    return notes


def _number(value: float | None) -> str:
    known = numbers.finite(value)
    return "" if known is None else f"{known:.{DIGITS}g}"
