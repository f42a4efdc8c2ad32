"""Eddy-current correction from the water reference (Klose 1990, doi:10.1002/mrm.1910140104)."""

from __future__ import annotations

import numpy as np
import scipy.interpolate

from fitting.preprocessing.noise import noise_sd
from fitting.preprocessing.quality import peak_height
from fitting.preprocessing.step import EDDY_CURRENTS, Step, step
from fitting.signal import time_axis
from fitting.units import ComplexArray, FloatArray, ppm_axis_of_fft

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
the shape of the lines tells."""

PEAK_BAND_PPM = (1.85, 3.4)
SINGLET_BANDS_PPM = ((1.85, 2.15), (2.9, 3.35))
"""Where the highest point is NAA, and creatine or choline."""

IN_PHASE = np.deg2rad(15.0)
"""rad; how much nearer to zero the phase of stored metabolites must be than that of corrected ones to say that the
scanner has corrected them: its correction, like ours, puts metabolites in phase, and a second one takes them out by the
phase of the water. Larger than the error of a phase read from two peaks."""

ZERO_FILLING = 4
SMOOTHING_HZ = 3.0

EARLY_SECONDS = 0.05
"""Broad signals (water tails, macromolecules) decay and eddy currents act within this time."""


def on_grid(water: ComplexArray, own_dwell_time: float, points: int, dwell_time: float) -> ComplexArray:
    """A reference FID at the spectrum's sample times; zero where it is shorter."""
    if np.isclose(own_dwell_time, dwell_time, rtol=1e-6):
        kept = water[:points]
    else:
        given, wanted = time_axis(water.size, own_dwell_time), time_axis(points, dwell_time)
        wanted = wanted[wanted <= given[-1]]
        kept = np.asarray(scipy.interpolate.CubicSpline(given, water)(wanted), dtype=np.complex128)
    return np.concatenate([kept, np.zeros(points - kept.size, dtype=np.complex128)])


def is_one_line(water: ComplexArray, dwell_time: float, spectrometer_frequency: float) -> bool:
    """Whether a reference FID (points,) is one line, as unsuppressed water is."""
    power = np.abs(np.fft.fft(water)) ** 2
    ppm = ppm_axis_of_fft(water.size, dwell_time, spectrometer_frequency)
    near = np.abs(ppm - ppm[np.argmax(power)]) <= ONE_LINE_PPM
    return bool(np.sum(power[near]) >= ONE_LINE_SHARE * np.sum(power))


def water_phase(water: ComplexArray, dwell_time: float, spectrometer_frequency: float) -> FloatArray | None:
    """Phase (points,) of the water FID in rad, continued as a straight line where water sinks into the noise.

    None when there is too little water signal to trust.
    """
    noise = noise_sd(water, dwell_time, spectrometer_frequency)
    lost = np.flatnonzero(np.abs(water) <= USABLE_SIGNAL * noise)
    trusted = int(lost[0]) if lost.size else water.size
    if trusted * dwell_time < SHORTEST_TRUSTED:
        return None
    phase = np.unwrap(np.angle(water[:trusted]))
    time = time_axis(water.size, dwell_time)
    tail = slice(trusted - max(8, round(FIT_SHARE * trusted)), trusted)
    slope, offset = np.polyfit(time[tail], phase[tail], 1)
    return np.concatenate([phase, slope * time[trusted:] + offset])


def correct_eddy_currents(
    fid: ComplexArray, water: ComplexArray, dwell_time: float, spectrometer_frequency: float
) -> tuple[ComplexArray, ComplexArray, float | None, Step]:
    """Spectrum and reference FID (points,) with the water's phase taken off, unless the scanner has done so already.

    Water then stands at zero frequency and phase, and the spectrum where water says, or where the scanner put it. Also
    the size of the eddy currents: the water's largest phase (deg) beyond a shift and a constant in the first
    ``EARLY_SECONDS``, None when the phase cannot be trusted.
    """
    phase = water_phase(water, dwell_time, spectrometer_frequency)
    if phase is None:
        return fid, water, None, step(EDDY_CURRENTS, "Not applied: too little water signal in the reference.")
    straight = _straight(phase, np.abs(water))
    early = slice(0, max(1, round(EARLY_SECONDS / dwell_time)))
    largest = float(np.rad2deg(np.abs(phase - straight)[early].max()))
    stored, turned = (
        abs(_singlet_phase(candidate, dwell_time, spectrometer_frequency))
        for candidate in (fid, fid * np.exp(-1j * phase))
    )
    if stored + IN_PHASE < turned:
        detail = (
            f"Not applied: metabolites are in phase as stored ({np.rad2deg(stored):.0f} deg) and would not be after it "
            f"({np.rad2deg(turned):.0f} deg), so the scanner has corrected the spectrum already."
        )
        return fid, water * np.exp(-1j * phase), largest, step(EDDY_CURRENTS, detail)
    referenced, corrected = fid * np.exp(-1j * straight), fid * np.exp(-1j * phase)
    before = _sharpness(referenced, dwell_time, spectrometer_frequency)
    after = _sharpness(corrected, dwell_time, spectrometer_frequency)
    if after < SHARPER * before:
        detail = (
            f"Not applied: it would lower the peaks to {after / before:.0%}, so the spectrum seems to be corrected "
            "already; only the water's frequency and phase were used."
        )
        return referenced, water * np.exp(-1j * straight), largest, step(EDDY_CURRENTS, detail)
    detail = (
        f"Klose, by the water reference: largest phase {largest:.1f} deg in the first {EARLY_SECONDS * 1e3:.0f} ms."
    )
    return corrected, water * np.exp(-1j * phase), largest, step(EDDY_CURRENTS, detail)


def _straight(phase: FloatArray, weight: FloatArray) -> FloatArray:
    """Straight line through a phase course: the part that is only a shift and a constant phase."""
    index = np.arange(phase.size, dtype=np.float64)
    slope, offset = np.polyfit(index, phase, 1, w=weight)
    return np.asarray(slope * index + offset)


def _sharpness(fid: ComplexArray, dwell_time: float, spectrometer_frequency: float) -> float:
    """Height of the metabolite peaks above broad signal, slightly smoothed."""
    return peak_height(_narrow(fid, dwell_time), dwell_time, spectrometer_frequency, PEAK_BAND_PPM)


def _singlet_phase(fid: ComplexArray, dwell_time: float, spectrometer_frequency: float) -> float:
    """Phase (rad) of the strongest metabolite singlets: at its highest point a line has the phase of its signal."""
    size = ZERO_FILLING * fid.size
    spectrum = np.fft.fft(_narrow(fid, dwell_time), size)
    ppm = ppm_axis_of_fft(size, dwell_time, spectrometer_frequency)
    tops = []
    for low, high in SINGLET_BANDS_PPM:
        band = spectrum[(ppm >= low) & (ppm <= high)]
        peaks = band - np.linspace(band[0], band[-1], band.size)  # without the straight foot of the water
        tops.append(peaks[np.argmax(np.abs(peaks))])
    return float(np.angle(np.sum(tops)))


def _narrow(fid: ComplexArray, dwell_time: float) -> ComplexArray:
    """The FID without broad signals, slightly smoothed; the phase of its lines stays."""
    time = time_axis(fid.size, dwell_time)
    return np.asarray(fid * np.exp(-np.pi * SMOOTHING_HZ * time) * (1.0 - np.exp(-time / EARLY_SECONDS)))
