"""Fit of the control model: mode of the hyperparameters, Laplace approximation, draws and what they say of regions."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from scipy import optimize

from fitting.norms.composition import PARTS
from fitting.units import FloatArray
from norm_model.covariance import BOUNDS, START, covariances
from norm_model.likelihood import PRIOR_MEAN, Problem, condition, objective, posterior, problem
from norm_model.observations import USUAL_PRESS, Observations

LINEARISATIONS = 3
"""Times the sums are linearised anew about the compositions found."""
ITERATIONS = 80
WIDEST = 1.5
"""SD of a direction of the hyperparameters that the rows do not determine; their priors are no wider."""
STEP = 1e-3


@dataclass(frozen=True, slots=True)
class Fit:
    """Mode and covariance of the hyperparameters, with the problem linearised about the compositions."""

    given: Problem
    theta: FloatArray
    covariance: FloatArray
    compositions: Mapping[str, FloatArray]


@dataclass(frozen=True, slots=True)
class Draws:
    """Draws of the hyperparameters and the posterior of the regions each implies; the first axis is the draw."""

    mean: FloatArray
    """Shape (h, 6 k + 12): :func:`norm_model.likelihood.posterior`."""
    covariance: FloatArray
    """Shape (h, 6 k + 12, 6 k + 12)."""
    laboratory: FloatArray
    """Shape (h, 6, 6)."""
    cell: FloatArray
    """Shape (h, 6, 6)."""


def fit(data: Observations, start: FloatArray | None = None, *, iterations: int = ITERATIONS) -> Fit:
    """Mode of the hyperparameters and the Laplace approximation about it."""
    compositions: dict[str, FloatArray] = {"*": PRIOR_MEAN}
    theta = START if start is None else start
    for last in [False] * (LINEARISATIONS - 1) + [True]:
        given = problem(data, compositions)
        theta = mode(given, theta, iterations)
        if not last:
            compositions = _compositions(given, theta)
    return Fit(given, theta, _laplace(given, theta), compositions)


def mode(given: Problem, start: FloatArray, iterations: int = ITERATIONS) -> FloatArray:
    """The most probable hyperparameters."""
    found = optimize.minimize(
        objective,
        start,
        args=(given,),
        jac=True,
        method="L-BFGS-B",
        bounds=BOUNDS,
        options={"maxiter": iterations, "ftol": 1e-8},
    )
    return np.asarray(found.x)


def draws(fitted: Fit, regions: tuple[str, ...], count: int, seed: int) -> Draws:
    """Draws of the hyperparameters from the Laplace approximation, with the regions at the field of 3 T and PRESS."""
    rng = np.random.default_rng(seed)
    root = np.linalg.cholesky(fitted.covariance)
    thetas = fitted.theta + rng.standard_normal((count, fitted.theta.size)) @ root.T
    thetas = np.clip(thetas, [low for low, _ in BOUNDS], [high for _, high in BOUNDS])
    found = [posterior(condition(fitted.given, theta), regions, 1.0 - USUAL_PRESS) for theta in thetas]
    levels = [covariances(theta) for theta in thetas]
    return Draws(
        mean=np.array([mean for mean, _ in found]),
        covariance=np.array([spread for _, spread in found]),
        laboratory=np.array([level.laboratory for level in levels]),
        cell=np.array([level.cell for level in levels]),
    )


def _compositions(given: Problem, theta: FloatArray) -> dict[str, FloatArray]:
    """Log parts of each region, and of one that no study measured."""
    places = (*sorted(set(given.data.region)), "*")
    mean, _ = posterior(condition(given, theta), places, 0.0)
    parts = len(PARTS)
    return {place: mean[parts * index : parts * (index + 1)] for index, place in enumerate(places)}


def _laplace(given: Problem, theta: FloatArray) -> FloatArray:
    """Inverse Hessian at the mode, from central differences of the gradient."""
    steps = STEP * np.eye(theta.size)
    hessian = np.array(
        [(objective(theta + step, given)[1] - objective(theta - step, given)[1]) / (2.0 * STEP) for step in steps]
    )
    values, directions = np.linalg.eigh((hessian + hessian.T) / 2.0)
    return (directions / np.maximum(values, WIDEST**-2)) @ directions.T
