"""The two answers at the top of a report: can the spectrum be trusted, and what stands out."""

from __future__ import annotations

from dataclasses import dataclass

from fitting.analysis import Analysis, MetaboliteResult
from fitting.norms.assessment import NormUsed, ZScore
from fitting.norms.control_model import habits
from service.reports import numbers, values
from service.reports.absences import ReasonLine
from service.reports.texts import text

VOLUNTEERS = ("own-controls", "more-controls")
"""Improvements that are own controls."""
MATCHED_PROPERTIES = ("field", "sequence", "echo_time", "age", "unit", "software")


@dataclass(frozen=True, slots=True)
class VerdictBox:
    """Verdict on the spectrum."""

    usable: str
    word: str
    sentence: str
    reasons: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class FlagLine:
    """One value outside its reference interval, with reasons for caution."""

    sentence: str
    caution: str


@dataclass(frozen=True, slots=True)
class Standout:
    """Values outside their reference intervals."""

    sentence: str
    flags: tuple[FlagLine, ...]
    chance: str
    mismatch: str
    """Differences between the norms and the spectrum; empty when they match."""
    sharper: str
    """What own controls would make visible; empty where that is not known."""


def verdict_box(analysis: Analysis) -> VerdictBox:
    usable = analysis.verdict.usable
    reasons = [numbers.typeset(reason.sentence) for reason in analysis.verdict.reasons]
    if analysis.outcome.code != "converged" and analysis.outcome.sentence not in reasons:
        reasons.insert(0, f"{text(f'verdict.fit_{analysis.outcome.code}')} {analysis.outcome.sentence}")
    return VerdictBox(usable, text(f"verdict.{usable}"), text(f"verdict.{usable}_sentence"), tuple(reasons))


def standout(analysis: Analysis, reasons: tuple[ReasonLine, ...]) -> Standout:
    tests, flagged = analysis.multiplicity.tests, analysis.multiplicity.flagged
    compared = [
        (result, result.z)
        for _, results in values.in_reading_order(analysis.metabolites)
        for result in results
        if result.z is not None
    ]
    uninformative = tuple(result.name for result, z in compared if z.informative is False)
    if tests == 0 and uninformative:
        sentence = text("standout.only_uninformative")
        return Standout(sentence, (), _uninformative(uninformative), _mismatch(analysis.norms), _sharper(compared))
    if tests == 0:
        if len(reasons) == 1:
            return Standout(text("standout.not_compared_because", reason=reasons[0].sentence), (), "", "", "")
        return Standout(text("standout.not_compared"), (), "", "", "")
    chance = text(
        "standout.chance_one" if tests == 1 else "standout.chance",
        tests=tests,
        expected=numbers.plain(analysis.multiplicity.expected_by_chance, 2),
    )
    if flagged:
        remaining = analysis.multiplicity.flagged_q
        key = "false_discovery" if remaining == 1 else "false_discovery_many"
        chance += " " + text(f"standout.{key}", flagged=remaining, all=flagged)
    if uninformative:
        chance += " " + _uninformative(uninformative)
    key = {0: "none_flagged", 1: "one_flagged"}.get(flagged, "some_flagged")
    flags = [
        _flag_line(result, z, analysis.norms)
        for result, z in compared
        if z.flag != "within" and z.informative is not False
    ]
    return Standout(
        text(f"standout.{key}", tests=tests, flagged=flagged),
        tuple(flags),
        chance,
        _mismatch(analysis.norms),
        _sharper(compared),
    )


def _uninformative(names: tuple[str, ...]) -> str:
    """Names the comparisons that could hardly have seen anything."""
    limit = numbers.significant(habits().largest_detectable_percent, 2)
    return text("standout.not_informative", names=", ".join(names), limit=limit)


def _sharper(compared: list[tuple[MetaboliteResult, ZScore]]) -> str:
    """What the fewest own controls that are worth it would make visible; empty where none are."""
    found = []
    for result, z in compared:
        more = next((item for item in z.improvements if item.code in VOLUNTEERS and item.detectable_percent), None)
        if more is not None and more.detectable_percent is not None and z.detectable_percent is not None:
            found.append((more.sentence.partition(" ")[0], result.name, more.detectable_percent, z.detectable_percent))
    numbered = [item for item in found if item[0].isdecimal()]
    if not numbered:
        return ""
    number = min((item[0] for item in numbered), key=int)
    details = [
        text("standout.sharper_item", name=name, percent=f"{percent:.0f}", now=f"{now:.0f}")
        for count, name, percent, now in numbered
        if count == number
    ]
    return text("standout.sharper", number=number, details=", ".join(details))


def _mismatch(norms: tuple[NormUsed, ...]) -> str:
    """Names the properties in which a norm behind a z-score differs from the spectrum, or may."""
    named: dict[str, list[str]] = {"no": [], "unknown": []}
    for name in MATCHED_PROPERTIES:
        codes = {getattr(norm.matched, name) for norm in norms}
        worst = next((code for code in named if code in codes), None)
        if worst is not None:
            named[worst].append(text(f"norms.{'age_match' if name == 'age' else name}").lower())
    return " ".join(
        text(f"standout.match_{code}", properties=", ".join(names)) for code, names in named.items() if names
    )


def _flag_line(result: MetaboliteResult, z: ZScore, norms: tuple[NormUsed, ...]) -> FlagLine:
    norm = values.norm_of(result, norms)
    low, high = values.reference_ends(z)
    sentence = text(
        f"standout.{z.flag}",
        name=result.name,
        measure=values.measure(norm),
        value=values.compared_value(result, norm),
        low=low,
        high=high,
        percentile=numbers.percentile(z.percentile),
    )
    band = values.band(z)
    reaches = z.high > -band if z.flag == "below" else z.low < band
    return FlagLine(sentence, text("standout.reaches_in") if reaches else "")
