"""Zeros of increasing functions."""

from __future__ import annotations

from collections.abc import Callable

from scipy import optimize


def increasing_root(function: Callable[[float], float], guess: float, step: float) -> float:
    """Zero of an increasing function, to 1e-7.

    The bracket starts at ``guess`` and grows by ``step``, doubled each time, until it holds the zero.
    """
    low = high = guess
    if function(guess) > 0.0:
        while function(low := low - step) > 0.0:
            high, step = low, 2.0 * step
    else:
        while function(high := high + step) < 0.0:
            low, step = high, 2.0 * step
    return float(optimize.brentq(function, low, high, xtol=1e-7))
