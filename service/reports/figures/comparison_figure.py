"""The fitted models of two sessions over each other as inline SVG, both scaled to the same height of total creatine."""

from __future__ import annotations

from html import escape

import numpy as np

from fitting.model.result import Traces
from fitting.units import FloatArray
from service.reports.figures.spectrum_figure import (
    HIGH_PPM,
    INK,
    LEFT,
    LOW_PPM,
    MUTED,
    RIGHT,
    RULE,
    WIDTH,
    abscissa,
    majors,
)
from service.reports.paths import path
from service.reports.texts import text

TOP, BOTTOM = 14, 300
CREATINE_PPM, CREATINE_HALF_WIDTH = 3.03, 0.08
"""Position of the methyl signal of total creatine (Govindaraju et al. 2000, see the spectrum's figure)."""
STYLES = ('stroke="#111827" stroke-width="1.1"', 'stroke="#0b3d91" stroke-width="2.2" stroke-dasharray="9 4"')
"""Thin and solid, thick and dashed: distinguishable without colour."""


def overlay_svg(earlier: Traces, later: Traces) -> str:
    """Both models without their baselines; empty when creatine cannot scale one of them."""
    curves = [_scaled(traces) for traces in (earlier, later)]
    drawn = [curve for curve in curves if curve is not None]
    if len(drawn) < len(curves):
        return ""
    low = min(float(signal.min()) for _, signal in drawn)
    high = max(float(signal.max()) for _, signal in drawn)
    per_unit = (BOTTOM - TOP) / (1.06 * (high - low))
    lines = [
        f'<path class="{name}" fill="none" stroke-linejoin="round" {style} '
        f'd="{path(x, BOTTOM - (signal - low) * per_unit)}"/>'
        for name, style, (x, signal) in zip(("earlier", "later"), STYLES, drawn, strict=True)
    ]
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" class="overlay" viewBox="0 0 {WIDTH} {BOTTOM + 44}" role="img" '
        f'aria-labelledby="overlay-title overlay-desc" font-size="13" fill="{INK}">'
        f'<title id="overlay-title">{escape(text("compare.figure_title"))}</title>'
        f'<desc id="overlay-desc">{escape(text("compare.figure_description"))}</desc>'
        f"{_axis()}{''.join(lines)}{_legend()}</svg>"
    )


def _scaled(traces: Traces) -> tuple[FloatArray, FloatArray] | None:
    """SVG abscissa and model without baseline in units of creatine's height."""
    inside = (traces.ppm <= HIGH_PPM) & (traces.ppm >= LOW_PPM)
    ppm, signal = traces.ppm[inside], (traces.fit - traces.baseline)[inside]
    near = signal[np.abs(ppm - CREATINE_PPM) <= CREATINE_HALF_WIDTH]
    if near.size == 0 or not np.isfinite(signal).all() or near.max() <= 0.0:
        return None
    return abscissa(ppm), signal / near.max()


def _axis() -> str:
    marks = []
    for ppm in majors():
        x = float(abscissa(np.array([ppm]))[0])
        marks.append(
            f'<path d="M{x:.1f},{TOP}V{BOTTOM}" stroke="{RULE}" stroke-width=".7"/>'
            f'<path d="M{x:.1f},{BOTTOM}v5" stroke="{INK}"/>'
            f'<text x="{x:.1f}" y="{BOTTOM + 19}" text-anchor="middle">{ppm:.1f}</text>'
        )
    return (
        f'{"".join(marks)}<rect x="{LEFT}" y="{TOP}" width="{RIGHT - LEFT}" height="{BOTTOM - TOP}" fill="none" '
        f'stroke="{MUTED}" stroke-width=".8"/><text x="{(LEFT + RIGHT) / 2}" y="{BOTTOM + 39}" text-anchor="middle">'
        f"{escape(text('spectrum.axis'))}</text>"
    )


def _legend() -> str:
    x = RIGHT - 130
    return "".join(
        f'<path d="M{x},{TOP + 16 + 19 * k}h40" fill="none" {style}/>'
        f'<text x="{x + 48}" y="{TOP + 20 + 19 * k}">{escape(text(f"compare.{name}"))}</text>'
        for k, (name, style) in enumerate(zip(("earlier", "later"), STYLES, strict=True))
    )
