"""Putting the spectrum where its peaks belong, by several peaks at once rather than by trust in one."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from fitting.units import WATER_PPM, ComplexArray

PEAKS = ((2.008, 9.0), (3.027, 7.5), (3.21, 4.5), (3.56, 3.0), (3.92, 4.0))
"""ppm and rough height of tNAA, tCr CH3, tCho, mI and tCr CH2 in brain (shifts: Govindaraju 2000,
doi:10.1002/1099-1492(200005)13:3<129::aid-nbm619>3.0.co;2-v)."""

SEARCH_PPM = 0.4
"""Largest displacement looked for: drift, a badly set transmitter, a phantom at room temperature."""

SEARCH_BESIDE_WATER_PPM = 0.15
"""The same when a water reference gave the position: water moves 0.01 ppm per kelvin, 0.15 ppm in a cold phantom."""

EARLY, LATE = 0.01, 0.2
"""s; the comb of peaks is compared where broad signals have decayed and noise does not yet dominate."""

LINEWIDTH_HZ = 5.0
DISTINCT = 1.15
"""The best match must be this much higher than the next at another position, or the position is not trusted."""

ELSEWHERE_PPM = 0.05

FEWEST_PEAKS = 3
"""Peaks of the comb that must be visible at the matched position."""

VISIBLE = 0.15
"""A peak is visible when its correlation is this share of the strongest peak's in proportion to its height."""


@dataclass(frozen=True, slots=True)
class Reference:
    """Displacement found (toward higher ppm) and whether it can be trusted."""

    shift_ppm: float
    trusted: bool
    reason: str


def find_reference(
    fid: ComplexArray, dwell_time: float, spectrometer_frequency: float, search_ppm: float = SEARCH_PPM
) -> Reference:
    """How far the spectrum of a FID (points,) stands from where its brain peaks belong.

    A spectrum without the pattern of brain peaks (tumour, acetate or lactate phantom) gives no trusted position, and
    must not be moved to make one.
    """
    hz_per_ppm = spectrometer_frequency * 1e-6
    time = np.arange(fid.size) * dwell_time
    used = (time >= EARLY) & (time <= LATE)
    signal = fid[used] * np.exp(-np.pi * LINEWIDTH_HZ * time[used])
    size = 1 << int(np.ceil(np.log2(16 * signal.size)))
    spectrum = np.fft.fft(signal, size)
    step = 1.0 / (size * dwell_time)
    reach = round(search_ppm * hz_per_ppm / step)
    offsets = np.arange(-reach, reach + 1)
    start = float(time[used][0])

    def along(ppm: float) -> ComplexArray:
        frequency = (WATER_PPM - ppm) * hz_per_ppm
        at = spectrum[(round(frequency / step) - offsets) % size]
        return np.asarray(at * np.exp(-2j * np.pi * (frequency - offsets * step) * start))

    single = np.array([along(ppm) for ppm, _ in PEAKS])
    heights = np.array([height for _, height in PEAKS])
    match = np.abs(heights @ single)
    best = int(np.argmax(match))
    shift = float(offsets[best] * step / hz_per_ppm)
    elsewhere = np.abs(offsets - offsets[best]) * step / hz_per_ppm > ELSEWHERE_PPM
    rival = float(match[elsewhere].max()) if elsewhere.any() else 0.0
    phase = np.exp(-1j * np.angle(heights @ single[:, best]))
    relative = (single[:, best] * phase).real / heights
    visible = int(np.count_nonzero(relative > VISIBLE * relative.max()))
    if match[best] < DISTINCT * rival:
        return Reference(shift, False, "another position fits the pattern of brain peaks nearly as well")
    if visible < FEWEST_PEAKS:
        return Reference(shift, False, f"only {visible} of {len(PEAKS)} expected brain peaks are visible")
    return Reference(shift, True, f"{visible} of {len(PEAKS)} expected brain peaks are visible")
