"""One F of all groups, where a plan compares more than two."""

from __future__ import annotations

import numpy as np

from fitting.cohort.cohort import Cohort
from fitting.cohort.covariates import CONFOUNDED, FEWEST_RESIDUAL_DF, LARGEST_CONDITION, covariate_columns, explained_by
from fitting.cohort.findings import Item, refused
from fitting.cohort.sample import Sample
from fitting.cohort.tables.table import Place
from fitting.reason import Reason
from fitting.statistics.least_squares import Design
from fitting.statistics.wald import joint_test


def omnibus(cohort: Cohort, place: Place, metabolite: str, *, is_adjusted: bool, fewest: int) -> Item:
    """F of the groups of the plan in one place: ``F, df1, df2, p, n``, or why there is none.

    Parameters
    ----------
    cohort : Cohort
    place : Place
    metabolite : str
    is_adjusted : bool
        With the covariates of the plan.
    fewest : int
        People that each group needs.
    """
    sample = cohort.sample(place, metabolite)
    found = sample if isinstance(sample, Reason) else _answered(cohort, sample, fewest, is_adjusted=is_adjusted)
    return refused({}, found) if isinstance(found, Reason) else found


def _answered(cohort: Cohort, sample: Sample, fewest: int, *, is_adjusted: bool) -> Item | Reason:
    names = cohort.covariates if is_adjusted else ()
    kept = cohort.with_covariates(sample, names)
    problem = _not_comparable(cohort, sample) or _unusable(cohort, kept, fewest)
    if problem is not None:
        return problem
    design = _design(cohort, kept, names)
    if isinstance(design, Reason):
        return design
    found = joint_test(design, range(1, 1 + len(cohort.others)), kept.value)
    if found is None:
        return Reason("no-variation", f"{sample.words} does not vary enough within groups for one F.")
    return {"F": found.f, "df1": found.df1, "df2": found.df2, "p": found.p, "n": kept.n}


def _not_comparable(cohort: Cohort, sample: Sample) -> Reason | None:
    for other in cohort.others:
        compared = cohort.compared(sample, other)
        if isinstance(compared, Reason):
            return compared
        if compared[1] != cohort.covariates:
            return Reason(
                "acquisition-differs",
                f"{sample.words}: spectra were acquired in several ways, so groups are compared two at a time only.",
            )
    return None


def _unusable(cohort: Cohort, sample: Sample, fewest: int) -> Reason | None:
    counts = {group: int(np.sum(sample.in_group(group))) for group in cohort.groups}
    few = next((group for group, count in counts.items() if count < fewest), None)
    if few is not None:
        return Reason(
            "too-few-people",
            f"{sample.words}: {counts[few]} people of {few} have a value; one F needs {fewest} in every group.",
        )
    if not np.all(sample.detected):
        return Reason("not-detected", f"{sample.words} is below its bound in some; an F would take bounds for values.")
    return None


def _design(cohort: Cohort, sample: Sample, names: tuple[str, ...]) -> Design | Reason:
    columns = covariate_columns(sample, names)
    if isinstance(columns, Reason):
        return columns
    members = np.column_stack([sample.in_group(other) for other in cohort.others]).astype(np.float64)
    matrix = np.column_stack([np.ones(sample.n), members, columns.matrix])
    scaled = matrix / np.maximum(np.sqrt(np.sum(matrix**2, axis=0)), 1e-300)
    is_short = sample.n - matrix.shape[1] < FEWEST_RESIDUAL_DF
    if is_short or np.linalg.cond(scaled) > LARGEST_CONDITION:
        return Reason(
            "too-many-covariates",
            f"{sample.words}: {sample.n} people do not carry {matrix.shape[1]} columns; use fewer covariates.",
        )
    if any(explained_by(column, columns.matrix) >= CONFOUNDED for column in members.T):
        return Reason(
            "group-confounded",
            f"{', '.join(names)} tell a group apart, so a difference of {sample.words} could be theirs.",
        )
    return Design(matrix)
