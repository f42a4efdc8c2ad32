"""The least-squares problem an optimiser sees: residuals, Jacobian and normal equations."""

from __future__ import annotations

import numpy as np

from fitting.model.forward import (
    LinearCombinationModel,
    State,
    common_derivatives,
    derivatives,
    evaluate,
    phase_derivatives,
    resolved,
)
from fitting.model.linear import Projection, cholesky, solve_factored, solve_lower
from fitting.model.parameters import GLOBAL
from fitting.units import FloatArray

PHASES = slice(GLOBAL.index("phase0"), GLOBAL.index("phase1") + 1)
GAUSS = GLOBAL.index("gauss")


class Problem:
    """The variable-projection problem for fixed baseline precisions, in units of the noise.

    Its sum of squares is that of the data minus the model, the baseline's penalty and the soft priors. The last state
    is kept, because optimisers ask for several things at the same point.
    """

    def __init__(
        self, model: LinearCombinationModel, precisions: FloatArray, projection: Projection | None = None
    ) -> None:
        self.model = model
        self.projection = projection or Projection(model.baseline, precisions)
        self._has_prior = np.isfinite(model.layout.prior_sd)
        self._state: State | None = None
        self._derivatives: tuple[State, FloatArray, FloatArray, FloatArray] | None = None
        self._reduced: tuple[State, FloatArray, FloatArray] | None = None

    def with_precisions(self, precisions: FloatArray) -> Problem:
        """The same problem for other precisions; parts that do not depend on them are reused."""
        other = Problem(self.model, precisions, self.projection.with_precisions(precisions))
        if self._state is not None:
            other._state = resolved(self.model, other.projection, self._state)
        return other

    @property
    def names(self) -> tuple[str, ...]:
        """Names of the parameters in vector order."""
        return self.model.layout.names

    def state(self, vector: FloatArray) -> State:
        """The model evaluated at ``vector`` (n,)."""
        if self._state is None or not np.array_equal(self._state.vector, vector):
            guess = None if self._state is None else self._state.free
            self._state = evaluate(self.model, self.projection, np.array(vector, dtype=np.float64), guess)
        return self._state

    def residuals(self, vector: FloatArray) -> FloatArray:
        """As many residuals (n + 1,) as have the sum of squares and the gradient of all at ``vector`` (n,).

        With H = L L' and the gradient g of half the sum of squares they are L⁻¹g, and what is left of the root of the
        sum of squares; L' and a row of zeros are their Jacobian. A least-squares optimiser takes the same steps on them
        as on the thousand rows they stand for, and factors a matrix of a twentieth of the size.
        """
        return self._reduction(vector)[0].copy()

    def jacobian(self, vector: FloatArray) -> FloatArray:
        """Jacobian (n + 1, n) of ``residuals`` at ``vector`` (n,), in Kaufman's approximation."""
        return self._reduction(vector)[1].copy()

    def _reduction(self, vector: FloatArray) -> tuple[FloatArray, FloatArray]:
        state = self.state(vector)
        if self._reduced is None or self._reduced[0] is not state:
            gradient, hessian = self.normal_equations(vector)
            chain = np.ones(vector.size)
            chain[GAUSS] = 2.0 * vector[GAUSS]
            hessian *= np.outer(chain, chain)
            hessian[GAUSS, GAUSS] += 1.0 / self.model.layout.prior_sd[GAUSS] ** 2
            factor = np.tril(cholesky(hessian))
            projected = solve_lower(factor, gradient * chain)
            rest = np.sqrt(max(self.cost(vector) - float(projected @ projected), 0.0))
            rows = np.vstack([factor.T, np.zeros(vector.size)])
            self._reduced = (state, np.append(projected, rest), rows)
        return self._reduced[1:]

    def cost(self, vector: FloatArray) -> float:
        """Sum of squares of the stacked residuals at ``vector`` (n,)."""
        state, departures = self.state(vector), self._departures(vector)
        penalty = self.projection.penalty(state.coefficients)
        return float(state.residual @ state.residual) + penalty + float(departures @ departures)

    def _departures(self, vector: FloatArray) -> FloatArray:
        """How far the parameters are from their soft priors, in standard deviations."""
        layout = self.model.layout
        return ((vector - layout.prior_mean) / layout.prior_sd)[self._has_prior]

    def normal_equations(self, vector: FloatArray, count: int | None = None) -> tuple[FloatArray, FloatArray]:
        """Gradient (count,) and Gauss-Newton Hessian (count, count) of half the cost in the first ``count`` parameters.

        Those of Kaufman's Jacobian, without making its rows; in place of ``gauss`` they are for its square. For the
        phases the fitted spectrum stands in for the data in the Hessian, and the data give the gradient.
        """
        state = self.state(vector)
        if count is None:
            change, products, cross = self._changes(state)
        else:
            change = common_derivatives(self.model, state)[:, :count]
            products, cross = change.T @ change, self.projection.cross(change)
        inner, answer, moment = self._projected(state, change, cross)
        gradient = -(change.T @ state.residual)
        gradient[PHASES] = -self._phase_slopes(state)
        hessian = products - inner.T @ inner - moment.T @ answer
        layout, size = self.model.layout, gradient.size
        weight = 1.0 / layout.prior_sd[:size] ** 2
        departure = weight * (vector[:size] - layout.prior_mean[:size])
        departure[GAUSS] = 0.5 * weight[GAUSS]
        weight[GAUSS] = 0.0
        hessian.flat[:: size + 1] += weight
        return gradient + departure, hessian

    def change(self, state: State) -> FloatArray:
        """Derivatives (W, n) at the state, made once for each."""
        return self._changes(state)[0]

    def _changes(self, state: State) -> tuple[FloatArray, FloatArray, FloatArray]:
        """Derivatives (W, n), their products (n, n) and their products with the baseline's columns."""
        if self._derivatives is None or self._derivatives[0] is not state:
            change = derivatives(self.model, state)
            self._derivatives = (state, change, change.T @ change, self.projection.cross(change))
        return self._derivatives[1:]

    def _phase_slopes(self, state: State) -> FloatArray:
        """Products (2,) of the residual with the derivatives of the phased data."""
        return phase_derivatives(self.model, state.rotated).T @ state.residual

    def _projected(
        self, state: State, change: FloatArray, cross: FloatArray
    ) -> tuple[FloatArray, FloatArray, FloatArray]:
        """``inner`` (n, c) of columns of change (W, c), how free amplitudes answer (f, c), and their moment (f, c)."""
        active = np.flatnonzero(state.free)
        inner = self.projection.inner(cross)
        moment = state.design[:, active].T @ change - state.inner[:, active].T @ inner
        factor = cholesky(state.gram[np.ix_(active, active)])
        return inner, solve_factored(factor, moment), moment

    def information(self, state: State) -> tuple[FloatArray, FloatArray]:
        """Information (K + n, K + n) of all amplitudes and non-linear parameters, with the baseline marginalised.

        Beside it the baseline's coefficients of each one's column, (coefficients, K + n).

        The penalised Gauss-Newton Hessian, of the square of ``gauss``; what is held at zero is in it like the others,
        for it could be more.
        """
        products, cross = self.products(state)
        inner = self.projection.inner(cross)
        information = products - inner.T @ inner
        tail = np.arange(state.amplitudes.size, information.shape[0])
        information[tail, tail] += self.soft_weights()
        return np.asarray(information), self.projection.coefficients(inner)

    def products(self, state: State) -> tuple[FloatArray, FloatArray]:
        """Products of the columns of all amplitudes and non-linear parameters, with each other and the baseline's.

        Shapes (K + n, K + n) and (coefficients, K + n).
        """
        change, products, cross = self._changes(state)
        mixed = state.design.T @ change
        together = np.block([[state.products[:-1, :-1], mixed], [mixed.T, products]])
        return together, np.hstack([state.cross[:, :-1], cross])

    def soft_weights(self) -> FloatArray:
        """Information (n,) of the soft priors; for ``gauss`` of its square.

        The prior of the square is exponential, and weighs like a normal one of that deviation.
        """
        weight = 1.0 / self.model.layout.prior_sd**2
        weight[GAUSS] = (0.5 * weight[GAUSS]) ** 2
        return np.asarray(weight)
