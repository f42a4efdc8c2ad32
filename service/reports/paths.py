"""Curves as small SVG paths: simplified below visible resolution and written as relative steps."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from fitting.units import FloatArray

TOLERANCE = 0.12
"""Largest distance in SVG units between a curve and its simplified path; a tenth of a line's width."""


def path(x: FloatArray, y: FloatArray, tolerance: float = TOLERANCE) -> str:
    """The ``d`` attribute of a polyline through the points, simplified; empty without two finite points.

    Points that are not finite are left out, so a path never holds NaN.
    """
    finite = np.isfinite(x) & np.isfinite(y)
    x, y = x[finite], y[finite]
    if x.size < 2:
        return ""
    keep = simplify(x, y, tolerance)
    tenths = np.rint(np.column_stack((x[keep], y[keep])) * 10.0).astype(np.int64)
    steps = np.diff(tenths, axis=0)
    steps = steps[np.any(steps != 0, axis=1)]
    start = f"M{_tenth(tenths[0, 0])},{_tenth(tenths[0, 1])}"
    return start + "".join(f"l{_tenth(dx)},{_tenth(dy)}" for dx, dy in steps)


def simplify(x: FloatArray, y: FloatArray, tolerance: float) -> npt.NDArray[np.intp]:
    """Indices to keep so that no dropped point is further than ``tolerance`` (in y) from the polyline.

    The Ramer-Douglas-Peucker algorithm with vertical distances, as x is an independent variable.
    """
    keep = np.zeros(x.size, dtype=bool)
    keep[[0, -1]] = True
    stack = [(0, x.size - 1)]
    while stack:
        first, last = stack.pop()
        if last - first < 2:
            continue
        inner = slice(first + 1, last)
        chord = np.interp(x[inner], x[[first, last]], y[[first, last]])
        distance = np.abs(y[inner] - chord)
        worst = int(np.argmax(distance))
        if distance[worst] > tolerance:
            middle = first + 1 + worst
            keep[middle] = True
            stack += [(first, middle), (middle, last)]
    return np.flatnonzero(keep)


def _tenth(value: int) -> str:
    """A number of tenths as a short decimal: 5 is .5, -10 is -1."""
    whole, rest = divmod(abs(int(value)), 10)
    sign = "-" if value < 0 else ""
    if rest:
        return f"{sign}{whole or ''}.{rest}"
    return f"{sign}{whole}" if whole else "0"
