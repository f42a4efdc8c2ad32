"""Reference the spectrum by several peaks at once, not by a single one."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np

from fitting.fid import Fid
from fitting.units import WATER_PPM, ComplexArray

PEAKS = ((2.008, 9.0), (3.027, 7.5), (3.21, 4.5), (3.56, 3.0), (3.92, 4.0))
"""ppm and rough height of tNAA, tCr CH3, tCho, mI and tCr CH2 in brain (shifts: Govindaraju 2000,
doi:10.1002/1099-1492(200005)13:3<129::aid-nbm619>3.0.co;2-v)."""

SEARCH_PPM = 0.4
"""Largest displacement looked for: drift, a badly set transmitter, a phantom at room temperature."""

SEARCH_BESIDE_WATER_PPM = 0.25
"""The same when a water reference gave the position: water moves 0.01 ppm per kelvin, 0.2 ppm in a cold phantom."""

TYPICAL_PPM = 0.25
"""Standard deviation of displacements: drift, shimming and temperature make small ones more common. It decides between
places that match about as well, and does not pull the one that is chosen."""

EARLY, LATE = 0.01, 0.2
"""s; the comb of peaks is compared where broad signals have decayed and noise does not yet dominate."""

LINEWIDTH_HZ = 5.0
DISTINCT = 1.15
"""The best match must be this much higher than the next at another position, or the position is not trusted."""

ELSEWHERE_PPM = 0.05

FEWEST_PEAKS = 3
"""Peaks of the comb that must be visible at the matched position."""

VISIBLE = 0.15
"""A peak is visible when its correlation is this share of the strongest peak's in proportion to its height ..."""

ABOVE_NOISE = 3.5
"""... this many standard deviations above its noise ..."""

NARROW = 1.2
BESIDE_HZ = 10.0
BESIDE_PPM = 0.08
"""... and this much higher than the mean so far to either side (the nearer of the two): the foot of a strong line
elsewhere and macromolecules are no peaks. At 1.15 a metabolite-nulled spectrum still passed as brain, at 1.3 broad
lines of real spectra did not."""


Pattern = Literal["found", "ambiguous", "absent"]
"""Whether a spectrum shows the pattern of brain peaks: at one place, at several about as well, or nowhere."""


@dataclass(frozen=True, slots=True)
class FrequencyReference:
    """Displacement found (toward higher ppm) and whether it can be trusted."""

    shift_ppm: float
    pattern: Pattern
    reason: str
    visible: int = 0
    """Peaks of the pattern that are visible there."""
    match: float = 0.0
    """Height of the pattern there, in units of the signal."""

    @property
    def trusted(self) -> bool:
        """Whether the spectrum may be moved by it."""
        return self.pattern == "found"


def find_reference(fid: Fid, search_ppm: float = SEARCH_PPM) -> FrequencyReference:
    """Displacement of the spectrum of a FID (points,), best without residual water, from the positions of brain peaks.

    A spectrum without the pattern of brain peaks (tumour, acetate or lactate phantom) gives no trusted position and
    must not be moved.
    """
    hz_per_ppm = fid.frequency * 1e-6
    time = fid.time
    used = (time >= EARLY) & (time <= LATE)
    weight = np.exp(-np.pi * LINEWIDTH_HZ * time[used])
    signal = fid.samples[used] * weight
    noise = fid.noise * float(np.sqrt(np.sum(weight**2)))
    size = 1 << int(np.ceil(np.log2(16 * signal.size)))
    spectrum = np.fft.fft(signal, size)
    step = 1.0 / (size * fid.dwell_time)
    reach = round(search_ppm * hz_per_ppm / step)
    offsets = np.arange(-reach, reach + 1)
    start = float(time[used][0])

    def along(ppm: float) -> ComplexArray:
        frequency = (WATER_PPM - ppm) * hz_per_ppm
        at = spectrum[(round(frequency / step) - offsets) % size]
        return np.asarray(at * np.exp(-2j * np.pi * (frequency - offsets * step) * start))

    heights = np.array([height for _, height in PEAKS])
    single = np.array([along(ppm) for ppm, _ in PEAKS])
    together = heights @ single
    relative = (single * np.exp(-1j * np.angle(together))).real / heights[:, None]
    beside_ppm = min(BESIDE_PPM, BESIDE_HZ / hz_per_ppm)
    sides = np.array([[np.abs(along(ppm + way * beside_ppm)) for ppm, _ in PEAKS] for way in (-1.0, 1.0)])
    stands_out = (relative > VISIBLE * relative.max(axis=0)) & (np.abs(single) > ABOVE_NOISE * noise)
    is_peak = stands_out & (np.abs(single) > NARROW * sides.mean(axis=0))
    visible = np.count_nonzero(is_peak, axis=0)
    displacement = offsets * step / hz_per_ppm
    plausible = np.exp(-0.5 * (displacement / TYPICAL_PPM) ** 2)
    match = np.where(visible >= FEWEST_PEAKS, np.abs(together) * plausible, 0.0)
    best = int(np.argmax(match))
    nearby = np.abs(displacement - displacement[best]) <= ELSEWHERE_PPM
    best = int(np.argmax(np.where(nearby & (match > 0), np.abs(together), 0.0)))
    if match[best] == 0:
        return FrequencyReference(
            0.0, "absent", f"fewer than {FEWEST_PEAKS} of {len(PEAKS)} expected brain peaks are visible"
        )
    shift = float(displacement[best])
    elsewhere = np.abs(displacement - shift) > ELSEWHERE_PPM
    if match[best] < DISTINCT * float(match[elsewhere].max(initial=0.0)):
        return FrequencyReference(shift, "ambiguous", "another position fits the pattern of brain peaks nearly as well")
    seen = int(visible[best])
    words = f"{seen} of {len(PEAKS)} expected brain peaks are visible"
    return FrequencyReference(shift, "found", words, seen, float(np.abs(together[best])))
