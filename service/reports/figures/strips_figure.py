"""Positions among controls as inline SVG: the reference band and this person's interval, never a point alone."""

from __future__ import annotations

from html import escape

from service.reports.strips import Strip
from service.reports.texts import text

WIDTH = 470
NAME_X, LEFT, RIGHT, TEXT_X = 2, 84, 326, 340
ROW, TOP, FOOT = 36, 30, 44
LIMIT = 5.0
"""Largest |z| that is drawn in place; beyond it an arrow stands at the edge."""

INK, MUTED, RULE, BAND = "#111827", "#4b5563", "#9ca3af", "#d9dee5"


def strips_svg(strips: tuple[Strip, ...]) -> str:
    """One row per compared value on a common z axis; empty without any."""
    if not strips:
        return ""
    height = TOP + ROW * len(strips) + FOOT
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" class="strips" viewBox="0 0 {WIDTH} {height}" role="img" '
        f'aria-labelledby="strips-title strips-desc" font-size="14" fill="{INK}">'
        f'<title id="strips-title">{escape(text("strips.title"))}</title>'
        f'<desc id="strips-desc">{escape(description(strips))}</desc>'
        f"{_axis(height)}{''.join(_row(strip, TOP + ROW * k) for k, strip in enumerate(strips))}</svg>"
    )


def description(strips: tuple[Strip, ...]) -> str:
    """Text alternative of the figure, row by row."""
    return text("strips.description", rows=" ".join(_sentence(strip) for strip in strips))


def _x(z: float) -> float:
    return LEFT + (min(max(z, -LIMIT), LIMIT) + LIMIT) / (2.0 * LIMIT) * (RIGHT - LEFT)


def _axis(height: int) -> str:
    bottom = height - FOOT + 4
    ticks = "".join(
        f'<path d="M{_x(z):.1f},{TOP - 6}V{bottom}" stroke="{RULE}" stroke-width=".6" '
        f"{'' if z == 0 else chr(34).join(('stroke-dasharray=', '2 3', ''))}/>"
        f'<text x="{_x(z):.1f}" y="{bottom + 15}" text-anchor="middle">{str(z).replace("-", chr(0x2212))}</text>'
        for z in (-4, -2, 0, 2, 4)
    )
    return (
        f'{ticks}<text x="{(LEFT + RIGHT) / 2}" y="{height - 5}" text-anchor="middle" fill="{MUTED}" font-size="12">'
        f"{escape(text('strips.axis'))}</text>"
        f'<rect x="{NAME_X}" y="5" width="20" height="12" fill="{BAND}" stroke="{MUTED}" stroke-width=".7"/>'
        f'<text x="{NAME_X + 26}" y="15" fill="{MUTED}" font-size="12">{escape(text("strips.band"))}</text>'
        f'<rect x="226" y="7" width="20" height="8" fill="{INK}"/>'
        f'<text x="252" y="15" fill="{MUTED}" font-size="12">{escape(text("strips.interval"))}</text>'
    )


def _row(strip: Strip, top: int) -> str:
    middle = top + ROW / 2
    band_low, band_high = _x(-strip.band), _x(strip.band)
    low, high, at = _x(strip.low), _x(strip.high), _x(strip.z)
    percentile = text("strips.percentile", value=strip.percentile_text)
    weight = "700" if strip.position != "within" else "400"
    return (
        f'<rect x="{band_low:.1f}" y="{middle - 10}" width="{band_high - band_low:.1f}" height="20" fill="{BAND}"/>'
        f'<path d="M{band_low:.1f},{middle - 10}v20M{band_high:.1f},{middle - 10}v20" stroke="{MUTED}"/>'
        f'<rect x="{low:.1f}" y="{middle - 4}" width="{max(high - low, 2.0):.1f}" height="8" fill="{INK}"/>'
        f'<path d="M{at:.1f},{middle - 7}v14" stroke="{INK}" stroke-width="5"/>'
        f'<path d="M{at:.1f},{middle - 5.5}v11" stroke="#fff" stroke-width="2"/>'
        f"{_arrows(strip, middle)}"
        f'<text x="{NAME_X}" y="{middle - 1}" font-weight="600">{escape(strip.name)}</text>'
        f'<text x="{NAME_X}" y="{middle + 12}" font-size="12" fill="{MUTED}">{escape(strip.measure)}</text>'
        f'<text x="{TEXT_X}" y="{middle - 1}" font-weight="{weight}">{escape(strip.flag_text)}, z {strip.z_text}</text>'
        f'<text x="{TEXT_X}" y="{middle + 12}" font-size="12" fill="{MUTED}">'
        f"{escape(strip.remark or percentile)}</text>"
    )


def _arrows(strip: Strip, middle: float) -> str:
    """Points outward where the interval goes on beyond the axis."""
    left = f'<path d="M{LEFT - 8},{middle}l9,-6v12z"/>' if strip.low < -LIMIT else ""
    right = f'<path d="M{RIGHT + 8},{middle}l-9,-6v12z"/>' if strip.high > LIMIT else ""
    return left + right


def _sentence(strip: Strip) -> str:
    return text(
        "strips.row",
        name=strip.name,
        measure=strip.measure,
        z=strip.z_text,
        percentile=strip.percentile_text,
        flag=text(f"flag.{strip.position}_long"),
    )
