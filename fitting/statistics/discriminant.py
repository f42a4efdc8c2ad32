"""Telling two groups apart from many features: shrunken discriminant, out-of-sample scores, AUC."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from scipy import stats

from fitting.units import BoolArray, FloatArray, IndexArray

LEAST_SPREAD = 1e-12
"""Features with a smaller standard deviation do not vary."""


@dataclass(frozen=True, slots=True)
class Discriminant:
    """Linear score of people; positive speaks for the other group."""

    centre: FloatArray
    scale: FloatArray
    weights: FloatArray
    offset: float

    def score(self, features: FloatArray) -> FloatArray:
        """Log odds with equal priors, shape (n,)."""
        return np.asarray((features - self.centre) / self.scale @ self.weights + self.offset)


def shrunken_discriminant(features: FloatArray, other: BoolArray) -> Discriminant:
    """Fisher's discriminant with equal priors and Ledoit & Wolf's covariance of standardised features.

    Each group's covariance is shrunk towards its mean variance (Ledoit & Wolf 2004,
    doi:10.1016/S0047-259X(03)00096-4) and both count equally, as scikit-learn's LinearDiscriminantAnalysis
    with solver "lsqr" and shrinkage "auto" does after standardising. Solved in the space of people (Woodbury), so the
    cost grows with the square of the people, not of the features.

    Parameters
    ----------
    features : float array, shape (n, d)
    other : bool array, shape (n,)
        Membership; both groups have two people or more.
    """
    centre, spread = features.mean(axis=0), features.std(axis=0)
    scale = np.where(spread > LEAST_SPREAD, spread, 1.0)
    standard = (features - centre) / scale
    means, roots, ridge = [], [], np.full(features.shape[1], LEAST_SPREAD)
    share = 0.5
    for members in (standard[~other], standard[other]):
        mean = members.mean(axis=0)
        centred = members - mean
        own = centred.std(axis=0)
        own_scale = np.where(own > LEAST_SPREAD, own, 1.0)
        # scikit-learn standardises within the class before shrinking and scales back afterwards
        shrinkage, target = _ledoit_wolf(centred / own_scale)
        means.append(mean)
        roots.append(centred * math.sqrt((1.0 - shrinkage) / len(members) * share))
        ridge = ridge + share * shrinkage * target * own_scale**2
    low = np.vstack(roots)
    difference = means[1] - means[0]
    scaled = low / ridge
    weights = difference / ridge - scaled.T @ np.linalg.solve(np.eye(len(low)) + scaled @ low.T, scaled @ difference)
    return Discriminant(centre, scale, weights, -float(weights @ (means[0] + means[1])) / 2.0)


def _ledoit_wolf(centred: FloatArray) -> tuple[float, float]:
    """Shrinkage intensity and mean variance of centred data (n, d)."""
    n, d = centred.shape
    gram = centred @ centred.T
    target = float(np.trace(gram)) / (n * d)
    squares = float(np.sum(centred**2 @ np.ones(d) * (centred**2 @ np.ones(d))))
    frobenius = float(np.sum(gram**2)) / n**2
    beta = (squares / n - frobenius) / (d * n)
    delta = (frobenius - d * target**2) / d
    return (0.0 if beta <= 0.0 else min(beta, delta) / delta) if delta > 0.0 else 1.0, target


def auc(scores: FloatArray, other: BoolArray) -> float:
    """Probability that a person of the other group has the higher score; ties count half."""
    ranks = stats.rankdata(scores)
    n, m = int(np.sum(other)), int(np.sum(~other))
    return (float(ranks[other].sum()) - n * (n + 1) / 2.0) / (n * m)


def stratified_folds(other: BoolArray, folds: int, generator: np.random.Generator) -> IndexArray:
    """Fold of each person, shape (n,), with each group spread evenly over the folds."""
    place = np.empty(other.size, dtype=np.intp)
    start = 0
    for members in (np.flatnonzero(~other), np.flatnonzero(other)):
        shuffled = generator.permutation(members)
        place[shuffled] = (np.arange(members.size) + start) % folds
        start += members.size
    return place


def out_of_fold(features: FloatArray, nuisance: FloatArray, other: BoolArray, place: IndexArray) -> FloatArray:
    """Score of each person from a model of the other folds, shape (n,).

    Parameters
    ----------
    features : float array, shape (n, d)
    nuisance : float array, shape (n, k)
        Columns whose linear part is taken out of the features, learned in the training part.
    other : bool array, shape (n,)
    place : int array, shape (n,)
        Fold of each person.
    """
    scores = np.empty(other.size)
    for fold in range(int(place.max()) + 1):
        inside = place == fold
        training, held = features[~inside], features[inside]
        if nuisance.shape[1]:
            known = np.column_stack([np.ones(training.shape[0]), nuisance[~inside]])
            slopes = np.linalg.lstsq(known, training, rcond=None)[0]
            training = training - known @ slopes
            held = held - np.column_stack([np.ones(held.shape[0]), nuisance[inside]]) @ slopes
        model = shrunken_discriminant(training, other[~inside])
        scores[inside] = model.score(held)
    return scores
