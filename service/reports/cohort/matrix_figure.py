"""Correlations of both groups and their difference as three matrices; few people are hatched."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from html import escape
from typing import Any

from service.reports.figures.axis import INK, MUTED

CELL, LABEL, GAP, TOP = 34, 92, 26, 44

Item = Mapping[str, Any]


def matrices_svg(network: Item, reference: str, other: str) -> str:
    """Three matrices of one network; the number stands in every cell, so that no colour is needed."""
    columns: Sequence[str] = network["columns"]
    size = CELL * len(columns)
    width, height = LABEL + 3 * size + 2 * GAP + 8, TOP + size + 12
    cells = {tuple(sorted(edge["edge"])): edge for edge in network["edges"]}
    parts = [_pattern()]
    values = (
        (reference, {pair: edge["r_reference"] for pair, edge in cells.items()}),
        (other, {pair: edge["r_other"] for pair, edge in cells.items()}),
        (f"{other} less {reference}", {pair: edge["r_other"] - edge["r_reference"] for pair, edge in cells.items()}),
    )
    for index, (title, numbers) in enumerate(values):
        left = LABEL + index * (size + GAP)
        parts.append(
            f'<text x="{left + size / 2}" y="14" text-anchor="middle" font-weight="600">{escape(title)}</text>'
        )
        for a, first in enumerate(columns):
            parts.append(
                f'<text x="{left + CELL * (a + 0.5)}" y="{TOP - 6}" text-anchor="middle" font-size="9">'
                f"{escape(_short(first))}</text>"
            )
            for b, second in enumerate(columns):
                value = numbers.get(tuple(sorted((first, second))))
                if value is not None and a != b:
                    parts.append(_cell(left + CELL * a, TOP + CELL * b, value, hatched=not network["verdict_given"]))
    labels = "".join(
        f'<text x="{LABEL - 6}" y="{TOP + CELL * (b + 0.5) + 4}" text-anchor="end">{escape(name)}</text>'
        for b, name in enumerate(columns)
    )
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" class="matrices" viewBox="0 0 {width} {height}" role="img" '
        f'aria-label="{escape(description(network, reference, other))}" font-size="11" fill="{INK}">'
        f"{''.join(parts)}{labels}</svg>"
    )


def description(network: Item, reference: str, other: str) -> str:
    """Text alternative: every edge with both correlations."""
    edges = "; ".join(
        f"{' with '.join(edge['edge'])} {edge['r_reference']:.2f} in {reference}, {edge['r_other']:.2f} in {other}"
        for edge in network["edges"]
    )
    return f"{network['name']}: {edges}"


def _short(name: str) -> str:
    return name.replace("left ", "L ").replace("right ", "R ")


def _pattern() -> str:
    return (
        '<defs><pattern id="few" width="5" height="5" patternUnits="userSpaceOnUse">'
        f'<path d="M0,5L5,0" stroke="{MUTED}" stroke-width=".7"/></pattern></defs>'
    )


def _cell(x: float, y: float, value: float, *, hatched: bool) -> str:
    shade = round(255 - 110 * min(abs(value), 1.0))
    grey = f"rgb({shade},{shade},{shade})"
    number = f"{value:.2f}".replace("-", "\N{MINUS SIGN}")
    hatch = f'<rect x="{x}" y="{y}" width="{CELL}" height="{CELL}" fill="url(#few)"/>' if hatched else ""
    return (
        f'<rect x="{x}" y="{y}" width="{CELL}" height="{CELL}" fill="{grey}" stroke="#fff"/>{hatch}'
        f'<text x="{x + CELL / 2}" y="{y + CELL / 2 + 4}" text-anchor="middle" font-size="10">{number}</text>'
    )
