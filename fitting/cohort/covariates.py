"""Covariates of people as columns of a design: numbers as they are, words as dummies, all of them centred."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from fitting.cohort.sample import Sample, fact_of
from fitting.cohort.tables.table import Fact, Person
from fitting.reason import Reason
from fitting.statistics.least_squares import Design
from fitting.units import BoolArray, FloatArray

FEWEST_RESIDUAL_DF = 8
CONFOUNDED = 0.9
"""Share of the group's variance explained by covariates from which no difference is given."""
NEARLY_CONFOUNDED = 0.5
LARGEST_CONDITION = 1e7


@dataclass(frozen=True, slots=True)
class Columns:
    """Centred columns of covariates, shape (n, k)."""

    names: tuple[str, ...]
    """Covariates, not columns: a word with three levels has two columns."""
    matrix: FloatArray


def complete(sample: Sample, names: Sequence[str]) -> BoolArray:
    """Which people have every covariate, shape (n,)."""
    return np.array(
        [all(fact_of(name, person, facts) is not None for name in names) for person, facts in _pairs(sample)],
        dtype=bool,
    )


def _pairs(sample: Sample) -> Iterator[tuple[Person, Mapping[str, Fact]]]:
    return zip(sample.people, sample.facts, strict=True)


def covariate_columns(sample: Sample, names: Sequence[str]) -> Columns | Reason:
    """Columns of covariates that every person of the sample has.

    Returns ``no-variation`` where one is the same for all people.
    """
    blocks = []
    for name in names:
        block = _coded([fact_of(name, person, facts) for person, facts in _pairs(sample)])
        if block.shape[1] == 0:
            return Reason(
                "no-variation",
                f"{name} is the same for all people with {sample.words}, so it cannot be adjusted for; take it out of "
                "the covariates.",
            )
        blocks.append(block)
    matrix = np.hstack(blocks) if blocks else np.empty((sample.n, 0))
    return Columns(tuple(names), matrix - matrix.mean(axis=0) if sample.n else matrix)


def _coded(values: Sequence[Fact | None]) -> FloatArray:
    """One column for numbers that vary, a column for each level but the first for words, none without variation."""
    if all(isinstance(value, float) for value in values):
        column = np.array(values, dtype=np.float64)[:, np.newaxis]
        return column if len(values) and np.ptp(column) > 0.0 else column[:, :0]
    words = [str(value) for value in values]
    return np.array([[float(word == level) for level in sorted(set(words))[1:]] for word in words]).reshape(
        len(words), -1
    )


def group_design(sample: Sample, other: str, covariates: Columns) -> Design | Reason:
    """Design of a group difference, or why there can be none.

    Parameters
    ----------
    sample : Sample
        People of the reference and of one other group.
    other : str
    covariates : Columns
    """
    group = sample.in_group(other).astype(np.float64)
    matrix = np.column_stack([np.ones(sample.n), group, covariates.matrix])
    if matrix.shape[0] - matrix.shape[1] < FEWEST_RESIDUAL_DF:
        return Reason(
            "too-many-covariates",
            f"{sample.n} people leave {matrix.shape[0] - matrix.shape[1]} degrees of freedom beside "
            f"{matrix.shape[1]} columns of {sample.words}; at least {FEWEST_RESIDUAL_DF} are needed. Use "
            "fewer covariates.",
        )
    explained = explained_by(group, covariates.matrix)
    if explained >= CONFOUNDED:
        return Reason(
            "group-confounded",
            f"{_names(covariates)} tell the groups apart ({100 * explained:.0f} % of the group's variance), so a "
            f"difference of {sample.words} could be theirs; no comparison is possible.",
        )
    scaled = matrix / np.maximum(np.sqrt(np.sum(matrix**2, axis=0)), 1e-300)
    if np.linalg.cond(scaled) > LARGEST_CONDITION:
        return Reason(
            "too-many-covariates",
            f"One of {_names(covariates)} follows from the others, so they cannot all be adjusted for; leave one out.",
        )
    return Design(matrix)


def _names(covariates: Columns) -> str:
    return ", ".join(covariates.names) or "covariates"


def explained_by(group: FloatArray, columns: FloatArray) -> float:
    """R² of a membership, shape (n,), on columns (n, k), with a constant."""
    if columns.shape[1] == 0:
        return 0.0
    centred = group - group.mean()
    left = columns - columns.mean(axis=0)
    fitted = left @ np.linalg.lstsq(left, centred, rcond=None)[0]
    return float(fitted @ fitted / (centred @ centred))
