"""The minimisers of lmfit for departures from a start, without the error bars, which ``uncertainty`` makes better."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import lru_cache
from typing import Any

import lmfit
import numpy as np

from fitting.units import FloatArray

JACOBIAN = {"leastsq": "Dfun", "least_squares": "jac"}
"""What a method of lmfit calls the function that gives the Jacobian."""


class PlainParameters(lmfit.Parameters):  # type: ignore[misc]
    """Parameters without constraints between them, copied without the interpreter of constraints, which costs most."""

    def __deepcopy__(self, memo: dict[int, Any]) -> PlainParameters:
        """A copy with parameters of its own; the interpreter is shared, because no expression is evaluated."""
        other = type(self).__new__(type(self))
        other.__dict__.update(self.__dict__)
        for name, item in self.items():
            copied = object.__new__(lmfit.Parameter)
            copied.__dict__.update(item.__dict__)
            dict.__setitem__(other, name, copied)
        return other


class PlainMinimizer(lmfit.Minimizer):  # type: ignore[misc]
    """lmfit's minimiser without its error bars, which take longer than the fit: ``uncertainty`` has better ones.

    lmfit 1.3 has no option for it (``calc_covar=False`` holds for its scalar methods only), so its one method that
    computes them is replaced; ``pyproject.toml`` pins lmfit and a test compares this with the plain class.
    """

    def _calculate_uncertainties_correlations(self) -> None:
        """Leave the result without error bars."""


@lru_cache(maxsize=16)
def _departures(names: tuple[str, ...]) -> PlainParameters:
    """Parameters at zero, made once for all fits: lmfit works on a copy of them."""
    parameters = PlainParameters()
    for name in names:
        parameters.add(name, value=0.0)
    return parameters


def minimised(
    names: tuple[str, ...],
    residuals: Callable[[FloatArray], FloatArray],
    jacobian: Callable[[FloatArray], FloatArray],
    late: Callable[[], bool],
    *,
    method: str,
    options: Mapping[str, Any],
) -> tuple[Any, FloatArray]:
    """The result of lmfit, and the departures (n,) from zero that it found.

    Parameters
    ----------
    names : tuple of str
        Of the parameters, n of them.
    residuals, jacobian : callable
        Of departures (n,): shapes (m,) and (m, n).
    late : callable
        Whether to stop.
    method : str
        Key of ``JACOBIAN``.
    options : mapping
        Further arguments of ``lmfit.Minimizer.minimize``.
    """

    def vector(current: lmfit.Parameters) -> FloatArray:
        return np.fromiter((item.value for item in current.values()), dtype=np.float64, count=len(names))

    minimizer = PlainMinimizer(
        lambda current: residuals(vector(current)), _departures(names), iter_cb=lambda *_: late(), calc_covar=False
    )
    slopes = {JACOBIAN[method]: lambda current: jacobian(vector(current))}
    result = minimizer.minimize(method=method, **slopes, **options)
    return result, vector(result.params)
