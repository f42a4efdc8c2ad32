"""Colour and dashes of each part of the fit, apart from its neighbours in colour and on grey paper."""

from __future__ import annotations

COLOURS = ("#111827", "#b91c1c", "#1e3a8a", "#14532d", "#7e22ce", "#831843", "#0e7490", "#b45309", "#4d5d00")
"""Dark enough for lines and words on white: contrast of at least 4.5. Neighbours in dashes differ in shade."""
DASHES = ("", "7 3", "2 2.5", "9 3 2 3")

_PLACES = ("NAA", "Glu", "Cr", "GPC", "mI", "Gln", "PCr", "PCh", "NAAG", "GABA", "GSH", "Asp", "Tau", "MM")
"""Parts with a place of their own, so that one has the same colour in each report."""


def part_style(name: str) -> tuple[str, str]:
    """Colour and dash pattern (empty for a solid line) of a part of the fit."""
    place = _PLACES.index(name) if name in _PLACES else len(_PLACES) + sum(name.encode())
    return COLOURS[place % len(COLOURS)], DASHES[place % len(DASHES)]


def part_attributes(name: str) -> str:
    """The same as attributes of an SVG path."""
    colour, dash = part_style(name)
    return f'stroke="{colour}"' + (f' stroke-dasharray="{dash}"' if dash else "")
