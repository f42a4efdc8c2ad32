"""Start values by a matched filter: common shift and phase from one transform, width from a short list."""

from __future__ import annotations

import numpy as np
import scipy.fft

from fitting.model.forward import LinearCombinationModel, evaluate
from fitting.model.linear import Projection
from fitting.model.parameters import GLOBAL
from fitting.units import ComplexArray, FloatArray

EXPECTED = {"NAA": 10.0, "Cr": 4.5, "PCr": 4.0, "GPC": 1.2, "PCh": 0.6, "mI": 6.0, "Glu": 9.0}
"""Rough proportions in adult brain: weights of the matched filter only, never of the answer."""

SEARCH_PPM = 0.08
"""Half range of the common shift around the referenced position."""

WIDTHS_HZ = (0.3, 2.5, 5.0, 9.0, 15.0)
"""Full widths at half maximum that are tried as start, until one is worse than the one before."""

EARLY, LATE = 0.010, 0.250
"""s; the filter looks where broad baseline signal has decayed and noise does not yet dominate."""


def start_vector(model: LinearCombinationModel, projection: Projection, spectrometer_frequency: float) -> FloatArray:
    """Scaled parameter vector (n,) to start from: a width that fits, at the matched shift and phase."""
    weights = np.array([EXPECTED.get(name, 0.0) for name in model.layout.components])
    template = (model.basis * weights[:, None]).sum(axis=0)
    best, least = np.zeros(model.layout.size), np.inf
    for width in WIDTHS_HZ:
        candidate = _candidate(model, template, width, spectrometer_frequency)
        cost = _cost(model, projection, candidate)
        if not cost < least:
            break
        best, least = candidate, cost
    return best


def _cost(model: LinearCombinationModel, projection: Projection, vector: FloatArray) -> float:
    state = evaluate(model, projection, vector)
    return float(state.residual @ state.residual) + projection.penalty(state.coefficients)


def _candidate(
    model: LinearCombinationModel, template: ComplexArray, width_hz: float, spectrometer_frequency: float
) -> FloatArray:
    """Vector whose shift and phase maximise the correlation of data and template at one width."""
    domain = model.domain
    damping = np.pi * width_hz
    usable = (domain.time >= EARLY) & (domain.time <= LATE)
    time = domain.time[usable]
    product = model.data_time[usable] * np.conj(template[usable]) * np.exp(-damping * time)
    size = 16 * scipy.fft.next_fast_len(time.size)
    correlation = scipy.fft.fft(product, size)
    frequency = scipy.fft.fftfreq(size, time[1] - time[0])
    allowed = np.abs(frequency) <= SEARCH_PPM * spectrometer_frequency * 1e-6
    best = int(np.flatnonzero(allowed)[np.argmax(np.abs(correlation[allowed]))])
    phase = np.angle(correlation[best]) - 2 * np.pi * frequency[best] * time[0]
    vector = np.zeros(model.layout.size)
    vector[GLOBAL.index("phase0")] = phase
    vector[GLOBAL.index("shift")] = -frequency[best]
    vector[GLOBAL.index("lorentz")] = 0.5 * damping
    vector[GLOBAL.index("gauss")] = 0.6 * damping
    return np.asarray(vector / model.layout.scales)
