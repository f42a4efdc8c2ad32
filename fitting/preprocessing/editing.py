"""Signs of J-difference editing in the data: transients of two conditions, and the difference of the two.

Editing at 1.9 ppm (GABA, and HERMES and HERCULES with it) saturates NAA's methyl group in half of the transients and
leaves creatine and choline alone (Mescher 1998, doi:10.1002/(SICI)1099-1492(199810)11:6<266::AID-NBM530>3.0.CO;2-J).
Motion, drift and unstable gain change all lines alike, or for single transients. Which half is edited differs by vendor
and export: in turn, in pairs, or one block after the other. In the difference NAA stands upside down against what is
edited, and creatine and choline are gone.

Editing elsewhere (GSH at 4.56 ppm, lactate at 4.1) leaves NAA's methyl group alone and is not seen here.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt

from fitting.errors import UnsupportedData
from fitting.fid import Fid
from fitting.units import ComplexArray, FloatArray

LINES_PPM = (1.7, 3.45)
"""Where the strongest lines of brain stand, tNAA, tCr and tCho, moved by 0.2 ppm at the most."""

BESIDE_PPM = 0.12
"""A line must stand out of the mean so far to either side: the foot of water, which may alternate, does not."""

QUIET_PPM = (7.0, 9.5)
"""Where no signal stands, for the noise."""

STRONG = 0.35
"""Height of a point over the highest from which it counts as of a strong line."""

CHANGED, UNCHANGED = 0.6, 0.2
"""Difference of the halves over the larger one: of editing's saturated line 1, of the others 0.05; of repetitions both
are noise."""

CLEAR = 6.0
"""Standard deviations of noise above which a line or a change is one."""

APART_PPM = 0.5
"""Distance of a changed line from one that is not: NAA and creatine are 1.0 ppm apart."""

DECAY_HZ = 6.0

NAA_PPM, CREATINE_PPM, CHOLINE_PPM = 2.008, 3.027, 3.21
GLX_PPM = (3.65, 3.85)
"""Of Glu and Gln the protons at 3.75 ppm are edited together with GABA (shifts: Govindaraju 2000,
doi:10.1002/1099-1492(200005)13:3<129::aid-nbm619>3.0.co;2-v)."""

MOVED_PPM = 0.25
"""How far the position may be off."""

GONE = 0.15
"""Height over that of NAA below which creatine and choline are missing: in brain at long echo times they have 0.3 at
the least, cancelled 0.02."""

OPPOSITE = 0.06
"""Height of what is edited over that of NAA: in differences 0.1 and more."""

FINER = 3
"""Zeros for each point of a FID whose lines' phases are compared."""

_Half = npt.NDArray[np.bool_]


@dataclass(frozen=True, slots=True)
class _Lines:
    """Spectra (..., points) of narrow signals, with their ppm and the noise of one of them."""

    spectra: ComplexArray
    ppm: FloatArray
    noise: float

    def between(self, low: float, high: float) -> ComplexArray:
        """The part between two ppm."""
        return self.spectra[..., (self.ppm > low) & (self.ppm < high)]


def refuse_two_conditions(aligned: Fid) -> None:
    """Refuse transients (transients, points), aligned as well as they can be, that alternate between two conditions.

    Raises
    ------
    UnsupportedData
    """
    count = len(aligned.samples)
    if count < 2:
        return
    lines = _lines(aligned)
    if any(_differ(lines, half) for half in _halves(count)):
        raise UnsupportedData(
            "The transients alternate between two conditions: one strong line is there in half of them only, as "
            "spectral editing makes it (MEGA, HERMES, HERCULES). Only unedited spectra can be analysed.",
            transients=count,
        )


def refuse_difference(fid: Fid) -> None:
    """Refuse a FID (points,) without residual water that is the difference of the two conditions.

    Raises
    ------
    UnsupportedData
    """
    lines = _lines(fid.with_samples(np.pad(fid.samples, (0, FINER * fid.points))))
    highest = int(np.argmax(np.where((lines.ppm > 0.5) & (lines.ppm < 4.2), np.abs(lines.spectra), 0.0)))
    naa, moved = complex(lines.spectra[highest]), float(lines.ppm[highest]) - NAA_PPM
    if abs(moved) > MOVED_PPM or abs(naa) < 4 * CLEAR * lines.noise:
        return
    rest = np.max(np.abs(lines.between(CREATINE_PPM - 0.06 + moved, CHOLINE_PPM + 0.06 + moved)), initial=0.0)
    opposite = replace(lines, spectra=-lines.spectra * abs(naa) / naa).between(GLX_PPM[0] + moved, GLX_PPM[1] + moved)
    edited = float(np.max(opposite.real, initial=0.0))
    if float(rest) < GONE * abs(naa) + CLEAR / 2 * lines.noise and edited > max(
        OPPOSITE * abs(naa), CLEAR * lines.noise
    ):
        raise UnsupportedData(
            "NAA stands upside down against the lines at 3.75 ppm, and creatine and choline are missing: this is the "
            "difference spectrum of an edited scan (MEGA, HERMES, HERCULES). Only unedited spectra can be analysed."
        )


def _lines(fids: Fid) -> _Lines:
    """Narrow part of FIDs (..., points)."""
    spectra = np.fft.fft(fids.samples * np.exp(-np.pi * DECAY_HZ * fids.time))
    beside = max(1, round(BESIDE_PPM * 1e-6 * fids.frequency * fids.points * fids.dwell_time))
    spectra = spectra - (np.roll(spectra, beside, axis=-1) + np.roll(spectra, -beside, axis=-1)) / 2
    ppm = fids.axes.fft_ppm
    quiet = (ppm > QUIET_PPM[0]) & (ppm < QUIET_PPM[1])
    silent = quiet if quiet.any() else np.ones_like(quiet)
    return _Lines(spectra, ppm, float(np.sqrt(np.mean(np.abs(spectra[..., silent]) ** 2) / 2)))


def _halves(count: int) -> Iterator[_Half]:
    """Each way in which half of the transients may be edited: in turn or in blocks, of two conditions or of four."""
    index = np.arange(count)
    for number in (index % 4, 4 * index // count):
        for other in (1, 2, 3):
            half = (number == 0) | (number == other)
            if half.any() and not half.all():
                yield half


def _differ(lines: _Lines, half: _Half) -> bool:
    """Whether the means of the two halves differ in one strong line and agree in another."""
    spectra, ppm = lines.between(*LINES_PPM), lines.ppm[(lines.ppm > LINES_PPM[0]) & (lines.ppm < LINES_PPM[1])]
    noise = lines.noise * float(np.sqrt(1 / np.count_nonzero(half) + 1 / np.count_nonzero(~half)))
    one, other = spectra[half].mean(axis=0), spectra[~half].mean(axis=0)
    larger, change = np.maximum(np.abs(one), np.abs(other)), np.abs(one - other)
    strong = larger > STRONG * larger.max()
    changed = strong & (change > CHANGED * larger) & (change > CLEAR * noise)
    unchanged = strong & (change < UNCHANGED * larger)
    return bool(np.any(np.abs(ppm[changed][:, np.newaxis] - ppm[unchanged]) > APART_PPM))
