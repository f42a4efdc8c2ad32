"""Regression of controls' values on age, sex and grey matter fraction, and its prediction for one person."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

import numpy as np

from fitting.subject import Subject
from fitting.units import FloatArray

SEX_CODES = {"female": 0.0, "male": 1.0}
WORST_CONDITION = 1e3
"""Of the standardised design; beyond it, covariates that nearly repeat one another are not told apart."""


class HasCovariates(Protocol):
    """A control with what may explain its value."""

    @property
    def age_years(self) -> float | None: ...  # noqa: D102 (see ControlValue)
    @property
    def sex(self) -> str | None: ...  # noqa: D102
    @property
    def gm(self) -> float | None: ...  # noqa: D102


@dataclass(frozen=True, slots=True)
class Covariates:
    """Covariates that vary among the controls and are known of everybody."""

    names: tuple[str, ...]
    design: FloatArray
    """Shape (controls, covariates)."""
    case: FloatArray
    """The person's, shape (covariates,)."""


@dataclass(frozen=True, slots=True)
class Prediction:
    """What the regression expects of one person."""

    expected: float
    sd: float
    """Residual standard deviation s_yx."""
    df: float
    """n − p − 1."""
    leverage: float
    """Variance of ``expected`` over the squared ``sd``: x₀ᵀ(XᵀX)⁻¹x₀ with the constant in X."""


def covariates_of(controls: Sequence[HasCovariates], subject: Subject) -> Covariates | None:
    """Age, sex and grey matter fraction as far as everybody's is known and varies; None when there is none.

    A sex other than female or male is not coded, so that sex then is no covariate. Of covariates that nearly
    repeat one another the later ones are left out.
    """
    gm = None if subject.tissue is None else subject.tissue.gm
    columns: list[tuple[str, list[float | None], float | None]] = [
        ("age_years", [control.age_years for control in controls], subject.age_years),
        ("sex", [SEX_CODES.get(control.sex or "") for control in controls], SEX_CODES.get(subject.sex or "")),
        ("gm", [control.gm for control in controls], gm),
    ]
    names: list[str] = []
    design: list[FloatArray] = []
    case: list[float] = []
    for name, values, own in columns:
        known = np.array([value for value in values if value is not None], dtype=np.float64)
        if own is None or known.size < len(controls) or not np.ptp(known) > 0.0:
            continue
        standardised = (known - known.mean()) / known.std()
        if (
            np.linalg.cond(np.column_stack([*[(c - c.mean()) / c.std() for c in design], standardised]))
            < WORST_CONDITION
        ):
            names.append(name)
            design.append(known)
            case.append(own)
    return Covariates(tuple(names), np.column_stack(design), np.array(case)) if names else None


def regress(values: FloatArray, covariates: Covariates) -> Prediction:
    """Ordinary least squares with a constant, and its prediction for the case.

    t = (y₀ − ŷ) / (s_yx √(1 + x₀ᵀ(XᵀX)⁻¹x₀)) with n − p − 1 degrees of freedom; for one covariate this is
    s_yx √(1 + 1/n + (x₀ − x̄)² / ((n − 1) s_x²)) (Crawford & Garthwaite 2006, doi:10.1037/0894-4105.20.3.259;
    Crawford, Garthwaite & Ryan 2011, doi:10.1016/j.cortex.2011.02.017).

    Parameters
    ----------
    values : float array, shape (n,)
    covariates : Covariates
        Of n > p + 1 controls.
    """
    centre, scale = covariates.design.mean(axis=0), covariates.design.std(axis=0)
    design = np.column_stack([np.ones(values.size), (covariates.design - centre) / scale])
    case = np.concatenate([[1.0], (covariates.case - centre) / scale])
    orthogonal, triangular = np.linalg.qr(design)
    projected = orthogonal.T @ values
    direction = np.linalg.solve(triangular.T, case)
    df = float(values.size - design.shape[1])
    residual = values - orthogonal @ projected
    return Prediction(
        expected=float(direction @ projected),
        sd=math.sqrt(float(residual @ residual) / df),
        df=df,
        leverage=float(direction @ direction),
    )
