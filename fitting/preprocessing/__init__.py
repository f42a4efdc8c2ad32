"""What a recording goes through before the fit: the consensus order (Near 2021, doi:10.1002/nbm.4257), step by step."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from fitting.errors import UnusableSignal
from fitting.preprocessing.alignment import Alignment, align_metabolites, align_water
from fitting.preprocessing.averaging import average, good_transients
from fitting.preprocessing.coil_combination import coil_weights
from fitting.preprocessing.eddy_current import water_phase
from fitting.preprocessing.quality import PreprocessingFacts, Step, line_width_hz, peak_height
from fitting.preprocessing.referencing import SEARCH_BESIDE_WATER_PPM, SEARCH_PPM, find_reference
from fitting.preprocessing.residual_water import remove_water
from fitting.preprocessing.validity import check
from fitting.signal import Recording, Spectrum, time_axis
from fitting.units import ComplexArray, FloatArray

SHARPER = 0.9
"""Eddy-current correction is kept unless it lowers the metabolite peaks below this share of their height: a scanner
that already corrected the spectrum stores an uncorrected reference with it."""

REGISTRATION = "Frequency and phase correction"

WATER_BAND = (4.4, 4.9)
NAA_BAND = (1.85, 2.15)
PEAK_BAND = (1.85, 3.4)
SMOOTHING_HZ = 3.0

EARLY_SECONDS = 0.05
"""Broad signals (water tails, macromolecules) decay and eddy currents act within this time."""


@dataclass(frozen=True, slots=True)
class _Grid:
    """Dwell time (s) and spectrometer frequency (Hz) that all steps share."""

    dwell_time: float
    spectrometer_frequency: float


@dataclass(frozen=True, slots=True)
class _Averaged:
    """One FID (points,) out of many transients, and what was found on the way."""

    fid: ComplexArray
    steps: tuple[Step, ...]
    used: int
    rejected: int
    drift_hz: float | None
    phase_spread_deg: float | None


def preprocess(recording: Recording) -> tuple[Spectrum, PreprocessingFacts]:
    """Combine coils, align and average transients, correct eddy currents, remove water and reference the spectrum.

    Parameters
    ----------
    recording : Recording
        With dwell time and spectrometer frequency known.

    Returns
    -------
    spectrum : Spectrum
        One FID; its water reference on the same receiver scale.
    facts : PreprocessingFacts
        What each step did.

    Raises
    ------
    UnusableSignal
        When samples of the spectrum or its reference cannot be analysed.
    """
    check(recording)
    grid = _Grid(float(recording.acquisition.dwell_time or 0), float(recording.acquisition.spectrometer_frequency or 0))
    reference = _usable_reference(recording.water)
    steps: list[Step] = []
    if recording.water is not None and reference is None:
        steps.append(Step("Water reference", "The water reference holds no signal and was not used."))
    transients, water_transients, combination = _combined(recording, reference, grid)
    averaged = _averaged(transients, grid, align_metabolites)
    steps += [*combination, *averaged.steps]
    fid, water = averaged.fid, None
    if reference is not None and water_transients is not None:
        water = _averaged(water_transients, grid, align_water).fid
        water = _on_grid(water, reference, recording.points, grid)
        fid, water, step = _eddy_corrected(fid, water, grid)
        steps.append(step)
    search_ppm = SEARCH_PPM if water is None else SEARCH_BESIDE_WATER_PPM
    without_water, _ = remove_water(fid, grid.dwell_time, grid.spectrometer_frequency)
    found = find_reference(without_water, grid.dwell_time, grid.spectrometer_frequency, search_ppm)
    shift_ppm = -found.shift_ppm if found.trusted else 0.0
    fid = _shifted(fid, shift_ppm, grid)
    detail = f"Referenced to several peaks by {shift_ppm:+.4f} ppm: {found.reason}."
    steps.append(Step(REGISTRATION, detail))
    residual = _residual_water(fid, grid)
    fid, removed = remove_water(fid, grid.dwell_time, grid.spectrometer_frequency)
    steps.append(Step("Nuisance peak removal", f"HSVD: {removed} residual water components subtracted."))
    facts = PreprocessingFacts(
        steps=tuple(steps),
        transients_used=averaged.used,
        transients_rejected=averaged.rejected,
        frequency_drift_hz=averaged.drift_hz,
        phase_spread_deg=averaged.phase_spread_deg,
        residual_water=residual,
        shift_ppm=shift_ppm,
        water_linewidth_hz=None if water is None else line_width_hz(_in_phase(water), grid.dwell_time),
    )
    return Spectrum(fid, grid.dwell_time, grid.spectrometer_frequency, water), facts


def _usable_reference(water: Recording | None) -> Recording | None:
    """The water reference, or None when it holds no signal.

    Raises
    ------
    UnusableSignal
        When its samples are not finite or too few.
    """
    if water is None or not np.any(water.samples):
        return None
    try:
        check(water)
    except UnusableSignal as error:
        raise UnusableSignal(f"Water reference: {error.detail}", **error.data) from None
    return water


def _combined(
    recording: Recording, reference: Recording | None, grid: _Grid
) -> tuple[ComplexArray, ComplexArray | None, list[Step]]:
    """Transients (transients, points) of spectrum and reference, combined over coils with the same weights."""
    coils = recording.coils
    if reference is not None and reference.coils != coils:
        raise UnusableSignal(
            f"The water reference has {reference.coils} coil(s) but the spectrum {coils}; their scales cannot be "
            "compared. Send both uncombined or both combined.",
            parameter="water_reference",
        )
    if coils == 1:
        return recording.samples[:, 0], None if reference is None else reference.samples[:, 0], []
    strongest = recording.samples if reference is None else reference.samples
    weights = coil_weights(strongest, recording.samples, grid.dwell_time, grid.spectrometer_frequency)
    source = "the spectrum itself" if reference is None else "the water reference"
    step = Step(
        "RF coil combination",
        f"{coils} coils ({weights.dead} without signal), noise-whitened (largest correlation "
        f"{weights.largest_noise_correlation:.2f}), sensitivities from {source}.",
    )
    water = None if reference is None else weights.combine(reference.samples)
    return weights.combine(recording.samples), water, [step]


def _averaged(
    transients: ComplexArray, grid: _Grid, align: Callable[[ComplexArray, float, float], Alignment]
) -> _Averaged:
    """Align, reject and average transients (transients, points)."""
    count = len(transients)
    if count == 1:
        return _Averaged(transients[0], (), 1, 0, None, None)
    aligned = align(transients, grid.dwell_time, grid.spectrometer_frequency)
    good = good_transients(aligned.transients, grid.dwell_time, grid.spectrometer_frequency, aligned.band)
    used = int(np.count_nonzero(good))
    averaging = Step(
        "Signal averaging",
        f"Mean of {used} transients; {count - used} rejected as unlike the others (robust score > 5).",
    )
    mean = average(aligned.transients[good])
    if not aligned.trustworthy:
        detail = "Not applied: a single transient holds too little signal to be aligned."
        return _Averaged(mean, (Step(REGISTRATION, detail), averaging), used, count - used, None, None)
    drift, spread = float(np.ptp(aligned.shift_hz[good])), float(np.rad2deg(np.std(aligned.phase[good])))
    registration = Step(
        REGISTRATION,
        f"Spectral registration of {count} transients by {aligned.band[0]:g} to {aligned.band[1]:g} ppm: frequency "
        f"span {drift:.2f} Hz, phase spread {spread:.1f} deg (standard errors {aligned.shift_sd_hz:.2f} Hz, "
        f"{np.rad2deg(aligned.phase_sd):.1f} deg).",
    )
    return _Averaged(mean, (registration, averaging), used, count - used, drift, spread)


def _on_grid(water: ComplexArray, reference: Recording, points: int, grid: _Grid) -> ComplexArray:
    """The reference FID at the spectrum's sample times; zero where it is shorter."""
    own = reference.acquisition.dwell_time or grid.dwell_time
    if np.isclose(own, grid.dwell_time, rtol=1e-6):
        short = water[:points]
        return np.concatenate([short, np.zeros(points - short.size, dtype=np.complex128)])
    wanted, given = time_axis(points, grid.dwell_time), time_axis(water.size, own)
    parts = (np.interp(wanted, given, part, right=0.0) for part in (water.real, water.imag))
    real, imaginary = parts
    return np.asarray(real + 1j * imaginary)


def _eddy_corrected(fid: ComplexArray, water: ComplexArray, grid: _Grid) -> tuple[ComplexArray, ComplexArray, Step]:
    """Spectrum and reference with the water's phase taken off, where that does not blur the spectrum."""
    phase = water_phase(water, grid.dwell_time, grid.spectrometer_frequency)
    if phase is None:
        return fid, water, Step("Eddy current correction", "Not applied: too little water signal in the reference.")
    straight = _straight(phase, np.abs(water))
    only_referenced, corrected = fid * np.exp(-1j * straight), fid * np.exp(-1j * phase)
    before, after = (_sharpness(one, grid) for one in (only_referenced, corrected))
    if after < SHARPER * before:
        detail = "Not applied: it would broaden the peaks, so the spectrum seems to be corrected already."
        return only_referenced, water * np.exp(-1j * straight), Step("Eddy current correction", detail)
    early = slice(0, max(1, round(EARLY_SECONDS / grid.dwell_time)))
    largest = float(np.rad2deg(np.abs(phase - straight)[early].max()))
    detail = f"Klose, largest phase {largest:.1f}° in the first {EARLY_SECONDS * 1e3:.0f} ms."
    return corrected, water * np.exp(-1j * phase), Step("Eddy current correction", detail)


def _straight(phase: FloatArray, weight: FloatArray) -> FloatArray:
    """Straight line through a phase course: the part that is only a shift and a constant phase."""
    index = np.arange(phase.size, dtype=np.float64)
    slope, offset = np.polyfit(index, phase, 1, w=weight)
    return np.asarray(slope * index + offset)


def _sharpness(fid: ComplexArray, grid: _Grid) -> float:
    """Height of the metabolite peaks above broad signal, for a slightly smoothed spectrum that water referenced."""
    time = time_axis(fid.size, grid.dwell_time)
    narrow = fid * np.exp(-np.pi * SMOOTHING_HZ * time) * (1.0 - np.exp(-time / EARLY_SECONDS))
    return peak_height(narrow, grid.dwell_time, grid.spectrometer_frequency, PEAK_BAND)


def _shifted(fid: ComplexArray, shift_ppm: float, grid: _Grid) -> ComplexArray:
    """The FID moved by ``shift_ppm`` toward higher ppm."""
    shift_hz = shift_ppm * grid.spectrometer_frequency * 1e-6
    return np.asarray(fid * np.exp(-2j * np.pi * shift_hz * time_axis(fid.size, grid.dwell_time)))


def _residual_water(fid: ComplexArray, grid: _Grid) -> float | None:
    """Height of the residual water over that of tNAA."""
    water = peak_height(fid, grid.dwell_time, grid.spectrometer_frequency, WATER_BAND)
    naa = peak_height(fid, grid.dwell_time, grid.spectrometer_frequency, NAA_BAND)
    return water / naa if naa > 0 else None


def _in_phase(water: ComplexArray) -> ComplexArray:
    """The water FID with the phase of its first samples removed."""
    return np.asarray(water * np.exp(-1j * np.angle(np.sum(water[:4]))))
