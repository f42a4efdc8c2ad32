"""Values by place, one row each: every spectrum as a dot, the median as a line and the middle half as a box."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from html import escape

import numpy as np

from service.reports.figures.axis import BAND, INK, MUTED, Axis, axis_around

PLOT, NOTE = 290, 120
"""Widths of the plot and of the notes at its right."""
NAME, LONGEST = 6.4, 36
"""Width of a letter, and most letters of a place's name that are drawn."""
ROW, TOP, FOOT = 30, 6, 36
STRIP = 8.0
"""Half height of the strip over which dots are spread, so that equal values do not hide each other."""
GOLDEN = 0.618034
"""Steps of the golden ratio spread points evenly and the same way each time."""
FEWEST_FOR_BOX = 4


@dataclass(frozen=True, slots=True)
class PlaceValues:
    """The values of one place."""

    name: str
    values: tuple[float, ...]
    left_out: int = 0
    """Spectra of this place whose value does not count."""

    @property
    def note(self) -> str:
        """How many are drawn and how many are not."""
        left_out = f", {self.left_out} left out" if self.left_out else ""
        return f"n = {len(self.values)}{left_out}"


def distribution_svg(groups: Sequence[PlaceValues], label: str, title: str) -> str:
    """The figure with a text alternative; empty without any value."""
    every = [value for group in groups for value in group.values]
    if not every:
        return ""
    bottom = TOP + ROW * len(groups)
    left = 12 + NAME * max(len(_name(group)) for group in groups)
    axis = axis_around(every, left, left + PLOT)
    rows = "".join(_row(group, axis, TOP + ROW * (k + 0.5)) for k, group in enumerate(groups))
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" class="distribution" font-size="12" fill="{INK}" '
        f'viewBox="0 0 {left + PLOT + NOTE:.0f} {bottom + FOOT}" role="img" '
        f'aria-label="{escape(title)}: {escape(description(groups))}">'
        f"{axis.drawn(TOP, bottom, escape(label))}{rows}</svg>"
    )


def description(groups: Sequence[PlaceValues]) -> str:
    """Text alternative, row by row."""
    return "; ".join(f"{group.name} {_spread(group)} ({group.note})" for group in groups)


def _spread(group: PlaceValues) -> str:
    if not group.values:
        return "no value"
    low, middle, high = np.quantile(group.values, (0.0, 0.5, 1.0))
    return f"median {middle:.3g}, {low:.3g} to {high:.3g}"


def _name(group: PlaceValues) -> str:
    return group.name if len(group.name) <= LONGEST else f"{group.name[: LONGEST - 1]}…"


def _row(group: PlaceValues, axis: Axis, y: float) -> str:
    x = axis.x
    box = ""
    if len(group.values) >= FEWEST_FOR_BOX:
        low, high = (x(end) for end in np.quantile(group.values, (0.25, 0.75)))
        box = f'<rect x="{low:.1f}" y="{y - 10:.1f}" width="{high - low:.1f}" height="20" fill="{BAND}"/>'
    dots = "".join(
        f"M{x(value):.1f},{y + STRIP * (2.0 * ((k * GOLDEN) % 1.0) - 1.0):.1f}h0"
        for k, value in enumerate(group.values)
    )
    middle = ""
    if group.values:
        median = x(float(np.median(group.values)))
        middle = f'<path d="M{median:.1f},{y - 11:.1f}v22" stroke="{INK}" stroke-width="2"/>'
    return (
        f'{box}<path d="{dots}" stroke="#0b3d91" stroke-width="4.5" stroke-linecap="round" stroke-opacity=".65"/>'
        f"{middle}"
        f'<text x="{axis.left - 8:.1f}" y="{y + 4:.1f}" text-anchor="end">{escape(_name(group))}</text>'
        f'<text x="{axis.right + 10:.1f}" y="{y + 4:.1f}" fill="{MUTED}">{escape(group.note)}</text>'
    )
