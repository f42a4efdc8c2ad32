"""Mixtures of normal distributions: a distribution whose mean and spread are themselves uncertain."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from scipy import special

from fitting.units import FloatArray

STEPS = 20
TOLERANCE = 1e-7
"""Of a quantile, in standard normal deviates."""
LARGEST_STEP = 2.0
"""Of the search for a quantile, in standard deviations."""
EXTREME = 1e-300
"""Least probability that is made a deviate."""


@dataclass(frozen=True, slots=True)
class Mixture:
    """Normal distributions with weights that add up to 1; all arrays of shape (k,)."""

    weights: FloatArray
    means: FloatArray
    sds: FloatArray

    @property
    def mean(self) -> float:
        """Mean of the mixture."""
        return float(self.weights @ self.means)

    @property
    def sd(self) -> float:
        """Standard deviation of the mixture."""
        return math.sqrt(float(self.weights @ (self.sds**2 + (self.means - self.mean) ** 2)))

    def below(self, limit: float) -> float:
        """Probability of a value below the limit."""
        return float(self.weights @ special.ndtr((limit - self.means) / self.sds))

    def above(self, limit: float) -> float:
        """Probability of a value above the limit, precise where it is small."""
        return float(self.weights @ special.ndtr((self.means - limit) / self.sds))

    def deviate(self, value: float) -> float:
        """Standard normal deviate with the same probability below it as the value, precise in both tails."""
        lower = self.below(value)
        if lower <= 0.5:
            return float(special.ndtri(max(lower, EXTREME)))
        return -float(special.ndtri(max(self.above(value), EXTREME)))

    def quantile(self, deviate: float) -> float:
        """The value with the same probability below it as this standard normal deviate.

        Newton's method on the deviate of the value, which is nearly straight.
        """
        sd = self.sd
        value = self.mean + sd * deviate
        for _ in range(STEPS):
            found = self.deviate(value)
            density = float((self.weights / self.sds) @ np.exp(-0.5 * ((value - self.means) / self.sds) ** 2))
            slope = max(density * math.exp(min(0.5 * found**2, 600.0)), 1e-3 / sd)
            value += min(max((deviate - found) / slope, -LARGEST_STEP * sd), LARGEST_STEP * sd)
            if abs(deviate - found) < TOLERANCE:
                break
        return value
