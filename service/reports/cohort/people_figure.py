"""Values of people by group: a dot for each person, larger where its error is smaller, the mean and its interval."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from html import escape
from typing import Any

from service.reports.figures.axis import INK, MUTED, Axis, axis_around

WIDTH, LEFT, RIGHT = 640, 120, 620
ROW, TOP, FOOT, BELOW = 60, 2, 38, 24
LARGEST, SMALLEST = 4.5, 2.0
"""Radius of a dot, pixels."""
LANES = (0.0, -7.0, 7.0, -14.0, 14.0)
"""Dots that would cover each other stand in neighbouring lanes."""

Item = Mapping[str, Any]


def people_svg(item: Item) -> str:
    """The figure of one metabolite in one place; hollow dots are upper bounds."""
    groups: Sequence[Item] = item["groups"]
    every = [point["value"] for group in groups for point in group["values"]]
    bottom = TOP + ROW * len(groups)
    axis = axis_around(every, LEFT, RIGHT)
    errors = [point["sd"] for group in groups for point in group["values"] if point["sd"]]
    least = min(errors, default=None)
    drawn = "".join(_row(group, axis, TOP + ROW * (index + 0.5), least) for index, group in enumerate(groups))
    label = escape(f"{item['words']}, {item['unit']}")
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {bottom + FOOT}" role="img" '
        f'aria-label="{escape(description(item))}" font-size="12" fill="{INK}">'
        f"{axis.drawn(TOP, bottom, label)}{drawn}</svg>"
    )


def description(item: Item) -> str:
    """Text alternative: number of people, mean and interval of each group."""
    return f"{item['words']}: " + "; ".join(_described(group) for group in item["groups"])


def _described(group: Item) -> str:
    count = f"{group['group']}, {len(group['values'])} people"
    return (
        f"{count}, mean {group['mean']:.3g} ({group['low']:.3g} to {group['high']:.3g})" if "mean" in group else count
    )


def _row(group: Item, axis: Axis, y: float, least: float | None) -> str:
    dots = []
    ends = [-1e9] * len(LANES)
    for point in group["values"]:
        x = axis.x(point["value"])
        lane = min(range(len(LANES)), key=lambda k: (x - ends[k] < 2 * LARGEST, ends[k] if x - ends[k] < 9 else k))
        ends[lane] = x
        share = least / point["sd"] if least and point["sd"] else 0.5
        radius = max(SMALLEST, LARGEST * share**0.5)
        fill = MUTED if point["detected"] else "#fff"
        dots.append(
            f'<circle cx="{x:.1f}" cy="{y + LANES[lane]:.1f}" r="{radius:.1f}" fill="{fill}" fill-opacity=".55" '
            f'stroke="{INK}" stroke-width=".7"/>'
        )
    name = f'<text x="{LEFT - 8}" y="{y + 4:.1f}" text-anchor="end">{escape(str(group["group"]))}</text>'
    return name + "".join(dots) + _mean(group, axis, y + BELOW)


def _mean(group: Item, axis: Axis, y: float) -> str:
    if "mean" not in group:
        return ""
    low, high, at = axis.x(group["low"]), axis.x(group["high"]), axis.x(group["mean"])
    return (  # below the dots
        f'<path d="M{low:.1f},{y:.1f}H{high:.1f}M{at:.1f},{y - 5:.1f}v10" stroke="{INK}" stroke-width="2.2"/>'
    )
