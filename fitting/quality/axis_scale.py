"""Check of the axis: whether the brain's singlets have the distances that its two scales predict."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import lru_cache
from typing import Self

import numpy as np
import numpy.typing as npt

from fitting.fid import Axes, Fid
from fitting.quality.instrument import Evidence, Instrument
from fitting.quality.numbers import number
from fitting.units import WATER_PPM

SINGLETS = ((2.008, 9.0), (3.027, 7.5), (3.21, 4.5), (3.92, 4.0))
"""ppm and rough height of the singlets of tNAA, tCr, tCho and tCr in brain (shifts: Govindaraju 2000,
doi:10.1002/1099-1492(200005)13:3<129::aid-nbm619>3.0.co;2-v)."""

CENTRE_PPM = 3.0
LARGEST_ERROR = 0.1
ERROR_STEP = 0.001
LARGEST_SHIFT_PPM = 0.15
STEP_PPM = 0.003

ZERO_FILLING = 16

EARLY, LATE = 0.01, 0.2
LINEWIDTH_HZ = 5.0
"""s and Hz: broad signals have decayed, noise does not yet dominate (as in ``referencing``)."""

DISTINCT = 1.03
"""The match must gain this much over that of an unstretched axis to count against the axis."""

_ERRORS = np.linspace(-LARGEST_ERROR, LARGEST_ERROR, 2 * round(LARGEST_ERROR / ERROR_STEP) + 1)


def axis_error(fid: Fid) -> float:
    """Relative excess of the distance between singlets over that on the axis; 0 without evidence against the axis.

    The product of dwell time and spectrometer frequency is too small by as much. Displacements cancel; samples missing
    at the start turn the singlets against each other and can look like an error, too.

    Parameters
    ----------
    fid : Fid, shape (points,)
        Without residual water, within ``LARGEST_SHIFT_PPM`` of its place.

    Notes
    -----
    The distances within brain spectra do not depend on temperature, shim or drift: singlets of the same four
    protons' groups are matched for every scale and displacement, and the best match wins.
    """
    time = fid.time
    used = (time >= EARLY) & (time <= LATE)
    signal = fid.samples[used] * np.exp(-np.pi * LINEWIDTH_HZ * time[used])
    size = 1 << int(np.ceil(np.log2(ZERO_FILLING * signal.size)))
    frequency = np.fft.fftfreq(size, fid.dwell_time)
    spectrum = np.fft.fft(signal, size) * np.exp(-2j * np.pi * frequency * time[used][0])
    _, height = np.array(SINGLETS).T
    match = np.abs(spectrum[_bins(fid.axes.with_points(size))] @ height).max(axis=1)
    best = int(np.argmax(match))
    return float(_ERRORS[best]) if match[best] > DISTINCT * match[_ERRORS.size // 2] else 0.0


@lru_cache(maxsize=8)
def _bins(axes: Axes) -> npt.NDArray[np.intp]:
    """Bins of a spectrum on these axes for each error, shift and singlet: (errors, shifts, singlets)."""
    shifts = np.arange(-LARGEST_SHIFT_PPM, LARGEST_SHIFT_PPM + STEP_PPM / 2, STEP_PPM)
    place, _ = np.array(SINGLETS).T
    wanted = CENTRE_PPM + np.multiply.outer(1 + _ERRORS, place - CENTRE_PPM)[:, None] + shifts[:, None]
    place_hz = (WATER_PPM - wanted) * axes.frequency * 1e-6
    bins: npt.NDArray[np.intp] = np.rint(place_hz * axes.points * axes.dwell_time).astype(np.intp) % axes.points
    bins.setflags(write=False)
    return bins


@dataclass(frozen=True)
class AxisScale(Instrument):
    """Check of dwell time and spectrometer frequency."""

    axis_error: float | None = field(
        metadata=number(
            "How much further apart the singlets of brain stand than dwell time and spectrometer frequency "
            "put them, relative; null where the pattern of brain peaks was not found.",
            unit="1",
            definition=(
                "Distance between the singlets of tNAA, tCr and tCho over what dwell time and spectrometer "
                "frequency make of it, less 1; null without the pattern of brain peaks."
            ),
            good="within 0.01",
            source=(
                "Shifts: Govindaraju 2000, doi:10.1002/1099-1492(200005)13:3<129::aid-nbm619>3.0.co;2-v; the "
                "measure is ours, see `axis_scale.py`"
            ),
            example=0.0004,
        )
    )

    @classmethod
    def of(cls, evidence: Evidence) -> Self:
        """Measure them."""
        found = evidence.preprocessed
        return cls(axis_error=None if found.pattern == "absent" else axis_error(found.clean))
