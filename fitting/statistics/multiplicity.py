"""Many tests at once: adjusted p values."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

FALSE_DISCOVERY_RATE = 0.05
ONE_IN = 20
"""Tests at 5 % that are positive although nothing differs: one in this many."""


def q_values(p_values: Sequence[float]) -> tuple[float, ...]:
    """Benjamini–Hochberg q values, in the order given.

    q_(i) = min over j ≥ i of p_(j) m / j (Benjamini & Hochberg 1995,
    doi:10.1111/j.2517-6161.1995.tb02031.x): the smallest false discovery rate at which each is still found.
    """
    order = np.argsort(p_values)
    ranked = np.array(p_values)[order] * len(p_values) / np.arange(1, len(p_values) + 1)
    adjusted = np.empty(len(p_values))
    adjusted[order] = np.minimum(np.minimum.accumulate(ranked[::-1])[::-1], 1.0)
    return tuple(float(q) for q in adjusted)


def holm(p_values: Sequence[float]) -> tuple[float, ...]:
    """Holm's adjusted p values, in the order given (Holm 1979, https://www.jstor.org/stable/4615733)."""
    order = np.argsort(p_values)
    ranked = np.array(p_values)[order] * (len(p_values) - np.arange(len(p_values)))
    adjusted = np.empty(len(p_values))
    adjusted[order] = np.minimum(np.maximum.accumulate(ranked), 1.0)
    return tuple(float(p) for p in adjusted)
