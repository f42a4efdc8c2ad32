"""The least-squares problem an optimiser sees: residuals and Jacobian over the non-linear parameters."""

from __future__ import annotations

import numpy as np
import scipy.linalg

from fitting.model.forward import LinearCombinationModel, Projection, State, cholesky, derivatives, evaluate
from fitting.units import FloatArray


class Problem:
    """Residuals (m,) and Jacobian (m, n) of the variable-projection problem for fixed baseline precisions.

    Rows are: the data minus the model, the baseline's penalty, the soft priors; all in units of the noise.
    The last state is kept, because optimisers ask for residuals and Jacobian at the same point.
    """

    def __init__(self, model: LinearCombinationModel, precisions: FloatArray) -> None:
        self.model = model
        self.projection = Projection(model, precisions)
        self._has_prior = np.isfinite(model.layout.prior_sd)
        self._state: State | None = None

    @property
    def names(self) -> tuple[str, ...]:
        """Names of the parameters in vector order."""
        return self.model.layout.names

    def state(self, vector: FloatArray) -> State:
        """The model evaluated at ``vector`` (n,)."""
        if self._state is None or not np.array_equal(self._state.vector, vector):
            self._state = evaluate(self.model, self.projection, np.array(vector, dtype=np.float64))
        return self._state

    def residuals(self, vector: FloatArray) -> FloatArray:
        """Stacked residuals (m,) at ``vector`` (n,)."""
        state = self.state(vector)
        penalty = self.projection.root @ state.coefficients
        priors = self._departures(vector)
        return np.concatenate([state.residual, -penalty, -priors])

    def _departures(self, vector: FloatArray) -> FloatArray:
        """How far the parameters are from their soft priors, in standard deviations."""
        layout = self.model.layout
        return ((vector - layout.prior_mean) / layout.prior_sd)[self._has_prior]

    def jacobian(self, vector: FloatArray) -> FloatArray:
        """Kaufman's Jacobian (m, n) of the stacked residuals at ``vector`` (n,)."""
        state = self.state(vector)
        change = derivatives(self.model, state)
        active = np.flatnonzero(state.free)
        design = state.design[:, active]
        columns = np.hstack([design, change])
        inner = self.projection.inner(columns)
        gram, moment = np.split(design.T @ columns - inner[:, : active.size].T @ inner, [active.size], axis=1)
        answer = scipy.linalg.cho_solve((cholesky(gram), True), moment, check_finite=False)
        moved, moved_inner = change - design @ answer, inner[:, active.size :] - inner[:, : active.size] @ answer
        priors = np.diag(1.0 / self.model.layout.prior_sd)[self._has_prior]
        remainder = self.projection.remainder(moved, moved_inner)
        return np.concatenate([-remainder, self.projection.penalty(moved_inner), -priors])
