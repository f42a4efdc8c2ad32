"""Changes over a person's sessions, in words: each ratio against repeats of unchanged people, and its trend."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Literal

from fitting.follow_up.course import Change, Course, Followed, Series
from fitting.follow_up.repeatability import Repeatability
from service.reports import numbers
from service.reports.texts import text

SHOWN = ("tNAA", "tCho", "Glx", "mI", "Glu", "Gln", "GABA", "GSH")
"""Ratios to tCr, in this order; the interface for programs has everything."""

FINEST = 1e-4
"""Smallest standard deviation that sets the decimals of a ratio; no measurement resolves less."""


@dataclass(frozen=True, slots=True)
class ChangeLine:
    """One ratio from the first session of a series to the last."""

    name: str
    change: str
    percent: str
    reach: str
    p: str
    word: str
    position: Literal["below", "within", "above", "absent"]
    """How the word is marked: a fall or rise beyond what unchanged people show."""
    trend: str


@dataclass(frozen=True, slots=True)
class SeriesChanges:
    """The changes of sessions that may be compared."""

    name: str
    unit: str
    lines: tuple[ChangeLine, ...]
    notes: tuple[str, ...]

    @property
    def has_trend(self) -> bool:
        """Whether there are sessions enough for a trend of any ratio."""
        return any(line.trend for line in self.lines)


def changes(course: Course, number_of: dict[str, int]) -> tuple[SeriesChanges, ...]:
    """Each series of two or more sessions; ``number_of`` gives the number of an analysis on the page."""
    found = (_series(series, course, number_of) for series in course.series if len(series.sessions) > 1)
    return tuple(item for item in found if item.lines)


def left_out(course: Course, number_of: dict[str, int]) -> tuple[str, ...]:
    """Reasons why sessions are in no series, each once."""
    numbers: dict[str, list[str]] = {}
    for item in course.left_out:
        if item.id in number_of:
            numbers.setdefault(item.sentence, []).append(str(number_of[item.id]))
    return tuple(_out(items, sentence) for sentence, items in numbers.items())


def _out(numbers: list[str], sentence: str) -> str:
    if len(numbers) == 1:
        return text("timeline.no_change", number=numbers[0], sentence=sentence)
    return text("timeline.no_changes", numbers=", ".join(numbers), sentence=sentence)


def _series(series: Series, course: Course, number_of: dict[str, int]) -> SeriesChanges:
    ratios = {item.metabolite: item for item in series.followed if item.quantity == "ratio_tcr"}
    chosen = [ratios[name] for name in SHOWN if name in ratios]
    listed = ", ".join(str(number_of[session]) for session in series.sessions)
    return SeriesChanges(
        name=text("timeline.series", numbers=listed),
        unit=text(f"room.subject.units.{course.time_unit}"),
        lines=tuple(_line(item) for item in chosen),
        notes=(*_judged(series), *_sources(chosen), *_absences(chosen, series)),
    )


def _line(item: Followed) -> ChangeLine:
    since_first = _since_first(item)
    found = since_first.reliable
    trend = ""
    if item.trend is not None:
        trend = _interval(item.trend.slope, item.trend.low, item.trend.high)
    percent = text(
        "timeline.percent", percent=numbers.signed(since_first.percent, 1 if abs(since_first.percent) < 9.95 else 0)
    )
    if found is None:
        return ChangeLine(
            name=item.metabolite,
            change=numbers.signed(since_first.change, numbers.decimals_for(max(since_first.measurement_sd, FINEST))),
            percent=percent,
            reach="",
            p="",
            word=text("timeline.not_judged"),
            position="absent",
            trend=trend,
        )
    decimals = numbers.decimals_for(found.minimal_detectable_change)
    direction = "rose" if since_first.change > 0.0 else "fell"
    return ChangeLine(
        name=item.metabolite,
        change=_interval(since_first.change, found.low, found.high),
        percent=percent,
        reach=text("timeline.reach_cell", reach=numbers.fixed(found.minimal_detectable_change, decimals)),
        p=text("norms.p_small") if found.p < 0.001 else numbers.significant(found.p, 2),
        word=text(f"timeline.{direction if found.beyond else 'within'}"),
        position="within" if not found.beyond else "above" if direction == "rose" else "below",
        trend=trend,
    )


def _since_first(item: Followed) -> Change:
    first, last = item.values[0].id, item.values[-1].id
    return next(change for change in item.changes if (change.earlier, change.later) == (first, last))


def _interval(value: float, low: float, high: float) -> str:
    decimals = numbers.decimals_for(max((high - low) / 4.0, FINEST))
    return text(
        "timeline.interval",
        value=numbers.signed(value, decimals),
        low=numbers.fixed(low, decimals),
        high=numbers.fixed(high, decimals),
    )


def _judged(series: Series) -> Iterable[str]:
    for item in series.judged:
        if item.quantity == "ratio_tcr" and item.tests:
            yield text(
                "timeline.judged",
                tests=item.tests,
                expected=numbers.plain(item.expected_by_chance, 2),
                beyond=item.beyond,
                beyond_q=item.beyond_q,
            )


def _sources(followed: Sequence[Followed]) -> Iterable[str]:
    by_source: dict[tuple[str, float], tuple[Repeatability, list[str]]] = {}
    for item in followed:
        if item.repeatability is not None:
            known = item.repeatability
            by_source.setdefault((known.id, known.cv), (known, []))[1].append(item.metabolite)
    for known, names in by_source.values():
        yield text(
            "timeline.source",
            metabolites=", ".join(names),
            percent=numbers.plain(100.0 * known.cv, 2),
            grade=known.grade,
            source=known.source,
            note=known.note,
        )


def _absences(followed: Sequence[Followed], series: Series) -> Iterable[str]:
    absent = [(item.metabolite, item.repeatability_absent) for item in followed if item.repeatability_absent]
    unpublished = [name for name, why in absent if why.code == "repeatability-missing"]
    if unpublished:
        yield text("timeline.no_repeats", metabolites=", ".join(unpublished))
    yield from dict.fromkeys(why.sentence for _, why in absent if why.code != "repeatability-missing")
    trends = [item.trend for item in followed if item.trend is not None]
    yield from dict.fromkeys(text("timeline.trend", sentence=trend.sentence) for trend in trends)
    if series.together_absent is not None:
        yield series.together_absent.sentence
