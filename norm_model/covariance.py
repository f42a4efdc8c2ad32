"""Hyperparameters of the control model: their layout, priors and the covariances of parts they stand for.

Three levels have a covariance of the six log parts: laboratories (with correlations between parts), regions and
laboratory × region (each with independent parts and one common term, for all ratios share tCr).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from fitting.norms.composition import PARTS
from fitting.units import FloatArray

COUNT = len(PARTS)
PAIRS = COUNT * (COUNT - 1) // 2
LABORATORY = slice(0, COUNT)
REGION = slice(COUNT, 2 * COUNT)
CELL = slice(2 * COUNT, 3 * COUNT)
COMMON_REGION, COMMON_CELL, WHOLE_SUM = 3 * COUNT, 3 * COUNT + 1, 3 * COUNT + 2
CORRELATIONS = slice(3 * COUNT + 3, 3 * COUNT + 3 + PAIRS)
SIZE = 3 * COUNT + 3 + PAIRS
PRIOR_SCALES = np.concatenate([np.full(2 * COUNT, 0.20), np.full(COUNT, 0.15), [0.10, 0.10, 0.15]])
"""Half-normal scale of each SD: weak, a laboratory, region or cell off by 20 % is expected, by 60 % hardly."""
CORRELATION_PRIOR_SD = 0.5
"""SD of each Fisher-transformed partial correlation."""
START = np.concatenate(
    [
        np.log(np.full(COUNT, 0.12)),
        np.log(np.full(COUNT, 0.10)),
        np.log(np.full(COUNT, 0.08)),
        np.log([0.05] * 3),
        np.zeros(PAIRS),
    ]
)
BOUNDS = [(-6.0, 1.0)] * (3 * COUNT + 3) + [(-3.0, 3.0)] * PAIRS


@dataclass(frozen=True, slots=True)
class Covariances:
    """Covariances of the log parts, shape (6, 6) each, and the SD of a Glx judged as a whole."""

    laboratory: FloatArray
    region: FloatArray
    cell: FloatArray
    """Laboratory × region."""
    whole_sum: float


def names() -> tuple[str, ...]:
    """Name of each hyperparameter, in their order."""
    levels = [f"log SD {level} {part}" for level in ("laboratory", "region", "cell") for part in PARTS]
    common = ["log SD region tCr", "log SD cell tCr", "log SD Glx as a whole"]
    pairs = [f"atanh partial correlation {PARTS[a]} {PARTS[b]}" for a in range(COUNT) for b in range(a)]
    return (*levels, *common, *pairs)


def covariances(theta: FloatArray) -> Covariances:
    """The covariances that hyperparameters stand for."""
    spread = np.exp(theta[LABORATORY])
    return Covariances(
        laboratory=np.outer(spread, spread) * correlation(theta[CORRELATIONS]).real,
        region=np.diag(np.exp(2 * theta[REGION])) + np.exp(2 * theta[COMMON_REGION]),
        cell=np.diag(np.exp(2 * theta[CELL])) + np.exp(2 * theta[COMMON_CELL]),
        whole_sum=float(np.exp(theta[WHOLE_SUM])),
    )


def correlation(transformed: FloatArray) -> FloatArray:
    """Correlation matrix of partial correlations (Lewandowski et al. 2009, doi:10.1016/j.jmva.2009.04.008).

    Row by row of its Cholesky factor, each partial correlation tanh of the given number; also of complex ones, so
    that the derivative can be had by a complex step.
    """
    partial = np.tanh(transformed)
    factor = np.zeros((COUNT, COUNT), dtype=partial.dtype)
    factor[0, 0] = 1.0
    index = 0
    for row in range(1, COUNT):
        left = 1.0 + 0.0 * partial[0]
        for column in range(row):
            factor[row, column] = partial[index] * np.sqrt(left)
            left = left - factor[row, column] ** 2
            index += 1
        factor[row, row] = np.sqrt(left)
    return factor @ factor.T


def log_prior(theta: FloatArray) -> tuple[float, FloatArray]:
    """Log density of the priors on the scale of the hyperparameters, and its gradient."""
    logs, partial = theta[: PRIOR_SCALES.size], theta[CORRELATIONS]
    ratio = (np.exp(logs) / PRIOR_SCALES) ** 2
    value = float(np.sum(logs - 0.5 * ratio) - 0.5 * np.sum((partial / CORRELATION_PRIOR_SD) ** 2))
    return value, np.concatenate([1.0 - ratio, -partial / CORRELATION_PRIOR_SD**2])


def gradient(
    theta: FloatArray, laboratory: FloatArray, region: FloatArray, cell: FloatArray, whole: float
) -> FloatArray:
    """Gradient in the hyperparameters from that in the three covariances and in the variance of the whole sum.

    Parameters
    ----------
    theta : float array, shape (36,)
    laboratory, region, cell : float array, shape (6, 6)
        Derivative of the objective by each element of the covariance, symmetric.
    whole : float
    """
    found = np.zeros(SIZE)
    spread = np.exp(theta[LABORATORY])
    correlated = correlation(theta[CORRELATIONS]).real
    found[LABORATORY] = 2.0 * np.sum(laboratory * np.outer(spread, spread) * correlated, axis=1)
    found[REGION] = 2.0 * np.diag(region) * np.exp(2 * theta[REGION])
    found[CELL] = 2.0 * np.diag(cell) * np.exp(2 * theta[CELL])
    found[COMMON_REGION] = 2.0 * np.exp(2 * theta[COMMON_REGION]) * region.sum()
    found[COMMON_CELL] = 2.0 * np.exp(2 * theta[COMMON_CELL]) * cell.sum()
    found[WHOLE_SUM] = 2.0 * np.exp(2 * theta[WHOLE_SUM]) * whole
    weighted = laboratory * np.outer(spread, spread)
    step = 1e-20
    for index in range(PAIRS):
        shifted = theta[CORRELATIONS].astype(np.complex128)
        shifted[index] += 1j * step
        found[CORRELATIONS.start + index] = np.sum(weighted * correlation(shifted).imag) / step
    return found
