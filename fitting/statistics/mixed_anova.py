"""Analysis of variance with one factor within people and one or more between them."""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from scipy import special

from fitting.statistics.least_squares import share_at_least
from fitting.units import FloatArray, IndexArray


@dataclass(frozen=True, slots=True)
class Effect:
    """One F test."""

    name: str
    f: float
    df1: int
    df2: int
    p: float
    p_permutation: float | None


@dataclass(frozen=True, slots=True)
class MixedAnova:
    """F tests of a split-plot design, and Greenhouse & Geisser's ε of the within factor."""

    effects: tuple[Effect, ...]
    epsilon: float


def mixed_anova(
    values: FloatArray, factors: Sequence[tuple[str, Sequence[str]]], within: str, orders: IndexArray
) -> MixedAnova:
    """Split-plot analysis of variance, as R's aov with Error(person/within); type III with sum contrasts.

    Effects between people are tests of people's means; effects with the within factor are multivariate contrasts of
    each person's values, pooled (univariate F). ε is of the covariance pooled within cells (Greenhouse & Geisser 1959,
    doi:10.1007/BF02289823). Whole people are permuted among the cells.

    Parameters
    ----------
    values : float array, shape (n, w)
        Each person's values in the order of the within factor's levels.
    factors : sequence of (name, levels of the n people)
        Between people.
    within : str
        Name of the within factor.
    orders : int array, shape (B, n)
        Permutations of people.
    """
    people, levels = values.shape
    design, terms = _sum_contrasts(factors, people)
    contrasts = _orthonormal(levels)
    means = values.mean(axis=1, keepdims=True) * np.sqrt(levels)
    inside = values @ contrasts
    residual_df = people - design.shape[1]
    effects = []
    for name, columns in terms:
        if columns:
            observed, permuted = _f(design, columns, means, orders)
            effects.append(_effect(name, observed, len(columns), residual_df, permuted))
    for name, columns in terms:
        label = f"{name} x {within}" if columns else within
        chosen = columns or [0]
        observed, permuted = _f(design, chosen, inside, orders if columns else orders[:0])
        df1, df2 = len(chosen) * (levels - 1), residual_df * (levels - 1)
        effects.append(_effect(label, observed, df1, df2, permuted if columns else None))
    return MixedAnova(tuple(effects), _epsilon(design, inside, residual_df))


def _effect(name: str, f: float, df1: int, df2: int, permuted: FloatArray | None) -> Effect:
    p = float(special.fdtrc(df1, df2, f))
    return Effect(name, f, df1, df2, p, None if permuted is None else share_at_least(f, permuted))


def _f(design: FloatArray, columns: list[int], outcome: FloatArray, orders: IndexArray) -> tuple[float, FloatArray]:
    """F of some columns of the design for outcomes (n, w), summed over w, and its values with residuals permuted."""
    others, _ = (
        np.linalg.qr(np.delete(design, columns, axis=1))
        if design.shape[1] > len(columns)
        else (
            np.zeros((len(design), 0)),
            None,
        )
    )
    asked = design[:, columns]
    asked, _ = np.linalg.qr(asked - others @ (others.T @ asked))
    residual_df = len(design) - design.shape[1]
    residuals = outcome - others @ (others.T @ outcome)

    def ratio(stack: FloatArray) -> FloatArray:
        explained = np.sum((asked.T @ stack) ** 2, axis=(-2, -1))
        taken = np.sum((others.T @ stack) ** 2, axis=(-2, -1))
        left = np.sum(stack**2, axis=(-2, -1)) - explained - taken
        return np.asarray((explained / len(columns)) / (left / residual_df))

    blocks = np.array_split(orders, len(orders) * residuals.size // 2_000_000 + 1) if len(orders) else []
    permuted = [ratio(residuals[block]) for block in blocks]
    return float(ratio(residuals)), np.concatenate(permuted) if permuted else np.empty(0)


def _sum_contrasts(
    factors: Sequence[tuple[str, Sequence[str]]], people: int
) -> tuple[FloatArray, list[tuple[str, list[int]]]]:
    """Design with a constant, every factor and every interaction, and the columns of each term."""
    coded = []
    for _, labels in factors:
        names = sorted(set(labels))
        coded.append(
            np.array([[float(label == name) - float(label == names[-1]) for name in names[:-1]] for label in labels])
        )
    columns, terms = [np.ones((people, 1))], [("", list[int]())]
    used = 1
    for size in range(1, len(factors) + 1):
        for chosen in itertools.combinations(range(len(factors)), size):
            block = coded[chosen[0]]
            for index in chosen[1:]:
                block = (block[:, :, np.newaxis] * coded[index][:, np.newaxis, :]).reshape(people, -1)
            columns.append(block)
            terms.append((" x ".join(factors[i][0] for i in chosen), list(range(used, used + block.shape[1]))))
            used += block.shape[1]
    return np.hstack(columns), terms


def _orthonormal(levels: int) -> FloatArray:
    """Orthonormal contrasts of the levels, shape (w, w − 1)."""
    basis, _ = np.linalg.qr(np.hstack([np.ones((levels, 1)), np.eye(levels)[:, :-1]]))
    return np.asarray(basis[:, 1:])


def _epsilon(design: FloatArray, inside: FloatArray, residual_df: int) -> float:
    basis, _ = np.linalg.qr(design)
    residuals = inside - basis @ (basis.T @ inside)
    covariance = residuals.T @ residuals / residual_df
    return float(np.trace(covariance) ** 2 / (len(covariance) * np.sum(covariance**2)))
