"""Panels with two axes: points with error bars, lines, bands and pairs of people, side by side."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, field
from html import escape

from service.reports.figures.axis import BAND, INK, MUTED, Axis, axis_around

WIDTH, HEIGHT = 640, 300
TOP, FOOT, LEFT, GAP = 26, 40, 52, 60
SAMPLE, LETTER, KEY_ROW, KEY_GAP = 32, 7.0, 18, 18
"""Pixels of the key: from a line's sample to its name, a letter at most on average, a row, between two names."""

Point = tuple[float, float]
DASHES = ("", "6 4", "2 3", "9 3 2 3")
"""Lines are told apart in grey by their dashes."""


@dataclass(frozen=True, slots=True)
class Line:
    """A line with its name."""

    points: Sequence[Point]
    name: str = ""
    band: Sequence[tuple[float, float, float]] = ()
    """Abscissa, lower and upper end."""
    is_thin: bool = False


@dataclass(frozen=True, slots=True)
class Panel:
    """One panel; ranges hold everything that is drawn unless they are given."""

    across: str
    upwards: str
    lines: Sequence[Line] = ()
    points: Sequence[tuple[float, float, float | None]] = ()
    """Abscissa, ordinate and the standard deviation of the abscissa."""
    range_across: Point | None = None
    range_upwards: Point | None = None
    is_reversed: bool = False
    """Abscissa falls from left to right, as chemical shift does."""
    names: dict[float, str] = field(default_factory=dict)
    """Names of abscissae in place of numbers."""


def panels_svg(panels: Sequence[Panel], alternative: str) -> str:
    """The panels in one figure; lines are named below it."""
    width = (WIDTH - LEFT - GAP * (len(panels) - 1) - 12) / len(panels)
    drawn = "".join(_panel(panel, LEFT + k * (width + GAP), width) for k, panel in enumerate(panels))
    names = [line.name for line in panels[0].lines if line.name]
    key, height = _key(names) if len(names) > 1 else ("", 0)
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {HEIGHT + height}" role="img" '
        f'aria-label="{escape(alternative)}" font-size="12" fill="{INK}">{drawn}{key}</svg>'
    )


def _key(names: Sequence[str]) -> tuple[str, int]:
    """Names beside a piece of their line, in as many rows as they need, and the height of all rows."""
    drawn, x, row = "", LEFT, 0
    for k, name in enumerate(names):
        end = x + SAMPLE + math.ceil(LETTER * len(name))
        if end > WIDTH and x > LEFT:
            x, row = LEFT, row + 1
            end = x + SAMPLE + math.ceil(LETTER * len(name))
        y = HEIGHT + 8 + KEY_ROW * row
        drawn += (
            f'<path d="M{x},{y}h26" stroke="{INK}" stroke-width="1.8" stroke-dasharray="{DASHES[k % len(DASHES)]}"/>'
            f'<text x="{x + SAMPLE}" y="{y + 4}">{escape(name)}</text>'
        )
        x = end + KEY_GAP
    return drawn, 4 + KEY_ROW * (row + 1)


def _panel(panel: Panel, left: float, width: float) -> str:
    bottom, right = HEIGHT - FOOT, left + width
    ends = (right, left) if panel.is_reversed else (left, right)
    across = _axis(panel.range_across, [*_abscissae(panel)], *ends)
    upwards = _axis(panel.range_upwards, [*_ordinates(panel)], bottom, TOP)
    if panel.names:
        frame = "".join(
            f'<text x="{across.x(value):.1f}" y="{bottom + 16}" text-anchor="middle">{escape(name)}</text>'
            for value, name in panel.names.items()
        )
    else:
        frame = across.drawn(TOP, bottom, escape(panel.across))
    frame += upwards.drawn_up(left, right, escape(panel.upwards))
    return frame + _bands(panel, across, upwards) + _lines(panel, across, upwards) + _points(panel, across, upwards)


def _abscissae(panel: Panel) -> list[float]:
    return [x for line in panel.lines for x, _ in line.points] + [x for x, _, _ in panel.points]


def _ordinates(panel: Panel) -> list[float]:
    of_lines = [y for line in panel.lines for _, y in line.points]
    of_bands = [y for line in panel.lines for _, low, high in line.band for y in (low, high)]
    return of_lines + of_bands + [y for _, y, _ in panel.points]


def _axis(given: Point | None, values: Sequence[float], left: float, right: float) -> Axis:
    return Axis(*given, left, right) if given is not None else axis_around(values, left, right)


def _bands(panel: Panel, across: Axis, upwards: Axis) -> str:
    drawn = ""
    for line in panel.lines:
        if line.band:
            lower = [f"{across.x(x):.1f},{upwards.x(low):.1f}" for x, low, _ in line.band]
            upper = [f"{across.x(x):.1f},{upwards.x(high):.1f}" for x, _, high in reversed(line.band)]
            drawn += f'<path d="M{"L".join([*lower, *upper])}Z" fill="{BAND}" fill-opacity=".6"/>'
    return drawn


def _lines(panel: Panel, across: Axis, upwards: Axis) -> str:
    names = [line.name for line in panel.lines if line.name]
    drawn = ""
    for line in panel.lines:
        dash = DASHES[names.index(line.name) % len(DASHES)] if line.name else ""
        path = "L".join(f"{across.x(x):.1f},{upwards.x(y):.1f}" for x, y in line.points)
        stroke, thick = (MUTED, 0.7) if line.is_thin else (INK, 1.8)
        drawn += f'<path d="M{path}" fill="none" stroke="{stroke}" stroke-width="{thick}" stroke-dasharray="{dash}"/>'
    return drawn


def _points(panel: Panel, across: Axis, upwards: Axis) -> str:
    drawn = ""
    for x, y, sd in panel.points:
        place = upwards.x(y)
        if sd is not None:
            drawn += f'<path d="M{across.x(x - sd):.1f},{place:.1f}H{across.x(x + sd):.1f}" stroke="{MUTED}"/>'
        drawn += (
            f'<circle cx="{across.x(x):.1f}" cy="{place:.1f}" r="3.2" fill="{MUTED}" stroke="{INK}" stroke-width=".7"/>'
        )
    return drawn
