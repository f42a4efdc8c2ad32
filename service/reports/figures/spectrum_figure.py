"""The spectrum as inline SVG: data, fit, baseline, parts of the fit, and the residual in a strip of its own."""

from __future__ import annotations

import math
from dataclasses import dataclass
from html import escape

import numpy as np
import numpy.typing as npt

from fitting.model.result import Traces
from fitting.units import FloatArray
from service.reports import numbers
from service.reports.part_styles import part_attributes
from service.reports.paths import path
from service.reports.texts import text

HIGH_PPM, LOW_PPM = 4.2, 0.2
WIDTH = 860
LEFT, RIGHT = 58, 850
STRIP = (20, 84)
"""Top and bottom of the residual's strip."""
MAIN = (104, 428)
"""Top and bottom of the spectrum's panel."""

PEAKS: tuple[tuple[str, float], ...] = (
    ("tCr", 3.92),
    ("Glx", 3.75),
    ("mI", 3.56),
    ("tCho", 3.21),
    ("tCr", 3.03),
    ("Glx", 2.35),
    ("tNAA", 2.01),
)
"""Positions of the labelled main signals, ppm.

Govindaraju et al. 2000, doi:10.1002/1099-1492(200005)13:3<129::AID-NBM619>3.0.CO;2-V.
"""

SCREEN_FONT, PAPER_FONT = 13, 19
"""Text height in SVG units: on paper the figure is about half as wide."""

STYLES = {
    "data": 'stroke="#6b7280" stroke-width="1"',
    "fit": 'stroke="#0b3d91" stroke-width="1.9"',
    "baseline": 'stroke="#111827" stroke-width="1.2" stroke-dasharray="7 4"',
    "residual": 'stroke="#374151" stroke-width="1"',
}
"""Weight and dashes distinguish the curves on black and white paper; colour is redundant."""

HALO = ' stroke="#ffffff" stroke-width="3" stroke-linejoin="round" paint-order="stroke"'
"""Keeps words readable where a curve passes behind them."""

INK, MUTED, RULE = "#111827", "#4b5563", "#d1d5db"


@dataclass(frozen=True, slots=True)
class PanelScale:
    """Maps ppm and signal to SVG units within one panel."""

    low: float
    """Signal at the panel's bottom."""
    per_unit: float
    """SVG units per unit of signal."""
    top: float
    """Signal of the highest point, which reads as 100 %."""

    def y(self, signal: FloatArray, bottom: float = MAIN[1]) -> FloatArray:
        """SVG ordinates of a signal."""
        return bottom - (signal - self.low) * self.per_unit


@dataclass(frozen=True, slots=True)
class Window:
    """The drawn range of the traces on their SVG abscissa."""

    x: FloatArray
    inside: npt.NDArray[np.bool_]
    scale: PanelScale


def abscissa(ppm: FloatArray) -> FloatArray:
    """SVG abscissa of chemical shifts: high ppm on the left."""
    return LEFT + (HIGH_PPM - ppm) / (HIGH_PPM - LOW_PPM) * (RIGHT - LEFT)


def window(traces: Traces) -> Window | None:
    """The part of the traces between 4.2 and 0.2 ppm with a common scale; None when there is nothing to draw."""
    inside = (traces.ppm <= HIGH_PPM) & (traces.ppm >= LOW_PPM)
    shown = np.concatenate([array[inside] for array in (traces.data, traces.fit, traces.baseline)])
    shown = shown[np.isfinite(shown)]
    if np.count_nonzero(inside) < 2 or shown.size == 0 or np.ptp(shown) <= 0.0:
        return None
    low, top = float(min(shown.min(), 0.0)), float(shown.max())
    margin = 0.03 * (top - low)
    return Window(
        x=abscissa(traces.ppm[inside]),
        inside=inside,
        scale=PanelScale(low - margin, (MAIN[1] - MAIN[0]) / (1.12 * (top - low)), top),
    )


def spectrum_svg(traces: Traces, residual: str, *, paper: bool = False) -> str:
    """The whole figure; empty when there is nothing to draw.

    Parameters
    ----------
    traces : Traces
        Curves on one ppm axis.
    residual : str
        Residual over noise as text, for the description.
    paper : bool
        Larger text, and no hidden parts of the fit that a script can show.
    """
    view = window(traces)
    if view is None:
        return ""
    font = PAPER_FONT if paper else SCREEN_FONT
    height = MAIN[1] + 2.4 * font + 14
    title = escape(text("spectrum.title"))
    described = escape(description(residual))
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" class="spectrum" viewBox="0 0 {WIDTH} {height:.0f}" role="img" '
        f'aria-labelledby="spectrum-title spectrum-desc" font-size="{font}" fill="{INK}" '
        f'data-left="{LEFT}" data-right="{RIGHT}" data-high="{HIGH_PPM}" data-low="{LOW_PPM}" '
        f'data-top="{MAIN[0]}" data-bottom="{MAIN[1]}">',
        f'<title id="spectrum-title">{title}</title><desc id="spectrum-desc">{described}</desc>',
        _clip(),
        _frame(view.scale, font),
        f'<g clip-path="url(#spectrum-strip)"><g class="zoom strip" fill="none" data-middle="{sum(STRIP) / 2}">'
        f"{_residual(view, traces)}</g></g>",
        '<g clip-path="url(#spectrum-main)"><g class="zoom" fill="none" stroke-linejoin="round">',
        _curves(view, traces),
        "" if paper else _components(view, traces),
        "</g></g>",
        _labels(view, traces),
        _legend(font),
        "</svg>",
    ]
    return "".join(parts)


def description(residual: str) -> str:
    """Text alternative of the figure."""
    return text("spectrum.description", high=HIGH_PPM, low=LOW_PPM, residual=residual)


def _clip() -> str:
    paths = "".join(
        f'<clipPath id="spectrum-{name}"><rect x="{LEFT}" y="{top}" width="{RIGHT - LEFT}" height="{bottom - top}"/>'
        "</clipPath>"
        for name, (top, bottom) in (("strip", STRIP), ("main", MAIN))
    )
    return f"<defs>{paths}</defs>"


def majors() -> list[float]:
    """Labelled ticks of the ppm axis."""
    return [tick / 2.0 for tick in range(8, 0, -1)]


def _frame(scale: PanelScale, font: int) -> str:
    """Grid, axes, their ticks and names."""
    lines = []
    for ppm in majors():
        x = float(abscissa(np.array([ppm]))[0])
        lines.append(
            f'<g class="tick" data-ppm="{ppm}" transform="translate({x:.1f})">'
            f'<path d="M0,{STRIP[0]}V{STRIP[1]}M0,{MAIN[0]}V{MAIN[1]}" stroke="{RULE}" stroke-width=".7"/>'
            f'<path d="M0,{MAIN[1]}v5" stroke="{INK}"/>'
            f'<text y="{MAIN[1] + 6 + font}" text-anchor="middle">{ppm:.1f}</text></g>'
        )
    for percent in _percents(scale, font):
        y = float(scale.y(np.array([scale.top * percent / 100.0]))[0])
        lines.append(
            f'<path d="M{LEFT - 4},{y:.1f}h4" stroke="{INK}"/>'
            f'<text class="percent" data-percent="{percent}" x="{LEFT - 7}" y="{y + 0.34 * font:.1f}" '
            f'text-anchor="end" fill="{MUTED}">{numbers.fixed(percent, 0)}</text>'
        )
    boxes = "".join(
        f'<rect x="{LEFT}" y="{top}" width="{RIGHT - LEFT}" height="{bottom - top}" fill="none" stroke="{MUTED}" '
        'stroke-width=".8"/>'
        for top, bottom in (STRIP, MAIN)
    )
    middle = (LEFT + RIGHT) / 2
    return (
        f"{''.join(lines)}{boxes}"
        f'<text x="{middle}" y="{MAIN[1] + 9 + 2.3 * font:.0f}" text-anchor="middle">'
        f"{escape(text('spectrum.axis'))}</text>"
        f'<text transform="translate({font - 1} {(MAIN[0] + MAIN[1]) / 2}) rotate(-90)" text-anchor="middle" '
        f'fill="{MUTED}">'
        f"{escape(text('spectrum.scale'))}</text>"
        f'<text x="{LEFT}" y="{STRIP[0] - 6}" fill="{MUTED}">'
        f"{escape(text('spectrum.residual_strip'))}</text>"
    )


def _percents(scale: PanelScale, font: int) -> list[int]:
    """Round ticks of the ordinate with room for their labels, from the panel's bottom to 100 %."""
    if scale.top <= 0.0:
        return []
    per_percent = scale.per_unit * scale.top / 100.0
    step = next((step for step in (50, 100, 200, 500, 1000, 2000, 5000) if step * per_percent >= 2.2 * font), 10_000)
    lowest = math.ceil(100.0 * scale.low / scale.top / step)
    return [percent for percent in range(lowest * step, 101, step)]


def _curve(name: str, d: str, style: str) -> str:
    return f'<path class="{name}" vector-effect="non-scaling-stroke" {style} d="{d}"/>'


def _residual(view: Window, traces: Traces) -> str:
    middle = (STRIP[0] + STRIP[1]) / 2
    y = middle - traces.residual[view.inside] * view.scale.per_unit
    zero = f'<path d="M{LEFT},{middle}H{RIGHT}" stroke="{MUTED}" stroke-width=".7" vector-effect="non-scaling-stroke"/>'
    return zero + _curve("residual", path(view.x, y), STYLES["residual"])


def _curves(view: Window, traces: Traces) -> str:
    return "".join(
        _curve(name, path(view.x, view.scale.y(getattr(traces, name)[view.inside])), STYLES[name])
        for name in ("data", "baseline", "fit")
    )


def _components(view: Window, traces: Traces) -> str:
    """Hidden until a script shows them; numbered, because their names are untrusted input."""
    return "".join(
        f'<path class="component" data-component="{k}" visibility="hidden" vector-effect="non-scaling-stroke" '
        f'{part_attributes(traces.names[k])} stroke-width="1.6" '
        f'd="{path(view.x, view.scale.y(traces.components[k][view.inside]))}"/>'
        for k in range(len(traces.names))
    )


def _labels(view: Window, traces: Traces) -> str:
    """Names over their peaks, just above the curve they stand on."""
    ppm = traces.ppm[view.inside]
    highest = np.fmax(np.fmax(traces.data[view.inside], traces.fit[view.inside]), traces.baseline[view.inside])
    labels = []
    for name, shift in PEAKS:
        near = highest[np.abs(ppm - shift) <= 0.06]
        near = near[np.isfinite(near)]
        if near.size == 0:
            continue
        y = max(float(view.scale.y(np.array([near.max()]))[0]) - 8.0, MAIN[0] + 13.0)
        x = float(abscissa(np.array([shift]))[0])
        labels.append(
            f'<g class="tick" data-ppm="{shift}" transform="translate({x:.1f})"><text y="{y:.1f}" '
            f'text-anchor="middle" font-weight="600"{HALO}>{name}</text></g>'
        )
    return "".join(labels)


def _legend(font: int) -> str:
    """Line samples with names, at the upper right where spectra are flat."""
    x, y, step = RIGHT - 11.5 * font, MAIN[0] + 1.5 * font, 1.4 * font
    lines = [
        f'<path d="M{x:.1f},{y + step * k - 0.34 * font:.1f}h34" fill="none" {STYLES[name]}/>'
        f'<text x="{x + 42:.1f}" y="{y + step * k:.1f}">{escape(text(f"spectrum.{name}"))}</text>'
        for k, name in enumerate(("data", "fit", "baseline"))
    ]
    ground = (
        f'<rect x="{x - 6:.1f}" y="{y - font:.1f}" width="{RIGHT - x:.1f}" height="{3.2 * step:.1f}" fill="#ffffff"/>'
    )
    return f'<g class="legend">{ground}{"".join(lines)}</g>'


def ends_of_scale(traces: Traces) -> tuple[str, str]:
    """Ordinates of 0 and 100 %, from which a script reads values off the figure."""
    view = window(traces)
    if view is None:
        return "", ""
    zero, full = view.scale.y(np.array([0.0, view.scale.top]))
    return f"{zero:.2f}", f"{full:.2f}"
