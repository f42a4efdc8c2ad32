"""lmfit without its error bars is lmfit: the one method that is replaced exists, and nothing else changes."""

from __future__ import annotations

from copy import deepcopy

import lmfit
import numpy as np
import pytest

from fitting.model.plain_minimizer import PlainMinimizer, PlainParameters


def fit(kind: type[lmfit.Minimizer]) -> lmfit.minimizer.MinimizerResult:
    """A line through points by Levenberg-Marquardt with its Jacobian."""
    x = np.linspace(0.0, 1.0, 20)
    design = np.stack([x, np.ones_like(x)], axis=1)
    parameters = lmfit.Parameters()
    for name in ("slope", "offset"):
        parameters.add(name, value=0.0)

    def residual(current: lmfit.Parameters) -> np.ndarray:
        return design @ [item.value for item in current.values()] - (3.0 * x - 1.0 + 0.1 * np.sin(40.0 * x))

    minimiser = kind(residual, parameters)
    return minimiser.minimize(method="leastsq", Dfun=lambda _: design, ftol=1e-10, xtol=1e-10)


def test_values_are_those_of_lmfit() -> None:
    """Same optimum, same number of evaluations, to the last bit."""
    plain, full = fit(PlainMinimizer), fit(lmfit.Minimizer)

    assert plain.params.valuesdict() == full.params.valuesdict()
    assert plain.nfev == full.nfev
    assert plain.success


def test_a_copy_of_parameters_has_values_of_its_own() -> None:
    """lmfit changes its copy; the parameters that all fits share stay as they are."""
    shared = PlainParameters()
    shared.add("slope", value=1.0, min=-2.0)

    copied = deepcopy(shared)
    copied["slope"].value = 3.0

    assert isinstance(copied, PlainParameters)
    assert (shared["slope"].value, copied["slope"].value, copied["slope"].min) == (1.0, 3.0, -2.0)


def test_error_bars_are_left_out() -> None:
    """The replaced method is the one that computes them: lmfit has them, ours has none."""
    assert fit(lmfit.Minimizer).params["slope"].stderr == pytest.approx(0.05, abs=0.05)
    assert fit(PlainMinimizer).params["slope"].stderr is None
