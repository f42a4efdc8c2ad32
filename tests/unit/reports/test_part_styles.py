"""Parts of the fit can be told apart in colour and on grey paper."""

from __future__ import annotations

from itertools import combinations

from service.reports.part_styles import COLOURS, part_style

LEADING = ("NAA", "Glu", "Cr", "GPC", "mI", "Gln", "PCr", "PCh")


def luminance(colour: str) -> float:
    """Relative luminance (WCAG 2, from sRGB)."""
    channels = [int(colour[place : place + 2], 16) / 255.0 for place in (1, 3, 5)]
    linear = [value / 12.92 if value <= 0.04045 else ((value + 0.055) / 1.055) ** 2.4 for value in channels]
    return sum(weight * value for weight, value in zip((0.2126, 0.7152, 0.0722), linear, strict=True))


def test_each_colour_is_readable_on_white() -> None:
    """Names stand in their colour: contrast of at least 4.5."""
    assert all(1.05 / (luminance(colour) + 0.05) >= 4.5 for colour in COLOURS)


def test_leading_parts_differ_without_colour() -> None:
    """Two of them have other dashes, or shades of grey that differ by a third."""
    for one, other in combinations(LEADING, 2):
        (colour, dashes), (other_colour, other_dashes) = part_style(one), part_style(other)
        light, dark = sorted((luminance(colour) + 0.05, luminance(other_colour) + 0.05), reverse=True)
        assert dashes != other_dashes or light / dark > 1.33, (one, other)
