"""Resample a basis set to the time grid and frequency of the data."""

from __future__ import annotations

from dataclasses import replace
from hashlib import blake2b

import numpy as np

from fitting.basis.basis_set import BasisSet
from fitting.basis.interpolation import resample
from fitting.errors import UnusableBasis
from fitting.fid import Axes
from fitting.units import ComplexArray, field_from_frequency

FREQUENCY_TOLERANCE = 0.05
"""Largest relative difference of spectrometer frequency, as LCModel tolerates it: couplings scale with it."""
DECAYED = 0.05
"""Largest signal at the end of a basis, relative to its start, that counts as decayed: lines in vivo are wider by 3 Hz
or more, so after half a second less than 0.1 % of a cut signal is missed."""


def on_axes(basis: BasisSet, axes: Axes) -> BasisSet:
    """The basis set at the sample times and frequency of the data.

    The time axis is scaled by the ratio of frequencies, which keeps lines at their ppm; what lies outside the
    data's band is filtered out.

    Parameters
    ----------
    basis : BasisSet
    axes : Axes
        Of the data.

    Returns
    -------
    BasisSet
        The same object when nothing has to change.

    Raises
    ------
    UnusableBasis
        When the basis is of another field, or shorter than the data without having decayed.
    """
    points, dwell_time, spectrometer_frequency = axes.points, axes.dwell_time, axes.frequency
    ratio = spectrometer_frequency / basis.spectrometer_frequency
    if abs(ratio - 1.0) > FREQUENCY_TOLERANCE:
        raise UnusableBasis(
            f"The basis set is of {field_from_frequency(basis.spectrometer_frequency):.2f} T and the data of "
            f"{field_from_frequency(spectrometer_frequency):.2f} T; supply a basis of the data's field.",
            basis_frequency=basis.spectrometer_frequency,
            data_frequency=spectrometer_frequency,
        )
    step = dwell_time * ratio / basis.dwell_time
    same_grid = abs(step - 1.0) * max(points, basis.points) < 1e-3
    if same_grid and points == basis.points and ratio == 1.0 and dwell_time == basis.dwell_time:
        return basis
    available = min(points, int(np.floor((basis.points - 1) / step + 1e-9)) + 1)
    if available < points:
        _require_decayed(basis, points * dwell_time)
    signals = np.zeros((len(basis.names), points), dtype=np.complex128)
    if same_grid:
        signals[:, :available] = basis.signals[:, :available]
    else:
        for row, signal in enumerate(basis.signals):
            signals[row, :available] = resample(signal, step, available)
    signals.setflags(write=False)
    content = f"{basis.key}@{points},{dwell_time!r},{spectrometer_frequency!r}"
    return replace(
        basis,
        signals=signals,
        dwell_time=dwell_time,
        spectrometer_frequency=spectrometer_frequency,
        key=blake2b(content.encode(), digest_size=16).hexdigest(),
    )


def _require_decayed(basis: BasisSet, seconds: float) -> None:
    def level(part: ComplexArray) -> float:
        return float(np.sqrt(np.mean(np.abs(part) ** 2)))

    stretch = max(basis.points // 20, 1)
    left = level(basis.signals[:, -stretch:]) / level(basis.signals[:, :stretch])
    if left > DECAYED:
        raise UnusableBasis(
            f"The basis set lasts {basis.points * basis.dwell_time:.3f} s, the data {seconds:.3f} s, and the basis has "
            f"not decayed (it ends at {left:.0%} of its start); supply a longer basis.",
            left=round(left, 4),
        )
