"""Likelihood of the control model: everything but the hyperparameters is integrated out, for all is linear and normal.

log mean = w · (μ + region + laboratory + laboratory × region + covariates) + whole-sum effect + sampling error, with w
the weights of the parts in the reported metabolite (:func:`fitting.norms.composition.linear`).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from scipy import linalg

from fitting.norms.composition import PARTS, linear
from fitting.units import FloatArray
from norm_model.covariance import Covariances, covariances, gradient, log_prior
from norm_model.observations import Observations, sampling_covariance

PRIOR_MEAN = np.log([1.25, 0.15, 1.25, 0.30, 0.75, 0.24])
"""Of the log parts of a typical region."""
PRIOR_SD = np.array([0.3, 0.4, 0.3, 0.4, 0.3, 0.3])
EFFECT_SD = 0.10
"""Prior SD of the effect of each covariate on each log part."""


@dataclass(frozen=True, slots=True)
class Problem:
    """Observations with their design about given compositions."""

    data: Observations
    weights: FloatArray
    """Shape (n, 6)."""
    residual: FloatArray
    """Log mean less its prior mean, shape (n,)."""
    error: FloatArray
    """Covariance of sampling errors, shape (n, n)."""
    same_study: FloatArray
    same_region: FloatArray
    same_whole: FloatArray
    fixed: FloatArray
    """Covariance of the fixed effects, shape (n, n)."""


@dataclass(frozen=True, slots=True)
class Conditioned:
    """The observations' covariance at given hyperparameters, factored."""

    problem: Problem
    levels: Covariances
    factor: FloatArray
    solved: FloatArray
    """Inverse covariance times the residual, shape (n,)."""


def problem(data: Observations, compositions: Mapping[str, FloatArray]) -> Problem:
    """Design of the observations; ``compositions`` holds the log parts of each region, ``*`` those of any other."""
    rows = [
        linear(name, compositions.get(region, compositions["*"]))
        for name, region in zip(data.metabolite, data.region, strict=True)
    ]
    weights = np.array([row[0] for row in rows])
    constants = np.array([row[1] for row in rows])
    same_study = (data.study[:, None] == data.study).astype(np.float64)
    whole = data.whole_sum.astype(np.float64)
    covariates = data.covariates @ data.covariates.T * EFFECT_SD**2
    return Problem(
        data=data,
        weights=weights,
        residual=data.log_mean - constants - weights @ PRIOR_MEAN,
        error=sampling_covariance(data),
        same_study=same_study,
        same_region=(data.region[:, None] == data.region).astype(np.float64),
        same_whole=same_study * np.outer(whole, whole),
        fixed=(weights * PRIOR_SD**2) @ weights.T + (weights @ weights.T) * covariates,
    )


def covariance(given: Problem, levels: Covariances) -> FloatArray:
    """Covariance of the observations, shape (n, n)."""
    weights = given.weights
    return (
        given.fixed
        + given.error
        + (weights @ levels.laboratory @ weights.T) * given.same_study
        + (weights @ levels.region @ weights.T) * given.same_region
        + (weights @ levels.cell @ weights.T) * given.same_study * given.same_region
        + levels.whole_sum**2 * given.same_whole
    )


def objective(theta: FloatArray, given: Problem) -> tuple[float, FloatArray]:
    """Negative log posterior of the hyperparameters, and its gradient."""
    factor = linalg.cholesky(covariance(given, covariances(theta)), lower=True)
    inverse = linalg.cho_solve((factor, True), np.eye(given.residual.size))
    solved = inverse @ given.residual
    prior, prior_gradient = log_prior(theta)
    value = float(np.log(np.diag(factor)).sum() + 0.5 * given.residual @ solved) - prior
    slope = 0.5 * (inverse - np.outer(solved, solved))
    weights = given.weights
    found = gradient(
        theta,
        weights.T @ (slope * given.same_study) @ weights,
        weights.T @ (slope * given.same_region) @ weights,
        weights.T @ (slope * given.same_study * given.same_region) @ weights,
        float(np.sum(slope * given.same_whole)),
    )
    return value, found - prior_gradient


def condition(given: Problem, theta: FloatArray) -> Conditioned:
    """Factor the covariance of the observations at these hyperparameters."""
    levels = covariances(theta)
    factor = linalg.cholesky(covariance(given, levels), lower=True)
    return Conditioned(given, levels, factor, linalg.cho_solve((factor, True), given.residual))


def posterior(at: Conditioned, regions: tuple[str, ...], press: float) -> tuple[FloatArray, FloatArray]:
    """Posterior of the log parts of typical laboratories by region, and of the effects of 7 T and 1.5 T on them.

    Parameters
    ----------
    at : Conditioned
    regions : tuple of str
        May be ones that no study measured.
    press : float
        Covariate of the sequence.

    Returns
    -------
    mean : float array, shape (6 k + 12,)
        Parts of each of k regions at 3 T, then the effects of 7 T and of 1.5 T on each part.
    covariance : float array, shape (6 k + 12, 6 k + 12)
    """
    count, places = len(PARTS), len(regions)
    data, weights = at.problem.data, at.problem.weights
    shared = np.diag(PRIOR_SD**2) + press**2 * EFFECT_SD**2 * np.eye(count)
    size = count * (places + 2)
    prior, cross = np.zeros((size, size)), np.zeros((size, data.log_mean.size))
    for index, region in enumerate(regions):
        rows = slice(count * index, count * (index + 1))
        prior[rows, : count * places] = np.tile(shared, places)
        prior[rows, rows] += at.levels.region
        cross[rows] = (
            (PRIOR_SD**2)[:, None] * weights.T
            + press * EFFECT_SD**2 * weights.T * data.covariates[:, 3]
            + (at.levels.region @ weights.T) * (data.region == region)
        )
    for index, column in enumerate((1, 2)):
        rows = slice(count * (places + index), count * (places + index + 1))
        prior[rows, rows] = EFFECT_SD**2 * np.eye(count)
        cross[rows] = EFFECT_SD**2 * weights.T * data.covariates[:, column]
    explained = linalg.solve_triangular(at.factor, cross.T, lower=True)
    mean = np.concatenate([np.tile(PRIOR_MEAN, places), np.zeros(2 * count)]) + cross @ at.solved
    return mean, prior - explained.T @ explained
