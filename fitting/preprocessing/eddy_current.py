"""Eddy-current correction from the water reference (Klose 1990, doi:10.1002/mrm.1910140104)."""

from __future__ import annotations

import numpy as np
import scipy.interpolate

from fitting.fid import Axes, Fid
from fitting.preprocessing.peaks import peak_height
from fitting.preprocessing.step import EDDY_CURRENTS, Step, step
from fitting.units import FloatArray

USABLE_SIGNAL = 20.0
"""Times the noise that the water must exceed for its phase to be trusted (to 3 degrees)."""

SHORTEST_TRUSTED = 0.01
"""s of trusted phase without which the reference is not used."""

FIT_SHARE = 0.2
"""Last share of the trusted phase that its straight continuation is fitted to."""

ONE_LINE_PPM = 0.5
ONE_LINE_SHARE = 0.8
"""Share of a reference's energy that must lie this near its highest point: unsuppressed water is one line."""

SHARPER = 0.9
"""The correction is kept unless it lowers the metabolite peaks below this share of their height: a scanner that
already corrected the spectrum stores an uncorrected reference with it, and where the water happens to be in phase only
the shape of the lines shows it."""

PEAK_BAND_PPM = (1.85, 3.4)
SINGLET_BANDS_PPM = ((1.85, 2.15), (2.9, 3.35))
"""Where the highest point is NAA, and creatine or choline."""

IN_PHASE = np.deg2rad(15.0)
"""rad; how much nearer to zero the phase of stored metabolites must be than that of corrected ones to conclude that the
scanner has corrected them: its correction, like ours, puts metabolites in phase, and a second one takes them out by the
phase of the water. Larger than the error of a phase read from two peaks."""

ZERO_FILLING = 4
SMOOTHING_HZ = 3.0

EARLY_SECONDS = 0.05
"""Broad signals (water tails, macromolecules) decay and eddy currents act within this time."""


def on_axes(water: Fid, axes: Axes) -> Fid:
    """A reference FID (points,) at the spectrum's sample times; zero where it is shorter."""
    if np.isclose(water.dwell_time, axes.dwell_time, rtol=1e-6):
        kept = water.samples[: axes.points]
    else:
        given, wanted = water.time, axes.time
        wanted = wanted[wanted <= given[-1]]
        kept = np.asarray(scipy.interpolate.CubicSpline(given, water.samples)(wanted), dtype=np.complex128)
    samples = np.concatenate([kept, np.zeros(axes.points - kept.size, dtype=np.complex128)])
    return Fid(samples, axes.dwell_time, axes.frequency)


def is_one_line(water: Fid) -> bool:
    """Whether a reference FID (points,) is one line, as unsuppressed water is."""
    power = np.abs(np.fft.fft(water.samples)) ** 2
    ppm = water.axes.fft_ppm
    near = np.abs(ppm - ppm[np.argmax(power)]) <= ONE_LINE_PPM
    return bool(np.sum(power[near]) >= ONE_LINE_SHARE * np.sum(power))


def water_phase(water: Fid) -> FloatArray | None:
    """Phase (points,) of the water FID in rad, continued as a straight line where water sinks into the noise.

    None when there is too little water signal to trust.
    """
    lost = np.flatnonzero(np.abs(water.samples) <= USABLE_SIGNAL * water.noise)
    trusted = int(lost[0]) if lost.size else water.points
    if trusted * water.dwell_time < SHORTEST_TRUSTED:
        return None
    phase = np.unwrap(np.angle(water.samples[:trusted]))
    time = water.time
    tail = slice(trusted - max(8, round(FIT_SHARE * trusted)), trusted)
    slope, offset = np.polyfit(time[tail], phase[tail], 1)
    return np.concatenate([phase, slope * time[trusted:] + offset])


def correct_eddy_currents(fid: Fid, water: Fid) -> tuple[Fid, Fid, float | None, Step]:
    """Spectrum and reference FID (points,) with the water's phase taken off, unless the scanner has done so already.

    Water then stands at zero frequency and phase, and the spectrum where water or the scanner put it. Also
    the size of the eddy currents: the water's largest phase (deg) beyond a shift and a constant in the first
    ``EARLY_SECONDS``, None when the phase cannot be trusted.
    """
    phase = water_phase(water)
    if phase is None:
        return fid, water, None, step(EDDY_CURRENTS, "Not applied: too little water signal in the reference.")
    straight = _straight(phase, np.abs(water.samples))
    early = slice(0, max(1, round(EARLY_SECONDS / fid.dwell_time)))
    largest = float(np.rad2deg(np.abs(phase - straight)[early].max()))
    corrected = fid.phased(-phase)
    stored, turned = abs(_singlet_phase(fid)), abs(_singlet_phase(corrected))
    if stored + IN_PHASE < turned:
        detail = (
            f"Not applied: metabolites are in phase as stored ({np.rad2deg(stored):.0f} deg) and would not be after it "
            f"({np.rad2deg(turned):.0f} deg), so the scanner has corrected the spectrum already."
        )
        return fid, water.phased(-phase), largest, step(EDDY_CURRENTS, detail)
    referenced = fid.phased(-straight)
    before, after = _sharpness(referenced), _sharpness(corrected)
    if after < SHARPER * before:
        detail = (
            f"Not applied: it would lower the peaks to {after / before:.0%}, so the spectrum seems to be corrected "
            "already; only the water's frequency and phase were used."
        )
        return referenced, water.phased(-straight), largest, step(EDDY_CURRENTS, detail)
    detail = (
        f"Klose, by the water reference: largest phase {largest:.1f} deg in the first {EARLY_SECONDS * 1e3:.0f} ms."
    )
    return corrected, water.phased(-phase), largest, step(EDDY_CURRENTS, detail)


def _straight(phase: FloatArray, weight: FloatArray) -> FloatArray:
    """Straight line through a phase course: the part that is only a shift and a constant phase."""
    index = np.arange(phase.size, dtype=np.float64)
    slope, offset = np.polyfit(index, phase, 1, w=weight)
    return np.asarray(slope * index + offset)


def _sharpness(fid: Fid) -> float:
    """Height of the metabolite peaks above broad signal, slightly smoothed."""
    return peak_height(_narrow(fid), PEAK_BAND_PPM)


def _singlet_phase(fid: Fid) -> float:
    """Phase (rad) of the strongest metabolite singlets: at its highest point a line has the phase of its signal."""
    size = ZERO_FILLING * fid.points
    spectrum = np.fft.fft(_narrow(fid).samples, size)
    ppm = fid.axes.with_points(size).fft_ppm
    tops = []
    for low, high in SINGLET_BANDS_PPM:
        band = spectrum[(ppm >= low) & (ppm <= high)]
        peaks = band - np.linspace(band[0], band[-1], band.size)  # without the straight foot of the water
        tops.append(peaks[np.argmax(np.abs(peaks))])
    return float(np.angle(np.sum(tops)))


def _narrow(fid: Fid) -> Fid:
    """The FID without broad signals, slightly smoothed; the phase of its lines stays."""
    time = fid.time
    kept = fid.samples * np.exp(-np.pi * SMOOTHING_HZ * time) * (1.0 - np.exp(-time / EARLY_SECONDS))
    return fid.with_samples(np.asarray(kept))
