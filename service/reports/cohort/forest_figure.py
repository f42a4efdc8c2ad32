"""Estimates with their intervals, one row each: hollow unadjusted, full adjusted, a tick for the weighted one."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from html import escape

from service.reports.figures.axis import BAND, INK, MUTED, Axis, axis_over

WIDTH, LEFT, RIGHT, TEXT = 640, 230, 500, 512
ROW, TOP, FOOT = 24, 10, 40


@dataclass(frozen=True, slots=True)
class ForestRow:
    """One row; all in the unit of the axis."""

    name: str
    estimate: float
    low: float
    high: float
    hollow: bool = False
    """Unadjusted, or otherwise not the primary answer."""
    tick: float | None = None
    """A second estimate, such as the weighted one."""
    margin: float | None = None
    """Half width of the shaded margin of equivalence."""
    note: str = ""


def forest_svg(rows: Sequence[ForestRow], label: str, title: str, *, least: float | None = None) -> str:
    """The figure with a text alternative; empty without rows.

    Parameters
    ----------
    rows : sequence of Interval
    label : str
        Of the axis, with its unit.
    title : str
    least : float, optional
        Bound of the axis; intervals beyond it end in an arrow.
    """
    if not rows:
        return ""
    height = TOP + ROW * len(rows) + FOOT
    bottom = TOP + ROW * len(rows)
    ends = [value for row in rows for value in (row.low, row.high, row.estimate)]
    axis = axis_over(ends, LEFT, RIGHT, least=least)
    drawn = "".join(_row(row, axis, TOP + ROW * (index + 0.5)) for index, row in enumerate(rows))
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" class="forest" viewBox="0 0 {WIDTH} {height}" role="img" '
        f'aria-label="{escape(title)}: {escape(description(rows))}" font-size="12" fill="{INK}">'
        f"{_margins(rows, axis)}{axis.drawn(TOP, bottom, escape(label))}{drawn}</svg>"
    )


def description(rows: Sequence[ForestRow]) -> str:
    """Text alternative, row by row."""
    return "; ".join(f"{row.name} {row.estimate:.3g} ({row.low:.3g} to {row.high:.3g})" for row in rows)


def _margins(rows: Sequence[ForestRow], axis: Axis) -> str:
    return "".join(
        f'<rect x="{axis.x(-row.margin):.1f}" y="{TOP + ROW * index}" '
        f'width="{axis.x(row.margin) - axis.x(-row.margin):.1f}" height="{ROW}" fill="{BAND}"/>'
        for index, row in enumerate(rows)
        if row.margin is not None
    )


def _row(row: ForestRow, axis: Axis, y: float) -> str:
    low, high, at = axis.x(row.low), axis.x(row.high), axis.x(row.estimate)
    fill = "#fff" if row.hollow else INK
    tick = (
        f'<path d="M{axis.x(row.tick):.1f},{y - 9:.1f}v18" stroke="{INK}" stroke-width="1.5"/>'
        if row.tick is not None
        else ""
    )
    return (
        f'<path d="M{low:.1f},{y:.1f}H{high:.1f}" stroke="{INK}" stroke-width="1.6"/>{_arrows(row, axis, y)}{tick}'
        f'<rect x="{at - 4:.1f}" y="{y - 4:.1f}" width="8" height="8" fill="{fill}" stroke="{INK}" stroke-width="1.4"/>'
        f'<text x="{LEFT - 8}" y="{y + 4:.1f}" text-anchor="end">{escape(row.name)}</text>'
        f'<text x="{TEXT}" y="{y + 4:.1f}" fill="{MUTED}">{escape(row.note)}</text>'
    )


def _arrows(row: ForestRow, axis: Axis, y: float) -> str:
    left = f'<path d="M{axis.left - 4:.1f},{y:.1f}l7,-5v10z"/>' if row.low < axis.low else ""
    right = f'<path d="M{axis.right + 4:.1f},{y:.1f}l-7,-5v10z"/>' if row.high > axis.high else ""
    return left + right
