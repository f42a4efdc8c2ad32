"""A shrunken discriminant judged out of sample: repeated folds, bootstrap, permutations, calibration."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from scipy import special

from fitting.statistics.discriminant import auc, out_of_fold, shrunken_discriminant, stratified_folds
from fitting.statistics.distributions import binomial_interval
from fitting.units import BoolArray, FloatArray

FOLDS, REPEATS = 5, 10
BOOTSTRAPS = 2000
FEWEST_PERMUTATIONS, MOST_PERMUTATIONS = 200, 1000
SELECTED = 10
"""Features chosen before cross-validation, to show what that claims."""
SHOWN_PERMUTATIONS = 100


@dataclass(frozen=True, slots=True)
class Evaluation:
    """How a model does in people it has not seen."""

    auc: float
    """Mean over repeats of the AUC of pooled out-of-fold scores."""
    scores: FloatArray
    """Mean out-of-fold score of each person, shape (n,)."""
    resubstitution: float
    """AUC on the model's own training data, which says nothing."""
    own_scores: FloatArray
    """Scores of the same model on its own training data, shape (n,)."""
    weights: FloatArray
    """Weight of each standardised feature in it, shape (d,)."""
    balanced_accuracy: float
    balanced_low: float
    balanced_high: float
    sensitivity: float
    specificity: float
    calibration_slope: float | None
    """1 where scores are as certain as they claim, below 1 where they claim too much."""
    brier: float


def evaluate(
    features: FloatArray, nuisance: FloatArray, other: BoolArray, generator: np.random.Generator
) -> Evaluation:
    """Ten repeats of stratified five-fold cross-validation."""
    rows = []
    for _ in range(REPEATS):
        place = stratified_folds(other, FOLDS, generator)
        rows.append(out_of_fold(features, nuisance, other, place))
    scores = np.mean(rows, axis=0)
    hits, misses = (scores > 0.0) & other, (scores <= 0.0) & ~other
    counts = [(int(np.sum(hits)), int(np.sum(other))), (int(np.sum(misses)), int(np.sum(~other)))]
    limits = [binomial_interval(*count) for count in counts]
    sensitivity, specificity = (right / total for right, total in counts)
    model = shrunken_discriminant(features, other)
    probabilities = special.expit(scores)
    return Evaluation(
        auc=float(np.mean([auc(row, other) for row in rows])),
        scores=scores,
        resubstitution=auc(model.score(features), other),
        own_scores=model.score(features),
        weights=model.weights,
        balanced_accuracy=(sensitivity + specificity) / 2.0,
        balanced_low=(limits[0][0] + limits[1][0]) / 2.0,
        balanced_high=(limits[0][1] + limits[1][1]) / 2.0,
        sensitivity=sensitivity,
        specificity=specificity,
        calibration_slope=_calibration_slope(scores, other),
        brier=float(np.mean((probabilities - other) ** 2)),
    )


def bootstrap_auc(scores: FloatArray, other: BoolArray, generator: np.random.Generator) -> tuple[float, float]:
    """95 % percentile interval of the AUC over people drawn anew within each group."""
    first, second = scores[~other], scores[other]
    wins = (second[:, np.newaxis] > first[np.newaxis, :]) + 0.5 * (second[:, np.newaxis] == first[np.newaxis, :])
    left = generator.multinomial(second.size, np.full(second.size, 1.0 / second.size), BOOTSTRAPS) / second.size
    right = generator.multinomial(first.size, np.full(first.size, 1.0 / first.size), BOOTSTRAPS) / first.size
    low, high = np.percentile(np.einsum("bi,ij,bj->b", left, wins, right, optimize=True), [2.5, 97.5])
    return float(low), float(high)


def permutation_p(
    features: FloatArray,
    nuisance: FloatArray,
    other: BoolArray,
    sites: Sequence[str],
    *,
    observed: float,
    permutations: int,
    generator: np.random.Generator,
) -> float:
    """Probability of the observed AUC under the whole procedure with labels permuted within sites."""
    count = min(max(permutations, FEWEST_PERMUTATIONS), MOST_PERMUTATIONS)
    groups = [np.flatnonzero([site == name for site in sites]) for name in sorted(set(sites))]
    at_least = 0
    for _ in range(count):
        shuffled = other.copy()
        for members in groups:
            shuffled[members] = other[generator.permutation(members)]
        values = []
        for _ in range(REPEATS):
            place = stratified_folds(shuffled, FOLDS, generator)
            values.append(auc(out_of_fold(features, nuisance, shuffled, place), shuffled))
        at_least += float(np.mean(values)) >= observed
    return (1.0 + at_least) / (count + 1.0)


def selected_before(features: FloatArray, other: BoolArray, generator: np.random.Generator) -> dict[str, float]:
    """Accuracy when the ten most different features are chosen on all people first: what such a procedure claims.

    The same with permuted labels shows what it claims of nothing.
    """
    own = _accuracy_after_selection(features, other, generator)
    permuted = [
        _accuracy_after_selection(features, generator.permutation(other), generator) for _ in range(SHOWN_PERMUTATIONS)
    ]
    return {
        "accuracy": own,
        "accuracy_permuted_mean": float(np.mean(permuted)),
        "accuracy_permuted_highest": float(np.max(permuted)),
    }


def _accuracy_after_selection(features: FloatArray, other: BoolArray, generator: np.random.Generator) -> float:
    first, second = features[~other], features[other]
    spread = np.sqrt(first.var(axis=0, ddof=1) / len(first) + second.var(axis=0, ddof=1) / len(second))
    t = np.abs(second.mean(axis=0) - first.mean(axis=0)) / np.where(spread > 0.0, spread, np.inf)
    chosen = features[:, np.argsort(-t)[:SELECTED]]
    place = stratified_folds(other, FOLDS, generator)
    scores = out_of_fold(chosen, np.empty((len(chosen), 0)), other, place)
    return float(np.mean((scores > 0.0) == other))


def _calibration_slope(scores: FloatArray, other: BoolArray) -> float | None:
    """Slope of a logistic regression of membership on the score, by Newton's method; None where it diverges."""
    design = np.column_stack([np.ones(scores.size), scores])
    beta = np.zeros(2)
    for _ in range(50):
        p = special.expit(design @ beta)
        information = design.T @ (design * (p * (1.0 - p))[:, np.newaxis])
        if np.linalg.cond(information) > 1e12:
            return None
        step = np.linalg.solve(information, design.T @ (other - p))
        beta = beta + step
        if float(np.max(np.abs(step))) < 1e-10:
            return float(beta[1])
    return None
