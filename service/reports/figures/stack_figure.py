"""Every part of the fit by itself, one below the other, as inline SVG: beside the spectrum or across a printed page."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from html import escape

import numpy as np

from fitting.model.result import Traces
from fitting.units import FloatArray
from service.reports.figures.spectrum_figure import HALO, HIGH_PPM, INK, LOW_PPM, RULE, majors, window
from service.reports.part_styles import part_style
from service.reports.paths import path
from service.reports.texts import text

TOP, FOOT = 14, 40


@dataclass(frozen=True, slots=True)
class StackLayout:
    """Measures of the figure in SVG units."""

    width: int
    names: int
    """Width of the names at the left."""
    spacing: int
    """Between two parts."""
    font: int

    def x(self, ppm: FloatArray) -> FloatArray:
        """Abscissa of chemical shifts."""
        return self.names + (HIGH_PPM - ppm) / (HIGH_PPM - LOW_PPM) * (self.width - self.names - 8)


PAPER = StackLayout(860, 104, 26, 15)


def stack_svg(traces: Traces, order: Sequence[int], *, paper: bool = False) -> str:
    """Every component by itself, one below the other; small ones are enlarged by the factor that is printed.

    Parameters
    ----------
    traces : Traces
        Curves on one ppm axis.
    order : sequence of int
        Places of the components from top to bottom.
    paper : bool
        As wide as a page; otherwise as wide and high as the column beside the spectrum.
    """
    view = window(traces)
    if view is None or not traces.names:
        return ""
    layout = PAPER if paper else _beside(len(traces.names))
    height = TOP + layout.spacing * len(traces.names) + FOOT
    tallest = max((_height(traces.components[k][view.inside]) for k in range(len(traces.names))), default=0.0)
    x = layout.x(traces.ppm[view.inside])
    rows = []
    for row, k in enumerate(order, start=1):
        name, base = traces.names[k], TOP + layout.spacing * row
        signal = traces.components[k][view.inside]
        factor = _enlargement(_height(signal), tallest)
        curve = base - signal * factor * (layout.spacing * 1.6 / tallest if tallest > 0.0 else 0.0)
        label = name if factor == 1 else f"{name} \N{MULTIPLICATION SIGN}{factor}"
        rows.append(
            f'<g data-part="{k}"><path d="M{layout.names},{base}H{layout.width - 8}" stroke="{RULE}"/>'
            f'<path class="part" d="{path(x, curve)}" fill="none" stroke="{part_style(name)[0]}" stroke-width="1.3"/>'
            f'<text x="{layout.names - 6}" y="{base + 4}" text-anchor="end" font-weight="600" '
            f'fill="{part_style(name)[0]}"{HALO}>{escape(label)}</text></g>'
        )
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" class="stack" viewBox="0 0 {layout.width} {height}" role="img" '
        f'aria-labelledby="stack-title stack-desc" font-size="{layout.font}" fill="{INK}">'
        f'<title id="stack-title">{escape(text("spectrum.stack_title"))}</title>'
        f'<desc id="stack-desc">{escape(text("spectrum.stack_description"))}</desc>'
        f"{''.join(rows)}{_axis(layout, height)}</svg>"
    )


def _beside(parts: int) -> StackLayout:
    """About as high as the spectrum, whatever the number of parts."""
    return StackLayout(440, 84, min(max(430 // parts, 15), 30), 12)


def _axis(layout: StackLayout, height: int) -> str:
    ticks = [(ppm, float(layout.x(np.array([ppm]))[0])) for ppm in majors()]
    line = f'<path d="M{layout.names},{height - FOOT + 8}H{layout.width - 8}" stroke="{INK}"/>'
    marks = "".join(
        f'<path d="M{x:.1f},{height - FOOT + 8}v5" stroke="{INK}"/>'
        f'<text x="{x:.1f}" y="{height - FOOT + 26}" text-anchor="middle">{ppm:.1f}</text>'
        for ppm, x in ticks
    )
    return line + marks


def _height(curve: FloatArray) -> float:
    finite = curve[np.isfinite(curve)]
    return float(np.max(np.abs(finite))) if finite.size else 0.0


def _enlargement(peak: float, tallest: float) -> int:
    """1, 2, 5, 10 or 20: as large as fits, so that a weak signal is visible and a zero one stays flat."""
    if peak <= tallest * 1e-4:
        return 1
    return next((factor for factor in (20, 10, 5, 2) if peak * factor <= 0.8 * tallest), 1)
