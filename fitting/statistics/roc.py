"""Receiver operating characteristic and calibration of scores."""

from __future__ import annotations

import numpy as np

from fitting.units import BoolArray, FloatArray

BINS = 5
"""Groups of people with neighbouring probabilities."""
BAND_POINTS, BAND_BOOTSTRAPS = 21, 500


def roc_curve(scores: FloatArray, other: BoolArray) -> list[list[float]]:
    """Points (false positive rate, true positive rate) from (0, 0) to (1, 1), one for each distinct score.

    Parameters
    ----------
    scores : array, shape (n,)
        Higher for the other group.
    other : array of bool, shape (n,)
    """
    points = [[0.0, 0.0]]
    for threshold in np.unique(scores)[::-1]:
        called = scores >= threshold
        points.append([float(np.mean(called[~other])), float(np.mean(called[other]))])
    return points


def roc_band(scores: FloatArray, other: BoolArray, generator: np.random.Generator) -> list[list[float]]:
    """Pointwise 95 % band of the curve: (false positive rate, lower, upper true positive rate), people drawn anew.

    Parameters
    ----------
    scores : array, shape (n,)
        Higher for the other group.
    other : array of bool, shape (n,)
    generator : numpy.random.Generator
    """
    first, second = np.sort(scores[~other])[::-1], scores[other]
    rates = np.linspace(0.0, 1.0, BAND_POINTS)
    rows = []
    for _ in range(BAND_BOOTSTRAPS):
        drawn_first = np.sort(generator.choice(first, first.size))[::-1]
        drawn_second = generator.choice(second, second.size)
        # highest score that still calls a share of the reference group at most this large
        place = np.minimum((rates * first.size + 1e-9).astype(int), first.size - 1)
        thresholds = np.where(rates >= 1.0, -np.inf, drawn_first[place])
        rows.append(np.mean(drawn_second[np.newaxis, :] > thresholds[:, np.newaxis], axis=1))
    low, high = np.percentile(rows, [2.5, 97.5], axis=0)
    return [list(map(float, point)) for point in zip(rates, low, high, strict=True)]


def calibration_curve(probabilities: FloatArray, other: BoolArray) -> list[list[float]]:
    """Points (mean probability, share of the other group) of five groups of people by their probability."""
    order = np.argsort(probabilities, kind="stable")
    return [
        [float(np.mean(probabilities[part])), float(np.mean(other[part]))]
        for part in np.array_split(order, BINS)
        if part.size
    ]
