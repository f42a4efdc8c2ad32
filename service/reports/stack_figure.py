"""Every part of the fit by itself, one below the other, as inline SVG."""

from __future__ import annotations

from collections.abc import Sequence
from html import escape

import numpy as np

from fitting.model.result import Traces
from fitting.units import FloatArray
from service.reports.paths import path
from service.reports.spectrum_figure import INK, LEFT, RIGHT, RULE, WIDTH, abscissa, majors, window
from service.reports.texts import text


def stack_svg(traces: Traces, order: Sequence[int]) -> str:
    """Every component by itself, one below the other; small ones are enlarged by the factor that is printed.

    Parameters
    ----------
    traces : Traces
        Curves on one ppm axis.
    order : sequence of int
        Places of the components from top to bottom.
    """
    view = window(traces)
    if view is None or not traces.names:
        return ""
    spacing, top = 22, 14
    height = top + spacing * len(traces.names) + 34
    tallest = max((_height(traces.components[k][view.inside]) for k in range(len(traces.names))), default=0.0)
    lines = []
    for row, k in enumerate(order, start=1):
        name, base = traces.names[k], top + spacing * row
        peak = _height(traces.components[k][view.inside])
        factor = _enlargement(peak, tallest)
        curve = base - traces.components[k][view.inside] * factor * (spacing * 1.6 / tallest if tallest > 0.0 else 0.0)
        label = name if factor == 1 else f"{name} ×{factor}"
        lines.append(
            f'<path d="M{LEFT + 46},{base}H{RIGHT}" stroke="{RULE}"/>'
            f'<path d="{path(_narrow(view.x), curve)}" fill="none" stroke="{INK}" stroke-width="1.1"/>'
            f'<text x="{LEFT + 40}" y="{base + 4}" text-anchor="end">{escape(label)}</text>'
        )
    axis = "".join(
        f'<path d="M{_narrow_one(ppm):.1f},{height - 34}v5" stroke="{INK}"/>'
        f'<text x="{_narrow_one(ppm):.1f}" y="{height - 14}" text-anchor="middle">{ppm:.1f}</text>'
        for ppm in majors()
    )
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" class="stack" viewBox="0 0 {WIDTH} {height}" role="img" '
        f'aria-labelledby="stack-title stack-desc" font-size="13" fill="{INK}">'
        f'<title id="stack-title">{escape(text("spectrum.stack_title"))}</title>'
        f'<desc id="stack-desc">{escape(text("spectrum.stack_description"))}</desc>{"".join(lines)}{axis}</svg>'
    )


def _narrow(x: FloatArray) -> FloatArray:
    """Leaves room for names at the left of the stacked figure."""
    return RIGHT - (RIGHT - x) * (RIGHT - LEFT - 46) / (RIGHT - LEFT)


def _narrow_one(ppm: float) -> float:
    return float(_narrow(abscissa(np.array([ppm])))[0])


def _height(curve: FloatArray) -> float:
    finite = curve[np.isfinite(curve)]
    return float(np.max(np.abs(finite))) if finite.size else 0.0


def _enlargement(peak: float, tallest: float) -> int:
    """1, 2, 5, 10 or 20: as large as fits, so that a weak signal is visible and a zero one stays flat."""
    if peak <= tallest * 1e-4:
        return 1
    return next((factor for factor in (20, 10, 5, 2) if peak * factor <= 0.8 * tallest), 1)
