"""Receiver operating characteristic and calibration of scores."""

from __future__ import annotations

import numpy as np

from fitting.units import BoolArray, FloatArray

BINS = 5
"""Groups of people with neighbouring probabilities."""


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


def calibration_curve(probabilities: FloatArray, other: BoolArray) -> list[list[float]]:
    """Points (mean probability, share of the other group) of five groups of people by their probability."""
    order = np.argsort(probabilities, kind="stable")
    return [
        [float(np.mean(probabilities[part])), float(np.mean(other[part]))]
        for part in np.array_split(order, BINS)
        if part.size
    ]
