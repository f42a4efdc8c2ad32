"""The sessions of one person in order, by region: values with their intervals, flags and clinical measures."""

from __future__ import annotations

import itertools
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from fitting import follow_up
from fitting.analysis import MetaboliteResult
from fitting.request import ClinicalMeasures, declared
from service.reports import numbers, timeline_changes, values
from service.reports.analysis_document import AnalysisDocument
from service.reports.comparability import in_words
from service.reports.figures import timeline_figure
from service.reports.figures.timeline_figure import Point, TimelinePanel
from service.reports.texts import text

FOLLOWED = ("tNAA", "tCho", "Glx", "mI", "Glu", "GABA", "GSH", "Lac")
"""Metabolites that are drawn, as ratios to tCr, in this order; the table has all."""
MEASURES = {item.name: item.said.label for item in declared(ClinicalMeasures)}
"""Clinical measures with their display names."""
HALF_WIDTH_95 = 1.96


@dataclass(frozen=True, slots=True)
class Session:
    """One analysis with what was measured at the visit."""

    document: AnalysisDocument
    submitted: datetime
    clinical: Mapping[str, float]
    day: float | None = None
    """Since the first visit."""


@dataclass(frozen=True, slots=True)
class TimelineVisit:
    """A session as the head of a column."""

    number: int
    id: str
    name: str
    submitted: datetime
    usable: str
    verdict: str
    status: str


@dataclass(frozen=True, slots=True)
class TimelineValue:
    """One value of one session."""

    value: str
    position: values.Position
    flag: str
    """In words where it is outside its reference interval or says nothing; empty otherwise."""


@dataclass(frozen=True, slots=True)
class TimelineRow:
    """One metabolite or clinical measure over the sessions; None where it was not measured."""

    name: str
    meaning: str
    entries: tuple[TimelineValue | None, ...]


@dataclass(frozen=True, slots=True)
class RegionTimeline:
    """Everything about one region of one person."""

    region: str
    visits: tuple[TimelineVisit, ...]
    warnings: tuple[str, ...]
    """Differences between sessions that are not compared, and the sessions left out."""
    figures: tuple[tuple[str, str], ...]
    """Name and SVG of each panel."""
    values: tuple[TimelineRow, ...]
    clinical: tuple[TimelineRow, ...]
    changes: tuple[timeline_changes.SeriesChanges, ...]
    """Changes among sessions that may be compared."""
    neighbours: tuple[tuple[str, str], ...]
    """Ids of each two sessions that follow each other, to compare them."""


def build(sessions: Sequence[Session]) -> tuple[RegionTimeline, ...]:
    """One timeline for each region, in the order in which regions first appear."""
    by_region: dict[str, list[Session]] = {}
    for session in sessions:
        facts = session.document.analysis.acquisition
        side = None if facts.hemisphere is None else text(f"hemisphere.{facts.hemisphere}")
        name = ", ".join(part for part in (facts.region, side) if part) or text("timeline.no_region")
        by_region.setdefault(name, []).append(session)
    return tuple(_region(name, found) for name, found in by_region.items())


def _region(name: str, given: Sequence[Session]) -> RegionTimeline:
    course = follow_up.course([_followed(index, session) for index, session in enumerate(given)])
    sessions = [given[int(visit.id)] for visit in course.visits]
    number_of = {visit.id: number for number, visit in enumerate(course.visits, 1)}
    ids = [session.document.id or "" for session in sessions]
    times = [visit.time for visit in course.visits]
    return RegionTimeline(
        region=name,
        visits=tuple(_visit(number, session) for number, session in enumerate(sessions, 1)),
        warnings=(*_warnings(course, number_of), *timeline_changes.left_out(course, number_of)),
        figures=tuple(
            (panel.title, timeline_figure.panel_svg(panel, times, days=course.axis == "days"))
            for panel in _panels(sessions, [visit.series for visit in course.visits])
        ),
        values=_values(sessions),
        clinical=_clinical(sessions),
        changes=timeline_changes.changes(course, number_of),
        neighbours=tuple(itertools.pairwise(ids)),
    )


def _followed(index: int, session: Session) -> follow_up.FollowedSession:
    document = session.document
    return follow_up.FollowedSession(str(index), document.analysis, document.session, session.day, session.clinical)


def _visit(number: int, session: Session) -> TimelineVisit:
    document = session.document
    usable = document.analysis.verdict.usable
    return TimelineVisit(
        number,
        document.id or "",
        document.session or "",
        session.submitted,
        usable,
        text(f"verdict.{usable}"),
        text(f"status.{document.status}"),
    )


def _warnings(course: follow_up.Course, number_of: Mapping[str, int]) -> tuple[str, ...]:
    return tuple(
        text(
            "timeline.differs",
            before=number_of[refusal.earlier],
            after=number_of[refusal.later],
            names=", ".join(in_words(item).name.lower() for item in refusal.differences),
        )
        for refusal in course.refusals
    )


def _panels(sessions: Sequence[Session], series: Sequence[int | None]) -> list[TimelinePanel]:
    panels = []
    for name in FOLLOWED:
        numbered = enumerate(zip(sessions, series, strict=True), 1)
        points = [_point(number, session, name, group) for number, (session, group) in numbered]
        shown = tuple(point for point in points if point is not None)
        if shown:
            panels.append(TimelinePanel(text("timeline.ratio_of", name=name), shown))
    for name, label in MEASURES.items():
        shown = tuple(
            Point(number, session.clinical[name])
            for number, session in enumerate(sessions, 1)
            if name in session.clinical
        )
        if shown:
            panels.append(TimelinePanel(label, shown))
    return panels


def _point(number: int, session: Session, name: str, series: int | None) -> Point | None:
    """A detected ratio of a spectrum that may be interpreted, with its 95 % interval; else nothing is drawn."""
    analysis = session.document.analysis
    result = _result(session, name)
    if result is None or result.ratio_tcr is None or not result.detected or analysis.verdict.usable == "no":
        return None
    value, sd = numbers.finite(result.ratio_tcr.value), numbers.finite(result.ratio_tcr.sd)
    if value is None or sd is None:
        return None
    z = result.z if result.z is not None and values.is_ratio(values.norm_of(result, analysis.norms)) else None
    band = None if z is None else (max(z.reference_low, 0.0), z.reference_high)
    return Point(number, value, value - HALF_WIDTH_95 * sd, value + HALF_WIDTH_95 * sd, band, series)


def _values(sessions: Sequence[Session]) -> tuple[TimelineRow, ...]:
    union: dict[str, MetaboliteResult] = {}
    for session in sessions:
        union |= {result.name: result for result in session.document.analysis.metabolites}
    ordered = [
        result.name for key, group in values.in_reading_order(union.values()) if key != "background" for result in group
    ]
    return tuple(
        TimelineRow(name, values.meaning(name), tuple(_entry(_result(session, name)) for session in sessions))
        for name in ordered
        if name != "tCr"
    )


def _entry(result: MetaboliteResult | None) -> TimelineValue | None:
    if result is None:
        return None
    if result.z is None:
        return TimelineValue(values.ratio_cell(result), "absent", "")
    z = result.z
    is_told = z.flag != "within" or z.informative is False
    return TimelineValue(values.ratio_cell(result), z.flag, values.flag_text(z) if is_told else "")


def _clinical(sessions: Sequence[Session]) -> tuple[TimelineRow, ...]:
    lines = []
    for name, label in MEASURES.items():
        given = [session.clinical.get(name) for session in sessions]
        if any(value is not None for value in given):
            entries = (None if value is None else TimelineValue(numbers.plain(value), "absent", "") for value in given)
            lines.append(TimelineRow(label, "", tuple(entries)))
    return tuple(lines)


def _result(session: Session, name: str) -> MetaboliteResult | None:
    return next((result for result in session.document.analysis.metabolites if result.name == name), None)
