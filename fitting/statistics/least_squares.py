"""Linear models of one value of each person: standard errors without equal variances, and permutation tests."""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from fitting.statistics.distributions import t_limit, two_sided_p
from fitting.units import FloatArray, IndexArray

SMALLEST = 1e-9
"""Permuted statistics within this of the observed one count as equal to it."""


@dataclass(frozen=True)
class Design:
    """Design of a linear model whose column ``tested`` is the question.

    Standard errors are HC2 (MacKinnon & White 1985, doi:10.1016/0304-4076(85)90158-7), degrees of freedom those of
    Bell & McCaffrey 2002 for independent observations (Imbens & Kolesár 2016, doi:10.1162/REST_a_00552):
    V = (XᵀX)⁻¹ Xᵀ diag(e²/(1−h)) X (XᵀX)⁻¹, df = (tr K)² / tr K² with K = GᵀG,
    G = (I−H) diag(c/√(1−h)), c = X (XᵀX)⁻¹ u. Two groups without covariates have Welch's standard error.
    """

    matrix: FloatArray
    """X, shape (n, p), of full column rank, its first column constant."""
    tested: int = 1
    """Index of the column in question."""

    @property
    def people(self) -> int:
        """Rows n."""
        return int(self.matrix.shape[0])

    @property
    def residual_df(self) -> int:
        """Residual degrees of freedom n − p."""
        return int(self.matrix.shape[0] - self.matrix.shape[1])

    @cached_property
    def inverse(self) -> FloatArray:
        """(XᵀX)⁻¹, shape (p, p)."""
        return np.asarray(np.linalg.inv(self.matrix.T @ self.matrix))

    @cached_property
    def solution(self) -> FloatArray:
        """(XᵀX)⁻¹ Xᵀ, shape (p, n)."""
        return np.asarray(self.inverse @ self.matrix.T)

    @cached_property
    def leverage(self) -> FloatArray:
        """Diagonal h of the hat matrix, shape (n,), kept below 1."""
        return np.asarray(np.minimum(np.einsum("ij,ji->i", self.matrix, self.solution), 1.0 - 1e-12))

    @cached_property
    def df(self) -> float:
        """Bell–McCaffrey degrees of freedom of the coefficient in question."""
        return satterthwaite(self.matrix, self.solution[self.tested], self.leverage)

    @cached_property
    def unit_variance(self) -> float:
        """Variance of the coefficient in question when the residual variance is 1."""
        return float(self.inverse[self.tested, self.tested])

    def without(self, person: int) -> Design | None:
        """The design with one row left out; None when a column then follows from the others."""
        left = np.delete(self.matrix, person, axis=0)
        return Design(left, self.tested) if np.linalg.matrix_rank(left) == left.shape[1] else None


def satterthwaite(matrix: FloatArray, weights: FloatArray, leverage: FloatArray) -> float:
    """Degrees of freedom of the HC2 variance of Σ weights y, weights = X (XᵀX)⁻¹ u of shape (n,)."""
    scaled = weights / np.sqrt(1.0 - leverage)
    hat = matrix @ np.linalg.solve(matrix.T @ matrix, matrix.T)
    within = (np.eye(len(weights)) - hat) * scaled[np.newaxis, :]
    kernel = within.T @ within
    return float(np.trace(kernel) ** 2 / np.sum(kernel**2))


@dataclass(frozen=True)
class Fitted:
    """Least squares of one value on a design; standard errors HC2."""

    design: Design
    coefficients: FloatArray
    residuals: FloatArray

    @cached_property
    def covariance(self) -> FloatArray:
        """HC2 covariance of the coefficients, shape (p, p)."""
        scaled = self.design.solution * (self.residuals**2 / (1.0 - self.design.leverage))
        return np.asarray(scaled @ self.design.solution.T)

    @property
    def difference(self) -> float:
        """Coefficient in question."""
        return float(self.coefficients[self.design.tested])

    @property
    def se(self) -> float:
        """Its HC2 standard error."""
        tested = self.design.tested
        return math.sqrt(max(float(self.covariance[tested, tested]), 0.0))

    @property
    def residual_sd(self) -> float:
        """√(RSS / (n − p))."""
        return math.sqrt(float(self.residuals @ self.residuals) / self.design.residual_df)

    @property
    def t(self) -> float:
        """Difference over its standard error."""
        return self.difference / self.se

    @property
    def p(self) -> float:
        """Two-sided p of no difference."""
        return two_sided_p(self.t, self.design.df)

    @property
    def classical_t(self) -> float:
        """Difference over the standard error of equal variances."""
        return self.difference / (self.residual_sd * math.sqrt(self.design.unit_variance))

    def interval(self) -> tuple[float, float]:
        """95 % interval of the difference."""
        reach = t_limit(self.design.df) * self.se
        return self.difference - reach, self.difference + reach


def fit(design: Design, values: FloatArray) -> Fitted:
    """Least squares of ``values``, shape (n,)."""
    coefficients = design.solution @ values
    return Fitted(design, coefficients, values - design.matrix @ coefficients)


def influence(fitted: Fitted, reduced: list[Design | None], values: FloatArray) -> tuple[FloatArray, FloatArray]:
    """Difference and p with each person left out in turn, shapes (n,); NaN where a design becomes singular.

    Parameters
    ----------
    fitted : Fitted
        Of all groups together.
    reduced : list of Design or None
        ``design.without(i)`` for each i, made once for all values of the same people.
    values : float array, shape (n,)
    """
    n = fitted.design.people
    differences, p = np.full(n, math.nan), np.full(n, math.nan)
    for person, design in enumerate(reduced):
        if design is None:
            continue
        left = fit(design, np.delete(values, person))
        differences[person] = left.difference
        if left.se > 0.0:
            p[person] = left.p
    return differences, p


def permuted_t(design: Design, values: FloatArray, orders: IndexArray) -> tuple[float, FloatArray]:
    """Observed |t| and those of permutations, by Freedman & Lane 1983 (doi:10.2307/1391660).

    Residuals of the model without the column in question are permuted, added to its fit and the full model is fitted
    again. t has the HC2 standard error: permutations of the t of equal variances reject up to a fifth of true nulls
    when the smaller group has the larger spread (DiCiccio & Romano 2017, doi:10.1080/01621459.2016.1202117).

    Parameters
    ----------
    design : Design
    values : float array, shape (n,)
    orders : int array, shape (B, n)
        Permutations of the rows.
    """
    others, _ = np.linalg.qr(np.delete(design.matrix, design.tested, axis=1))
    whole, _ = np.linalg.qr(design.matrix)
    reduced = values - others @ (others.T @ values)
    weights = design.solution[design.tested]
    spread = weights**2 / (1.0 - design.leverage)

    def absolute_t(stack: FloatArray) -> FloatArray:
        """|t| of every row of outcomes, shape (B, n) to (B,)."""
        left = stack - (stack @ whole) @ whole.T
        variance = left**2 @ spread
        return np.asarray(
            np.abs(stack @ weights) / np.sqrt(np.maximum(variance, SMALLEST**2 * float(spread @ reduced**2)))
        )

    return float(absolute_t(reduced[np.newaxis])[0]), absolute_t(reduced[orders])


def share_at_least(observed: float, permuted: FloatArray) -> float:
    """Probability of a permutation test, (1 + #) / (B + 1) (Phipson & Smyth 2010, doi:10.2202/1544-6115.1585)."""
    return (1.0 + float(np.sum(permuted >= observed * (1.0 - SMALLEST)))) / (permuted.size + 1.0)
