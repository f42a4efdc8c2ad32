"""Values of people, one row for each group: a mark for each spectrum and a line at the median."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from html import escape
from statistics import median

from service.reports.axis import INK, MUTED, axis_over

WIDTH, LEFT, RIGHT, TEXT = 640, 190, 520, 530
ROW, TOP, FOOT = 30, 8, 40


def distribution_svg(rows: Mapping[str, Sequence[float]], label: str, title: str) -> str:
    """The figure with a text alternative; empty without values.

    Parameters
    ----------
    rows : mapping of str to sequence of float
        Values by the name of the row.
    label : str
        Of the axis, with its unit.
    title : str
    """
    filled = {name: values for name, values in rows.items() if values}
    if not filled:
        return ""
    axis = axis_over([value for values in filled.values() for value in values], LEFT, RIGHT)
    bottom = TOP + ROW * len(filled)
    marks = []
    for index, (name, values) in enumerate(filled.items()):
        y = TOP + ROW * (index + 0.5)
        middle = axis.x(median(values))
        marks += [
            f'<circle cx="{axis.x(value):.1f}" cy="{y + 4 * (k % 3 - 1):.1f}" r="3" fill="none" stroke="{INK}"/>'
            for k, value in enumerate(values)
        ]
        marks.append(f'<path d="M{middle:.1f},{y - 11:.1f}v22" stroke="{INK}" stroke-width="2"/>')
        marks.append(f'<text x="{LEFT - 8}" y="{y + 4:.1f}" text-anchor="end">{escape(name)}</text>')
        marks.append(f'<text x="{TEXT}" y="{y + 4:.1f}" fill="{MUTED}">n = {len(values)}</text>')
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {bottom + FOOT}" role="img" '
        f'aria-label="{escape(title)}: {escape(description(filled))}" font-size="12" fill="{INK}">'
        f"{axis.drawn(TOP, bottom, escape(label))}{''.join(marks)}</svg>"
    )


def description(rows: Mapping[str, Sequence[float]]) -> str:
    """Text alternative, row by row."""
    return "; ".join(f"{name} median {median(values):.3g}, n = {len(values)}" for name, values in rows.items())
