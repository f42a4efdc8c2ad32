"""One row for each statement of a cohort's answer, as CSV."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from fitting.cohort.analyses.registry import ANALYSES
from service.reports import spreadsheet

COLUMNS = (
    "analysis",
    "name",
    "region",
    "hemisphere",
    "metabolite",
    "unit",
    "model",
    "group",
    "measure",
    "method",
    "given",
    "n_reference",
    "n_other",
    "estimate",
    "low",
    "high",
    "p",
    "q",
    "effect",
    "effect_low",
    "effect_high",
    "verdict",
    "code",
    "sentence",
)
DIGITS = 8
FOUND = 0.05

Item = Mapping[str, Any]
TITLES = {
    **{analysis.answer: analysis.title for analysis in ANALYSES},
    "single_cases": "People outside the cohort's own reference group, as counts",
}
"""Parts of the answer with statements, in its order, with their headings."""
_ESTIMATES = {
    **{analysis.answer: analysis.estimate for analysis in ANALYSES},
    "single_cases": ("below_other", "", "", "above_other", "", ""),
}
_PROBABILITIES = {**{analysis.answer: analysis.p for analysis in ANALYSES}, "single_cases": "p_below"}


def statements(answer: Item) -> list[dict[str, str]]:
    """Rows in the order of the answer; a refused item has a row with its code and sentence."""
    return [_cells(row) for analysis in TITLES for item in answer.get(analysis, ()) for row in _rows(analysis, item)]


def write(answer: Item) -> str:
    """CSV text with the header line."""
    return spreadsheet.written(statements(answer), COLUMNS)


def _rows(analysis: str, item: Item) -> Iterator[dict[str, Any]]:
    base = _base(analysis, item)
    if "refused" in item:
        yield {**base, "code": item["refused"]["code"], "sentence": item["refused"]["sentence"]}
    elif analysis == "factorial":
        yield from _effects(base, item)
    elif analysis == "treatment":
        yield from _treatment(base, item)
    elif analysis == "networks":
        yield from _network(base, item)
    else:
        yield {**base, **_estimated(analysis, item)}


def _base(analysis: str, item: Item) -> dict[str, Any]:
    named = {name: item.get(name) for name in COLUMNS if name not in ("estimate", "sentence", "code")}
    measures = item.get("measure") or " against ".join(item.get("measures") or ())
    given = " ".join(item.get("given") or ())
    return {**named, "analysis": analysis, "measure": measures, "given": given, "sentence": item.get("sentence")}


def _estimated(analysis: str, item: Item) -> dict[str, Any]:
    values = item.get("censored") or item
    estimate, low, high, effect, effect_low, effect_high = (item.get(name) for name in _ESTIMATES[analysis])
    found = {
        "estimate": values.get("difference", estimate) if item.get("censored") else estimate,
        "low": values.get("low") if item.get("censored") else low,
        "high": values.get("high") if item.get("censored") else high,
        "p": item.get(_PROBABILITIES[analysis]),
        "q": item.get("q"),
        "effect": effect,
        "effect_low": effect_low,
        "effect_high": effect_high,
    }
    if analysis == "single_cases":
        return found
    return {**found, "verdict": _verdict(found["q"] if found["q"] is not None else found["p"])}


def _verdict(q: float | None) -> str:
    return "" if q is None else "shown" if q < FOUND else "not shown"


def _effects(base: dict[str, Any], item: Item) -> Iterator[dict[str, Any]]:
    for name, effect in item.items():
        if isinstance(effect, dict) and "F" in effect:
            numbers = {"estimate": effect["F"], "p": effect["p"], "q": effect.get("q")}
            yield {**base, **numbers, "name": name, "verdict": _verdict(effect.get("q"))}


def _treatment(base: dict[str, Any], item: Item) -> Iterator[dict[str, Any]]:
    for arm, change in item["change"].items():
        yield {**base, **_interval(change, "mean"), "name": f"change.{arm}", "sentence": None}
    for name, field in (("ancova", "difference"), ("against_controls", "difference"), ("reversed", "fraction")):
        part = item.get(name) or {}
        if "refused" in part:
            yield {**base, "name": name, **part["refused"]}
        elif part:
            yield {**base, **_interval(part, field), "name": name, "verdict": _verdict(part.get("q"))}


def _network(base: dict[str, Any], item: Item) -> Iterator[dict[str, Any]]:
    for name in ("strength", "structure"):
        q = item.get(f"q_{name}")
        numbers = {"estimate": item[name], "p": item[f"p_{name}"], "q": q}
        yield {**base, **numbers, "measure": name, "verdict": _verdict(q) if item["verdict_given"] else ""}
    for edge in item["edges"]:
        numbers = {"estimate": edge["r_other"] - edge["r_reference"], "p": edge["p"], "q": edge.get("q")}
        verdict = _verdict(edge.get("q")) if item["verdict_given"] else ""
        yield {**base, **numbers, "measure": " - ".join(edge["edge"]), "verdict": verdict, "sentence": None}


def _interval(part: Item, field: str) -> dict[str, Any]:
    return {"estimate": part[field], **{name: part.get(name) for name in ("low", "high", "p", "q")}}


def _cells(row: Mapping[str, Any]) -> dict[str, str]:
    return {name: _cell(row.get(name)) for name in COLUMNS}


def _cell(value: Any) -> str:
    if value is None:
        return ""
    return f"{value:.{DIGITS}g}" if isinstance(value, float) else str(value)
