"""Width of a singlet in the fitted model."""

from __future__ import annotations

import numpy as np
import scipy.fft

from fitting.model.forward import LinearCombinationModel, State
from fitting.units import FloatArray

SINGLETS = ("NAA", "Cr", "PCr", "GPC", "PCh")
"""Metabolites whose highest peak is an uncoupled methyl line."""

ZERO_FILLING = 16


def full_width_at_half_maximum(spectrum: FloatArray, spacing: float) -> float:
    """Full width at half maximum, in ``spacing``, around the highest point of ``spectrum`` (n,)."""
    peak = int(np.argmax(spectrum))
    half = spectrum[peak] / 2
    below_right = np.flatnonzero(spectrum[peak:] < half)
    below_left = np.flatnonzero(spectrum[peak::-1] < half)
    if below_right.size == 0 or below_left.size == 0:
        return float(spectrum.size * spacing)

    def crossing(step: int, offset: int) -> float:
        inside, outside = spectrum[peak + step * (offset - 1)], spectrum[peak + step * offset]
        return offset - 1 + float((inside - half) / (inside - outside))

    return (crossing(1, int(below_right[0])) + crossing(-1, int(below_left[0]))) * spacing


def singlet_linewidth(model: LinearCombinationModel, state: State) -> float:
    """FWHM (Hz) of the strongest fitted singlet; of the common line shape alone when no singlet is present."""
    candidates = [k for k, name in enumerate(model.layout.components) if name in SINGLETS and state.amplitudes[k] > 0]
    positive = model.domain.time.size - model.domain.negative
    time = model.domain.time[:positive]
    if candidates:
        strongest = max(candidates, key=lambda k: state.amplitudes[k])
        fid = state.signals[strongest][:positive]
    else:
        values = state.values
        fid = np.exp(-values.lorentz * time - 0.5 * (values.gauss * time) ** 2).astype(np.complex128)
    size = ZERO_FILLING * scipy.fft.next_fast_len(positive)
    halved = np.concatenate([fid[:1] / 2, fid[1:]])
    spectrum = scipy.fft.fftshift(scipy.fft.fft(halved, size).real)
    return full_width_at_half_maximum(spectrum, 1.0 / (size * (time[1] - time[0])))
