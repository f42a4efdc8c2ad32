"""One quantity over the sessions of a person as inline SVG: intervals on the reference band, never points alone."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from html import escape
from itertools import pairwise

from service.reports import numbers
from service.reports.texts import text

WIDTH, HEIGHT = 300, 170
LEFT, RIGHT, TOP, BOTTOM = 46, 292, 12, 132
WIDEST_STEP = 90.0
LABEL_WIDTH = 20.0
NARROWEST_HALF = 8.0
"""Of the reference band about a session."""
INK, MUTED, RULE, BAND = "#111827", "#4b5563", "#9ca3af", "#d9dee5"


@dataclass(frozen=True, slots=True)
class Point:
    """One session's value; clinical measures have neither interval nor band."""

    number: int
    """Of the session, from 1."""
    value: float
    low: float | None = None
    high: float | None = None
    band: tuple[float, float] | None = None
    """Reference interval of the controls this value was compared with."""
    series: int | None = None
    """Of sessions that may be compared; only values of one series are joined."""


@dataclass(frozen=True, slots=True)
class TimelinePanel:
    """One quantity."""

    title: str
    points: tuple[Point, ...]


def panel_svg(panel: TimelinePanel, times: Sequence[float], *, days: bool = False) -> str:
    """The quantity over all sessions: by their ``days``, or evenly spaced where those are not known."""
    ticks = _ticks(panel)
    low, high = ticks[0], ticks[-1]
    sessions = len(times)
    span = times[-1] - times[0] if days else float(sessions - 1)
    scale = 0.0 if span == 0.0 else (RIGHT - LEFT - 36) / span if days else min((RIGHT - LEFT - 36) / span, WIDEST_STEP)

    def x(number: int) -> float:
        if span == 0.0:
            return (LEFT + RIGHT) / 2
        return LEFT + 18 + (times[number - 1] - times[0] if days else number - 1) * scale

    def y(value: float) -> float:
        return BOTTOM - (value - low) / (high - low) * (BOTTOM - TOP)

    described = "; ".join(_said(point) for point in panel.points)
    steps = [x(number + 1) - x(number) for number in range(1, sessions)]
    half = max(min(steps, default=2.0 * LABEL_WIDTH) / 2.0, NARROWEST_HALF)
    bands = "".join(
        f'<rect x="{max(x(p.number) - half, LEFT):.1f}" y="{y(p.band[1]):.1f}" '
        f'width="{min(x(p.number) + half, RIGHT) - max(x(p.number) - half, LEFT):.1f}" '
        f'height="{y(p.band[0]) - y(p.band[1]):.1f}" fill="{BAND}" shape-rendering="crispEdges"/>'
        for p in panel.points
        if p.band is not None
    )
    joins = "".join(
        f'<path d="M{x(a.number):.1f},{y(a.value):.1f}L{x(b.number):.1f},{y(b.value):.1f}" stroke="{MUTED}" '
        'stroke-dasharray="3 3" fill="none"/>'
        for a, b in _joined(panel.points)
    )
    marks = "".join(_mark(point, x(point.number), y) for point in panel.points)
    grid = "".join(
        f'<path d="M{LEFT},{y(tick):.1f}H{RIGHT}" stroke="{RULE}" stroke-width=".5"/>'
        f'<text x="{LEFT - 6}" y="{y(tick) + 4:.1f}" text-anchor="end" fill="{MUTED}">{numbers.plain(tick)}</text>'
        for tick in ticks
    )
    labels = "".join(
        f'<text x="{x(number):.1f}" y="{BOTTOM + 17}" text-anchor="middle">'
        f"{numbers.plain(times[number - 1]) if days else number}</text>"
        for number in _labelled([x(number) for number in range(1, sessions + 1)])
    )
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" class="panel" viewBox="0 0 {WIDTH} {HEIGHT}" role="img" '
        f'aria-label="{escape(panel.title)}: {escape(described)}" font-size="12" fill="{INK}">'
        f"{bands}{grid}{joins}{marks}{labels}"
        f'<text x="{(LEFT + RIGHT) / 2}" y="{HEIGHT - 4}" text-anchor="middle" fill="{MUTED}">'
        f"{escape(text('timeline.axis_days' if days else 'timeline.axis'))}</text></svg>"
    )


def _joined(points: Sequence[Point]) -> list[tuple[Point, Point]]:
    """Each point with the next one of its series."""
    by_series: dict[int | None, list[Point]] = {}
    for point in points:
        by_series.setdefault(point.series, []).append(point)
    return [pair for found in by_series.values() for pair in pairwise(found)]


def _labelled(places: Sequence[float]) -> list[int]:
    """Numbers of the sessions whose labels have room beside the one before."""
    chosen: list[int] = []
    for number, place in enumerate(places, 1):
        if not chosen or place - places[chosen[-1] - 1] >= LABEL_WIDTH:
            chosen.append(number)
    return chosen


def _mark(point: Point, x: float, y: Callable[[float], float]) -> str:
    if point.low is None or point.high is None:
        return (
            f'<path d="M{x:.1f},{y(point.value) - 5:.1f}l5,5l-5,5l-5,-5z"/>'
            f'<text x="{x + 8:.1f}" y="{max(y(point.value) - 5, TOP + 9):.1f}">{numbers.plain(point.value)}</text>'
        )
    return (
        f'<rect x="{x - 4:.1f}" y="{y(point.high):.1f}" width="8" height="{max(y(point.low) - y(point.high), 2):.1f}"/>'
        f'<path d="M{x - 7:.1f},{y(point.value):.1f}h14" stroke="{INK}" stroke-width="5"/>'
        f'<path d="M{x - 5.5:.1f},{y(point.value):.1f}h11" stroke="#fff" stroke-width="2"/>'
    )


def _said(point: Point) -> str:
    value = numbers.significant(point.value)
    if point.low is None or point.high is None:
        return text("timeline.said", number=point.number, value=value)
    low, high = numbers.significant(point.low), numbers.significant(point.high)
    return text("timeline.said_interval", number=point.number, value=value, low=low, high=high)


def _ticks(panel: TimelinePanel) -> list[float]:
    """Three to six round numbers that cover all values drawn."""
    drawn = [value for p in panel.points for value in (p.value, p.low, p.high, *(p.band or ())) if value is not None]
    low, high = min(drawn), max(drawn)
    if high - low <= 0.0:
        low, high = low - max(abs(low) * 0.1, 0.5), high + max(abs(high) * 0.1, 0.5)
    step = _round_up((high - low) / 3.0)
    first, last = math.floor(low / step), math.ceil(high / step)
    return [round(k * step, 10) for k in range(first, last + 1)]


def _round_up(step: float) -> float:
    """The next of 1, 2, 5 times a power of ten."""
    power = 10.0 ** math.floor(math.log10(step))
    return next(factor * power for factor in (1.0, 2.0, 5.0, 10.0) if factor * power >= step * 0.999)
