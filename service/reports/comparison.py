"""Two sessions side by side: content of both for display, and whether they may be compared."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from fitting import follow_up
from fitting.analysis import Analysis, MetaboliteResult
from fitting.follow_up.plausibility import SessionFacts, implausibilities
from fitting.model.result import Traces
from service.reports import numbers, timeline_changes, values
from service.reports.analysis_document import AnalysisDocument
from service.reports.comparability import DifferenceInWords, differences
from service.reports.figures import comparison_figure
from service.reports.texts import text


@dataclass(frozen=True, slots=True)
class Side:
    """One of the two sessions."""

    document: AnalysisDocument
    traces: Traces
    submitted: datetime
    day: float | None = None
    """Days since the first visit."""


@dataclass(frozen=True, slots=True)
class ComparedValue:
    """One value of one session; ``flag`` is empty where nothing was compared with controls."""

    ratio: str
    concentration: str
    position: values.Position
    flag: str


@dataclass(frozen=True, slots=True)
class ComparisonRow:
    """One metabolite in both sessions; a session that lacks it has None."""

    name: str
    meaning: str
    cells: tuple[ComparedValue | None, ComparedValue | None]


@dataclass(frozen=True, slots=True)
class Column:
    """Heading of the values of a session."""

    id: str
    name: str
    submitted: datetime
    day: str
    """Day since the first visit, in words; empty when it is not known."""
    usable: str
    verdict: str
    snr: str
    linewidth: str


@dataclass(frozen=True, slots=True)
class Comparison:
    """The page's content."""

    columns: tuple[Column, Column]
    refusals: tuple[str, ...]
    """Why differences between the columns must not be read as change; empty when they may."""
    differences: tuple[DifferenceInWords, ...]
    changes: tuple[timeline_changes.SeriesChanges, ...]
    """Changes between them; empty when they may not be compared."""
    groups: tuple[tuple[str, tuple[ComparisonRow, ...]], ...]
    figure: str
    """SVG; empty when there is nothing to draw."""


def build(one: Side, other: Side) -> Comparison:
    """Both sessions in the order of their days, else of submission, and whether they may be compared."""
    earlier, later = _in_time(one, other)
    first, second = earlier.document.analysis, later.document.analysis
    found = differences(first, second)
    refusals = (*_refusals(earlier.document, later.document, found), *_contradictions(earlier, later))
    return Comparison(
        columns=(_column(earlier), _column(later)),
        refusals=refusals,
        differences=found,
        changes=() if refusals else _changes(first, second),
        groups=_groups(first, second),
        figure=comparison_figure.overlay_svg(earlier.traces, later.traces),
    )


def _in_time(one: Side, other: Side) -> tuple[Side, Side]:
    """Sort the earlier session first: the order of submission may differ from that of measurement."""
    if one.day is not None and other.day is not None and one.day != other.day:
        return (one, other) if one.day < other.day else (other, one)
    return (one, other) if one.submitted <= other.submitted else (other, one)


def _changes(one: Analysis, other: Analysis) -> tuple[timeline_changes.SeriesChanges, ...]:
    course = follow_up.course([follow_up.FollowedSession("earlier", one), follow_up.FollowedSession("later", other)])
    return timeline_changes.changes(course, {"earlier": 1, "later": 2})


def _refusals(one: AnalysisDocument, other: AnalysisDocument, found: tuple[DifferenceInWords, ...]) -> tuple[str, ...]:
    reasons = []
    if one.subject is None or other.subject is None:
        reasons.append(text("compare.unknown_subject"))
    elif one.subject != other.subject:
        reasons.append(text("compare.other_subject", one=one.subject, other=other.subject))
    if found:
        reasons.append(text("compare.differently", names=", ".join(item.name.lower() for item in found)))
    if "no" in (one.analysis.verdict.usable, other.analysis.verdict.usable):
        reasons.append(text("compare.not_interpretable"))
    return tuple(reasons)


def _contradictions(one: Side, other: Side) -> tuple[str, ...]:
    """Why the sessions of one subject cannot be two sessions of one person and volume."""
    first, second = one.document, other.document
    if first.subject is None or first.subject != second.subject:
        return ()
    if first.analysis.provenance.input_sha256 == second.analysis.provenance.input_sha256:
        return (text("compare.same_spectrum"),)
    facts = [_facts(side, text(f"compare.the_{key}")) for side, key in ((one, "earlier"), (other, "later"))]
    return tuple(reason.sentence for reason in implausibilities(facts))


def _facts(side: Side, name: str) -> SessionFacts:
    of = side.document.analysis.acquisition
    return SessionFacts(
        name=name,
        sex=of.sex,
        age_years=of.age_years,
        day=side.day,
        region=of.region,
        hemisphere=of.hemisphere,
        volume_ml=of.voi_volume_ml,
        gm=of.gm,
    )


def _column(side: Side) -> Column:
    document, quality = side.document, side.document.analysis.quality
    usable = document.analysis.verdict.usable
    return Column(
        id=document.id or "",
        name=" · ".join(part for part in (document.subject, document.session) if part) or text("missing.not_given"),
        submitted=side.submitted,
        day="" if side.day is None else text("compare.day", day=numbers.plain(side.day)),
        usable=usable,
        verdict=text(f"verdict.{usable}"),
        snr=numbers.significant(quality.snr),
        linewidth=f"{numbers.significant(quality.linewidth_hz, 2)} Hz",
    )


def _groups(one: Analysis, other: Analysis) -> tuple[tuple[str, tuple[ComparisonRow, ...]], ...]:
    by_name = [{result.name: result for result in analysis.metabolites} for analysis in (one, other)]
    union = (by_name[1] | by_name[0]).values()
    return tuple(
        (
            text(f"groups.{key}"),
            tuple(_row(result.name, by_name[0].get(result.name), by_name[1].get(result.name)) for result in results),
        )
        for key, results in values.in_reading_order(union)
        if results
    )


def _row(name: str, one: MetaboliteResult | None, other: MetaboliteResult | None) -> ComparisonRow:
    meaning = values.meaning(name)
    return ComparisonRow(name, meaning, (None if one is None else _cell(one), None if other is None else _cell(other)))


def _cell(result: MetaboliteResult) -> ComparedValue:
    position: values.Position = "absent" if result.z is None else result.z.flag
    flag = "" if result.z is None else values.flag_text(result.z)
    return ComparedValue(values.ratio_cell(result), values.concentration_cell(result), position, flag)
