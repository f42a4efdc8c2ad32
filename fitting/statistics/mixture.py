"""Mixtures of normal distributions: a distribution whose mean and spread are themselves uncertain."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from scipy import special

from fitting.units import FloatArray

STEPS = 20
TOLERANCE = 1e-4
"""Deviate that is still missing, at which the next step is the last: steps converge as its square, to below 1e-7."""
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
        """The value with the same probability below it as this standard normal deviate."""
        return float(self.quantiles(np.array([deviate]))[0])

    def quantiles(self, deviates: FloatArray) -> FloatArray:
        """The same for several deviates at once, shape (q,).

        Newton's method on the deviate of the value, which is nearly straight; all deviates take their steps together.
        """
        sd, scaled_weights = self.sd, self.weights / self.sds
        values = self.mean + sd * deviates
        for _ in range(STEPS):
            scaled = (values[:, None] - self.means) / self.sds
            lower = special.ndtr(scaled) @ self.weights
            found = special.ndtri(np.maximum(lower, EXTREME))
            is_upper = lower > 0.5
            if is_upper.any():
                upper = special.ndtr(-scaled[is_upper]) @ self.weights
                found[is_upper] = -special.ndtri(np.maximum(upper, EXTREME))
            miss = deviates - found
            density = np.exp(-0.5 * scaled**2) @ scaled_weights
            slope = np.maximum(density * np.exp(np.minimum(0.5 * found**2, 600.0)), 1e-3 / sd)
            values = values + np.clip(miss / slope, -LARGEST_STEP * sd, LARGEST_STEP * sd)
            if np.abs(miss).max() < TOLERANCE:
                break
        return values
