"""Signals on the grid of the fit, decimated once for all spectra that share them."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

from fitting.fid import Axes
from fitting.model.domain import fit_domain
from fitting.units import ComplexArray


@dataclass(frozen=True, slots=True, eq=False)
class _Shared:
    """A read-only array that is equal to itself alone, and cannot be deleted while it is a key."""

    signals: ComplexArray

    def __hash__(self) -> int:
        return id(self.signals)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, _Shared) and other.signals is self.signals


def decimated(signals: ComplexArray, axes: Axes) -> ComplexArray:
    """Signals (..., points) with these axes on the decimated times of their fit, shape (..., M).

    Those of read-only arrays are kept: the spectra of a batch share a basis set.
    """
    return _decimated(signals, axes) if signals.flags.writeable else _kept(_Shared(signals), axes)


@lru_cache(maxsize=32)
def _kept(shared: _Shared, axes: Axes) -> ComplexArray:
    made = _decimated(shared.signals, axes)
    made.setflags(write=False)
    return made


def _decimated(signals: ComplexArray, axes: Axes) -> ComplexArray:
    flat = fit_domain(axes).decimate(signals.reshape(-1, signals.shape[-1]))
    return flat.reshape(*signals.shape[:-1], flat.shape[-1])
