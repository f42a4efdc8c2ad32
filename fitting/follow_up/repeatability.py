"""How much a value of an unchanged person differs from day to day: what one session's total error is made of."""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import lru_cache
from typing import Literal

import numpy as np
from scipy import special

from fitting.quantification.concentrations import Ratio
from fitting.units import FloatArray

POSSIBLE = 1000
"""Of the variances that few people leave possible."""


@dataclass(frozen=True, slots=True)
class Repeatability:
    """Scatter of repeated sessions of unchanged people, in parts of the value."""

    id: str
    """Row of the shipped table, or ``own``."""
    kind: Literal["published", "own"]
    """``published``, or ``own``: repeats of this site, measured and analysed as the sessions are."""
    cv: float
    """Within-person standard deviation between days over the mean, with the noise of those spectra."""
    noise: float | None
    """The part of ``cv`` that is noise of those spectra; null where it is not known, and then nothing is subtracted."""
    df: float
    """Degrees of freedom of ``cv``: people times repeats less one."""
    people: int
    """People behind it."""
    grade: str
    """A: own repeats; B: published for this region; C: few people."""
    source: str
    """Where it stands, with DOI."""
    note: str
    """What limits it."""

    def session_variance(self, measured: Ratio, level: float) -> float:
        """Variance of one session's value about what the person is like, in the square of its unit.

        σ_d² level² + noise², where σ_d² = max(0, cv² − noise_cv²) is what days add to measurement noise. Of own
        repeats, noise is the stated standard deviation of this very fit. Published repeats were fitted by others,
        so a better fit earns nothing: noise is theirs, or the stated one where that is larger. So noise counts once.
        """
        return float(self._days(np.array([self.cv**2]))[0]) * level**2 + self._noise(measured, level)

    def difference(self, before: Ratio, after: Ratio) -> tuple[float, FloatArray]:
        """Standard deviation of the difference of two sessions when nothing changes, and variances it may have.

        The scatter is proportional to the value and taken at the mean of both. The true cv² of few people may be
        cv² ν / χ²_ν; each of ``POSSIBLE`` equally probable ones gives a variance.
        """
        level = 0.5 * (before.value + after.value)
        noise = self._noise(before, level) + self._noise(after, level)
        sd = math.sqrt(self.session_variance(before, level) + self.session_variance(after, level))
        return sd, 2.0 * level**2 * self._days(self.cv**2 * _scales(self.df)) + noise

    def _days(self, squares: FloatArray) -> FloatArray:
        return np.maximum(0.0, squares - (self.noise or 0.0) ** 2)

    def _noise(self, measured: Ratio, level: float) -> float:
        theirs = 0.0 if self.noise is None else min(self.noise, self.cv)
        return max(measured.sd, theirs * level if self.kind == "published" else 0.0) ** 2


@lru_cache(maxsize=64)
def _scales(df: float) -> FloatArray:
    """Equally probable values of ν / χ²_ν: true over observed variance."""
    probabilities = (np.arange(POSSIBLE) + 0.5) / POSSIBLE
    quantiles = np.asarray(2.0 * special.gammaincinv(df / 2.0, probabilities), dtype=np.float64)
    return df / quantiles


def unbiasing(repeats: int) -> float:
    """Mean of the sample standard deviation of normal values over their true one, c₄ = √(2/(k−1)) Γ(k/2) / Γ((k−1)/2).

    Studies print the mean of each person's coefficient of variation, which is too small by this factor: 0.80 for
    two repeats, 0.92 for four, as every table of control charts has it.
    """
    return math.sqrt(2.0 / (repeats - 1)) * math.exp(math.lgamma(repeats / 2.0) - math.lgamma((repeats - 1) / 2.0))
