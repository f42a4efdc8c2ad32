"""The two answers at the top of a report: can the spectrum be trusted, and what stands out."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from fitting.analysis import Analysis, MetaboliteResult
from fitting.norms.assessment import NormUsed, ZScore
from fitting.norms.control_model import habits
from service.reports import numbers, values
from service.reports.absences import ReasonLine
from service.reports.texts import text

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
    """Values outside their reference intervals, and how far the comparisons could see."""

    sentence: str
    flags: tuple[FlagLine, ...]
    noticed: str
    """Decreases that would have been flagged; empty where that is not known."""
    findings: tuple[str, ...]
    """What limits the comparison: leading values that were not compared, and norms without a study of the region."""
    chance: str
    mismatch: str
    """Differences between the norms and the spectrum; empty when they match."""


Compared = Sequence[tuple[MetaboliteResult, ZScore]]


def verdict_box(analysis: Analysis) -> VerdictBox:
    """The verdict on the spectrum with its reasons."""
    usable = analysis.verdict.usable
    reasons = [numbers.typeset(reason.sentence) for reason in analysis.verdict.reasons]
    if analysis.outcome.code != "converged" and analysis.outcome.sentence not in reasons:
        reasons.insert(0, f"{text(f'verdict.fit_{analysis.outcome.code}')} {analysis.outcome.sentence}")
    return VerdictBox(usable, text(f"verdict.{usable}"), text(f"verdict.{usable}_sentence"), tuple(reasons))


def standout(analysis: Analysis, reasons: tuple[ReasonLine, ...]) -> Standout:
    """What stands out among the informative comparisons, and what they could have noticed."""
    compared = [
        (result, result.z)
        for _, results in values.in_reading_order(analysis.metabolites)
        for result in results
        if result.z is not None
    ]
    informative = [(result, z) for result, z in compared if z.informative is not False]
    others = [(result, z) for result, z in compared if z.informative is False]
    outside = [(result, z) for result, z in informative if z.flag != "within"]
    return Standout(
        sentence=_sentence(analysis, reasons, bool(others)),
        flags=tuple(_flag_line(result, z, analysis.norms) for result, z in outside),
        noticed=noticed(informative, analysis),
        findings=(*_not_compared(reasons), *_uninformative(others, analysis.norms), *_elsewhere(compared, analysis)),
        chance=_chance(analysis),
        mismatch=_mismatch(analysis.norms),
    )


def noticed(informative: Compared, analysis: Analysis) -> str:
    """The decreases that would have been flagged, the smallest first; empty without any that is known."""
    known = sorted((z.detectable_percent, result.name) for result, z in informative if z.detectable_percent is not None)
    if not known:
        return ""
    first, *rest = (text("standout.noticed_item", name=name, percent=f"{percent:.0f}") for percent, name in known)
    said = text(f"standout.noticed_{whose(analysis)}", first=first)
    return said + (" " + text("standout.noticed_more", items=", ".join(rest)) if rest else "")


def whose(analysis: Analysis) -> str:
    """Whom the values were compared with: ``site`` for own healthy people, else ``published``."""
    kinds = {norm.kind for norm in analysis.norms}
    return "site" if kinds == {"site"} else "supplied" if kinds == {"supplied"} else "published"


def _sentence(analysis: Analysis, reasons: tuple[ReasonLine, ...], has_others: bool) -> str:
    tests, flagged = analysis.multiplicity.tests, analysis.multiplicity.flagged
    if tests:
        key = {0: "none_flagged", 1: "one_flagged"}.get(flagged, "some_flagged")
        return text(f"standout.{key}", tests=tests, flagged=flagged)
    if has_others:
        return text("standout.only_uninformative")
    if len(reasons) == 1:
        return text("standout.not_compared_because", reason=reasons[0].sentence)
    return text("standout.not_compared")


def _chance(analysis: Analysis) -> str:
    tests, flagged = analysis.multiplicity.tests, analysis.multiplicity.flagged
    if tests == 0:
        return ""
    chance = text(
        "standout.chance_one" if tests == 1 else "standout.chance",
        tests=tests,
        expected=numbers.plain(analysis.multiplicity.expected_by_chance, 2),
    )
    if flagged and analysis.multiplicity.flagged_q is not None:
        remaining = analysis.multiplicity.flagged_q
        key = "false_discovery" if remaining == 1 else "false_discovery_many"
        chance += " " + text(f"standout.{key}", flagged=remaining, all=flagged)
    return chance


def _not_compared(reasons: tuple[ReasonLine, ...]) -> list[str]:
    """Leading values without a comparison, one sentence for each reason; tCr is the reference of the ratios."""
    leading = (*values.TOTALS, *values.MAIN)
    found = []
    for line in reasons:
        names = [name for name in line.names if name in leading and name != "tCr"]
        if names and len(reasons) > 1:
            found.append(text("standout.absent", names=", ".join(names), reason=line.sentence))
    return found


def _uninformative(others: Compared, norms: tuple[NormUsed, ...]) -> list[str]:
    """Names the comparisons that could hardly have seen anything, and those of them that lie outside all the same."""
    if not others:
        return []
    limit = numbers.significant(habits().largest_detectable_percent, 2)
    found = [text("standout.not_informative", names=", ".join(result.name for result, _ in others), limit=limit)]
    outside = [_flag_line(result, z, norms).sentence for result, z in others if z.flag != "within"]
    return [*found, *(text("standout.outside_uncounted", sentence=sentence) for sentence in outside)]


def _elsewhere(compared: Compared, analysis: Analysis) -> list[str]:
    """Values whose norm rests on no study of this region at this field, or on a single small one (grade D)."""
    none, thin = [], []
    for result, z in compared:
        norm = values.norm_of(result, analysis.norms)
        if norm is None or norm.kind != "literature" or z.informative is False:
            continue
        if norm.studies == 0:
            none.append(result.name)
        elif norm.grade == "D":
            thin.append(text("standout.thin_item", name=result.name, n=norm.n))
    place = {
        "region": analysis.acquisition.region or text("missing.not_given"),
        "field": numbers.plain(analysis.acquisition.field_t, 2),
    }
    found = [("elsewhere", none), ("thin", thin)]
    return [text(f"standout.{key}", names=", ".join(names), **place) for key, names in found if names]


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
