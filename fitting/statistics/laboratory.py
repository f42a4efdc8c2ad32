"""Healthy people of one laboratory: a prior from other laboratories, updated by the laboratory's own values.

A person's value is y = a + x·b + s ε, with the laboratory's mean a, the effects b of covariates and the spread s of its
people. The prior of a is normal for each of h draws of the hyperparameters, that of b normal, that of log s normal.
Given a draw and s everything is normal and in closed form (Lindley & Smith 1972,
doi:10.1111/j.2517-6161.1972.tb00885.x); s is summed over a grid. No own value is needed, and one already tells of a.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, replace

import numpy as np

from fitting.statistics.distributions import NORMAL_LIMIT, sd_ratios
from fitting.statistics.mixture import Mixture
from fitting.units import FloatArray

GRID = np.linspace(-3.25, 3.25, 11)
"""Values of log s, in standard deviations about its mean."""
GROUPS = 8
"""Draws of like variance are merged into so many normal distributions for each s, with equal mean and variance."""
UNSTATED_NOISE_SHARE = 0.25
"""Share of the variance between people that is measurement noise, where it is not stated: repeated scans vary by 3 to
6 % (14 people, 3 T, TE 35 ms; PMC9244865, Table 3), half of the 8 to 15 % between people."""
LARGEST_NOISE_SHARE = 0.5
"""At most this share of the variance between people is taken for noise, whatever errors are stated."""
POINTS = 200
"""Equally probable spreads of a sample without prior."""


@dataclass(frozen=True, slots=True)
class Prior:
    """What other laboratories say of this one; the arrays have one entry for each draw, shape (h,)."""

    mean: FloatArray
    """Expected mean of the laboratory."""
    region: FloatArray
    """Variance of the mean of a typical laboratory."""
    laboratory: FloatArray
    """Variance of this laboratory about it."""
    log_spread: float
    """Mean of log s."""
    log_spread_sd: float
    """Its standard deviation."""
    log_weights: FloatArray | None = None
    """Of the draws; equal when None."""


@dataclass(frozen=True, slots=True)
class LaboratorySample:
    """Own values of a laboratory with the covariates of its people and of the person to be judged.

    Covariates are differences from the values at which the prior of the mean holds.
    """

    values: FloatArray
    """Shape (n,); n may be zero."""
    design: FloatArray
    """Shape (n, p); p may be zero."""
    person: FloatArray
    """Shape (p,)."""
    effects: FloatArray
    """Prior mean of the effects, shape (p,)."""
    effects_sd: FloatArray
    """Prior SD of the effects, above zero, shape (p,)."""


NO_PEOPLE = LaboratorySample(np.zeros(0), np.zeros((0, 0)), np.zeros(0), np.zeros(0), np.zeros(0))
"""No own values and no covariates."""


@dataclass(frozen=True, slots=True)
class Noise:
    """Measurement variances of one comparison: of the people and of the person. None is not known."""

    people: float | None = None
    person: float | None = None

    def split(self, variance: FloatArray) -> tuple[FloatArray, FloatArray]:
        """Variance of true values between people and of the person's measurement, for given total variances s².

        Where the people's noise is not stated it is a quarter of their variance, and a person is not taken to be
        measured better; where the person's is not, it is like theirs. At most half of their variance is noise. A person
        measured as well as they are has their variance, whatever its share; noise beyond theirs is added in full.
        """
        if self.people is None:
            usual = UNSTATED_NOISE_SHARE * variance
            return variance - usual, usual if self.person is None else np.maximum(usual, self.person)
        usual = np.minimum(self.people, LARGEST_NOISE_SHARE * variance)
        if self.person is None:
            return variance - usual, usual
        return variance - usual, np.minimum(self.person, usual) + max(self.person - self.people, 0.0)


@dataclass(frozen=True, slots=True)
class People:
    """What is known of the people a person is compared with: their mean and spread as a mixture, shape (k,) each."""

    weights: FloatArray
    mean: FloatArray
    """Expected mean of people like the person."""
    variance: FloatArray
    """Its variance."""
    spread: FloatArray
    """SD between their measured values."""

    @property
    def typical(self) -> float:
        """Expected median of their values, on the scale of the values."""
        return math.exp(float(self.weights @ self.mean))

    def predictive(self, noise: Noise) -> Mixture:
        """Distribution of the measured value of a new healthy person."""
        true, own = noise.split(self.spread**2)
        return Mixture(self.weights, self.mean, np.sqrt(self.variance + true + own))

    def position(self, value: float, noise: Noise) -> Mixture:
        """Distribution of ζ, the person's own, noise-free position among the true values of these people.

        The person is one more of them: the value also tells of their mean and spread, and the true value is drawn
        towards their mean by the share of the measurement in its variance. P(|ζ| > 1.96) therefore averages 5 % over
        healthy people.
        """
        true, own = noise.split(self.spread**2)
        total = self.variance + true + own
        logs = np.log(self.weights) - 0.5 * np.log(total) - 0.5 * (value - self.mean) ** 2 / total
        weights = np.exp(logs - logs.max())
        kept = true / (true + own)
        variance = 1.0 / (1.0 / self.variance + 1.0 / (true + own))
        mean = variance * (self.mean / self.variance + value / (true + own))
        scale = np.sqrt(true)
        sds = np.sqrt(kept**2 * variance + kept * own) / scale
        return Mixture(weights / weights.sum(), kept * (value - mean) / scale, sds)

    def outside(self, value: float, noise: Noise) -> float:
        """Probability that the person's true value is outside the central 95 % of the true values of these people."""
        position = self.position(value, noise)
        return position.below(-NORMAL_LIMIT) + position.above(NORMAL_LIMIT)


def update(prior: Prior, sample: LaboratorySample = NO_PEOPLE) -> People:
    """The people a person is compared with, after the laboratory's own values."""
    spread = _spread_grid(prior, sample)
    square = spread**2
    known = _sufficient(sample, square)
    mean, variance = prior.mean[:, None], (prior.region + prior.laboratory)[:, None]
    growth = 1.0 + variance * known.precision
    miss = known.pull - mean * known.precision
    logs = (
        -0.5 * ((np.log(spread) - prior.log_spread) / prior.log_spread_sd) ** 2
        - 0.5 * known.log_determinant
        - 0.5 * np.log(growth)
        - 0.5 * (known.square - 2.0 * mean * known.pull + mean**2 * known.precision - variance * miss**2 / growth)
    )
    if prior.log_weights is not None:
        logs = logs + prior.log_weights[:, None]
    weights = np.exp(logs - logs.max())
    own_mean, own_variance = (mean + variance * known.pull) / growth, variance / growth
    order = np.argsort(prior.region + prior.laboratory)
    merged = _merged(
        weights[order] / weights.sum(),
        ((1.0 - known.drawn) * own_mean + known.shift)[order],
        ((1.0 - known.drawn) ** 2 * own_variance + known.uncertain)[order],
    )
    share, expected, uncertain = (item.ravel() for item in merged)
    return People(share, expected, uncertain, np.tile(spread, merged[0].shape[0]))


def alone(mean: float, sd: float, df: float, leverage: float) -> People:
    """The same from a sample without prior: s² is sd² df / χ²_df and the mean's variance ``leverage`` s²."""
    spread = sd / sd_ratios(df, POINTS)
    return People(np.full(POINTS, 1.0 / POINTS), np.full(POINTS, mean), leverage * spread**2, spread)


def given(prior: Prior, means: FloatArray, covariance: FloatArray, observed: FloatArray, error: FloatArray) -> Prior:
    """The prior after means of other quantities of the same laboratory were observed.

    Parameters
    ----------
    prior : Prior
        Of the quantity itself.
    means : float array, shape (h, q)
        Expected means of the other quantities.
    covariance : float array, shape (h, 1 + q, 1 + q)
        Of the quantity itself and the others.
    observed, error : float array, shape (q,)
        Means of the others and the variances of their sampling.
    """
    spread = covariance[:, 1:, 1:] + np.diag(error)
    with_it = covariance[:, 0, 1:]
    residual = observed - means
    weight = np.linalg.solve(spread, with_it[:, :, None])[:, :, 0]
    solved = np.linalg.solve(spread, residual[:, :, None])[:, :, 0]
    logs = -0.5 * np.linalg.slogdet(spread)[1] - 0.5 * np.sum(residual * solved, axis=1)
    left = 1.0 - np.sum(weight * with_it, axis=1) / covariance[:, 0, 0]
    return replace(
        prior,
        mean=prior.mean + np.sum(weight * residual, axis=1),
        region=prior.region * left,
        laboratory=prior.laboratory * left,
        log_weights=logs if prior.log_weights is None else prior.log_weights + logs,
    )


@dataclass(frozen=True, slots=True)
class _Sufficient:
    """Own values as far as the mean and the person matter, for each s; shape (g,)."""

    precision: FloatArray
    """1ᵀΣ⁻¹1 with Σ = s² + x B xᵀ."""
    pull: FloatArray
    """1ᵀΣ⁻¹e with e the values less the expected effects."""
    square: FloatArray
    """eᵀΣ⁻¹e."""
    log_determinant: FloatArray
    drawn: FloatArray
    """The person's expected value is (1 − drawn) a + shift with variance ``uncertain`` given a."""
    shift: FloatArray
    uncertain: FloatArray


def _sufficient(sample: LaboratorySample, square: FloatArray) -> _Sufficient:
    count = sample.values.size
    rest = sample.values - sample.design @ sample.effects if count else sample.values
    total, squares = float(rest.sum()), float(rest @ rest)
    if sample.person.size == 0:
        nothing = np.zeros_like(square)
        return _Sufficient(
            count / square, total / square, squares / square, count * np.log(square), nothing, nothing, nothing
        )
    design = sample.design if count else np.zeros((0, sample.person.size))
    columns, along = design.sum(axis=0), design.T @ rest
    inner = square[:, None, None] * np.diag(sample.effects_sd**-2.0) + design.T @ design
    sides = np.column_stack([columns, along, sample.person])
    solved = np.linalg.solve(inner, np.broadcast_to(sides, (square.size, *sides.shape)))
    of_ones, of_rest, of_person = (solved[:, :, index] for index in range(3))
    scaled = np.linalg.slogdet(inner)[1] + 2.0 * float(np.log(sample.effects_sd).sum())
    return _Sufficient(
        precision=(count - of_ones @ columns) / square,
        pull=(total - of_rest @ columns) / square,
        square=(squares - of_rest @ along) / square,
        log_determinant=(count - sample.person.size) * np.log(square) + scaled,
        drawn=of_ones @ sample.person,
        shift=of_rest @ sample.person + float(sample.person @ sample.effects),
        uncertain=square * (of_person @ sample.person),
    )


def _spread_grid(prior: Prior, sample: LaboratorySample) -> FloatArray:
    """Spreads about the mean that the prior and the own values give log s, shape (g,)."""
    centre, sd = prior.log_spread, prior.log_spread_sd
    count = sample.values.size
    if count > 1:
        rest = sample.values - sample.design @ sample.effects
        precision, own = sd**-2.0, 2.0 * (count - 1.0)
        least = math.exp(centre - 4.0 * sd)
        observed = math.log(max(float(rest.std(ddof=1)), least))
        centre = (precision * centre + own * observed) / (precision + own)
        sd = (precision + own) ** -0.5
    return np.exp(centre + sd * GRID)


def _merged(weights: FloatArray, means: FloatArray, variances: FloatArray) -> tuple[FloatArray, FloatArray, FloatArray]:
    """Groups of neighbouring draws as one normal distribution each, with the mean and variance of the group."""
    draws, grid = weights.shape
    size = max(1, draws // GROUPS)
    kept = draws - draws % size
    groups = (kept // size, size, grid)
    parts = [item[:kept].reshape(groups) for item in (weights, weights * means, weights * (variances + means**2))]
    total, first, second = (item.sum(axis=1) for item in parts)
    total = np.maximum(total, 1e-300)
    mean = first / total
    return total / total.sum(), mean, np.maximum(second / total - mean**2, 1e-30)
