"""Values of one analysis as rows of the long table of measurements."""

from __future__ import annotations

from fitting.analysis import Analysis, MetaboliteResult
from fitting.sites.alike import processing_of
from service.reports import numbers
from service.reports.results_csv import upper

COLUMNS = (
    "participant_id",
    "session",
    "region",
    "hemisphere",
    "metabolite",
    "unit",
    "value",
    "sd",
    "sd_shared",
    "detected",
    "verdict",
    "usable",
    "snr",
    "linewidth_hz",
    "gm",
    "wm",
    "csf",
    "field_t",
    "sequence",
    "echo_time",
    "repetition_time",
    "manufacturer",
    "scanner",
    "software",
)
DIGITS = 8


def measured_rows(person: str, session: str | None, analysis: Analysis) -> list[dict[str, str]]:
    """Each value as a concentration and as a ratio to tCr, where there is one; none of a fit that failed.

    Parameters
    ----------
    person : str
        Pseudonym.
    session : str or None
    analysis : Analysis
    """
    if analysis.outcome.code == "failed":
        return []
    shared = _shared(person, session, analysis)
    return [{**shared, **cells} for result in analysis.metabolites for cells in _values(result)]


def _shared(person: str, session: str | None, analysis: Analysis) -> dict[str, str]:
    facts = analysis.acquisition
    return {
        "participant_id": person,
        "session": session or "",
        "region": facts.region or "",
        "hemisphere": facts.hemisphere or "",
        "verdict": analysis.verdict.usable,
        "snr": _number(analysis.quality.snr),
        "linewidth_hz": _number(analysis.quality.linewidth_hz),
        "gm": _number(facts.gm),
        "wm": _number(facts.wm),
        "csf": _number(facts.csf),
        "field_t": _number(facts.field_t),
        "sequence": facts.sequence or "",
        "echo_time": _number(facts.echo_time),
        "repetition_time": _number(facts.repetition_time),
        "manufacturer": facts.vendor or "",
        "scanner": facts.scanner_model or "",
        "software": processing_of(analysis).software,
    }


def _values(result: MetaboliteResult) -> list[dict[str, str]]:
    rows = []
    for quantity, unit in ((result.concentration, None), (result.ratio_tcr, "tCr")):
        if quantity is None or (unit == "tCr" and result.name == "tCr"):
            continue
        sd = quantity.sd if quantity.sd_scan is None else quantity.sd_scan
        value = _number(quantity.value) if result.detected else upper(result, quantity.value, quantity.sd)
        if not value:
            continue
        rows.append(
            {
                "metabolite": result.name,
                "unit": unit or getattr(quantity, "unit", ""),
                "value": value,
                "sd": _number(sd) if sd > 0.0 else "",
                "sd_shared": _number(quantity.sd_shared),
                "detected": "true" if result.detected else "false",
                "usable": result.verdict.usable,
            }
        )
    return rows


def _number(value: float | None) -> str:
    known = numbers.finite(value)
    return "" if known is None else f"{known:.{DIGITS}g}"
