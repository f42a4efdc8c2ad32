"""Physical constants, and the conversion between hertz and parts per million.

Sign convention (NIfTI-MRS, Clarke et al. 2022, doi:10.1002/mrm.29418): a resonance at higher ppm
appears at a *lower* frequency of ``numpy.fft.fft(fid)``, so ppm = WATER_PPM - f / spectrometer_frequency.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

ByteArray = npt.NDArray[np.uint8]
FloatArray = npt.NDArray[np.float64]
ComplexArray = npt.NDArray[np.complex128]
BoolArray = npt.NDArray[np.bool_]
IndexArray = npt.NDArray[np.intp]

PROTON_GAMMA_BAR = 42.577478461e6
"""Gyromagnetic ratio of 1H over 2 pi, Hz/T (CODATA 2022, free proton)."""

WATER_PPM = 4.65
"""Chemical shift of water at body temperature that sits at zero frequency, ppm vs DSS."""


def field_from_frequency(spectrometer_frequency: float) -> float:
    """Static field in tesla at which 1H resonates at ``spectrometer_frequency`` (Hz)."""
    return spectrometer_frequency / PROTON_GAMMA_BAR


def nominal_field(spectrometer_frequency: float) -> float:
    """Nominal field class in tesla (1.5, 3, 4, 4.7, 7, 9.4 ...) within 5 % of the frequency's field.

    Siemens "3 T" magnets run at 2.89 T; norms and relaxation tables are kept by nominal field.
    """
    field = field_from_frequency(spectrometer_frequency)
    nearest = min((1.0, 1.5, 3.0, 4.0, 4.7, 7.0, 9.4, 10.5, 11.7, 14.1), key=lambda b0: abs(field - b0))
    return nearest if abs(field - nearest) <= 0.05 * nearest else round(field, 2)


def nominal_tesla(field_t: float) -> float:
    """Nominal field class of a static field in tesla: 3 for 2.89."""
    return nominal_field(field_t * PROTON_GAMMA_BAR)


def hz_to_ppm(frequency_hz: FloatArray, spectrometer_frequency: float) -> FloatArray:
    """Chemical shift (ppm) of FFT frequencies (Hz); see the sign convention above."""
    return WATER_PPM - np.asarray(frequency_hz, dtype=np.float64) / spectrometer_frequency * 1e6


def ppm_to_hz(shift_ppm: FloatArray, spectrometer_frequency: float) -> FloatArray:
    """FFT frequency (Hz) of chemical shifts (ppm); see the sign convention above."""
    return (WATER_PPM - np.asarray(shift_ppm, dtype=np.float64)) * spectrometer_frequency * 1e-6
