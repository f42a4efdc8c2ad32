"""The order of preprocessing (Near et al. 2021, doi:10.1002/nbm.4257): each step takes data and says what it did."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np

from fitting.errors import UnusableSignal
from fitting.preprocessing.alignment import Alignment, Shifts, align_metabolites, align_water, undo
from fitting.preprocessing.averaging import average, weights
from fitting.preprocessing.clipping import clipped_samples
from fitting.preprocessing.coil_combination import SINGLE_COIL, CoilWeights, coil_weights
from fitting.preprocessing.eddy_current import correct_eddy_currents, is_one_line, on_grid
from fitting.preprocessing.facts import PreprocessingFacts, Transients
from fitting.preprocessing.noise import recorded
from fitting.preprocessing.pairing import check_pair, water_height
from fitting.preprocessing.quality import line_width_hz, peak_height
from fitting.preprocessing.referencing import SEARCH_BESIDE_WATER_PPM, SEARCH_PPM, Reference, find_reference
from fitting.preprocessing.residual_water import Components, decompose
from fitting.preprocessing.step import COMBINATION, REGISTRATION, TRUNCATION, WATER_REFERENCE, WATER_REMOVAL, Step, step
from fitting.preprocessing.validity import check
from fitting.signal import Acquisition, Recording, Spectrum, time_axis
from fitting.units import ComplexArray

NAA_BAND_PPM = (1.85, 2.15)


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
    transients: Transients | None
    drift_hz: float | None
    phase_spread_deg: float | None


@dataclass(frozen=True, slots=True)
class _Watered:
    """A FID (points,) and its water reference after the reference was used, with what it told."""

    fid: ComplexArray
    water: ComplexArray | None
    step: Step
    eddy_current_deg: float | None


def preprocess(recording: Recording) -> tuple[Spectrum, PreprocessingFacts]:
    """Combine coils, align and average transients, correct eddy currents, remove water and reference the spectrum.

    Parameters
    ----------
    recording : Recording
        With dwell time and spectrometer frequency known.

    Returns
    -------
    spectrum : Spectrum
        One FID without the zeros it was filled up with; its water reference on the same receiver scale and grid.
    facts : PreprocessingFacts
        What each step did.

    Raises
    ------
    UnusableSignal
        When samples of the spectrum or its reference cannot be analysed.
    """
    check(recording)
    grid = _grid(recording.acquisition)
    recording, steps = _without_zero_filling(recording)
    reference, added = _usable_reference(recording.water)
    steps += added
    transients, water_transients, same_scale, added = _combined(recording, reference, grid)
    steps += added
    gain = _power_of_two(transients)
    averaged = _averaged(transients / gain, grid, align_metabolites)
    steps += averaged.steps
    fid, water, eddy_current_deg = averaged.fid, None, None
    if reference is not None and water_transients is not None:
        own_grid = _Grid(reference.acquisition.dwell_time or grid.dwell_time, grid.spectrometer_frequency)
        mean = _averaged(water_transients / gain, own_grid, align_water).fid
        used = _with_water(fid, on_grid(mean, own_grid.dwell_time, fid.size, grid.dwell_time), grid)
        fid, water, eddy_current_deg = used.fid, used.water, used.eddy_current_deg
        steps.append(used.step)
    fid, found, residual, added = _referenced_without_water(fid, grid, beside_water=water is not None)
    steps += added
    facts = PreprocessingFacts(
        steps=tuple(steps),
        transients=averaged.transients,
        frequency_drift_hz=averaged.drift_hz,
        phase_spread_deg=averaged.phase_spread_deg,
        eddy_current_deg=eddy_current_deg,
        residual_water=residual,
        shift_ppm=_applied(found),
        pattern=found.pattern,
        water_linewidth_hz=None if water is None else line_width_hz(_in_phase(water), grid.dwell_time),
        clipped_samples=clipped_samples(recording.samples),
        water_clipped_samples=None if reference is None else clipped_samples(reference.samples),
    )
    scaling_water = water * gain if water is not None and same_scale else None
    return Spectrum(fid * gain, grid.dwell_time, grid.spectrometer_frequency, scaling_water), facts


def _grid(acquisition: Acquisition) -> _Grid:
    """The grid of an acquisition, which the caller has seen to be complete."""
    if acquisition.dwell_time is None or acquisition.spectrometer_frequency is None:
        raise ValueError("preprocessing needs a dwell time and a spectrometer frequency")
    return _Grid(acquisition.dwell_time, acquisition.spectrometer_frequency)


def _without_zero_filling(recording: Recording) -> tuple[Recording, list[Step]]:
    """The recording without a tail of exact zeros: it was not measured and would correlate the noise."""
    points = recorded(recording.samples)
    if points == recording.points:
        return recording, []
    details = f"{recording.points - points} zeros at the end of the FID were left out; {points} points hold signal."
    return replace(recording, samples=recording.samples[..., :points]), [step(TRUNCATION, details)]


def _power_of_two(samples: ComplexArray) -> float:
    """The power of two just below the largest part of a sample: dividing by it rounds nothing."""
    _, exponent = np.frexp(np.abs(samples.view(np.float64)).max())
    return float(np.ldexp(1.0, int(exponent) - 1))


def _usable_reference(water: Recording | None) -> tuple[Recording | None, list[Step]]:
    """The water reference, or None with the reason when it holds no signal.

    Raises
    ------
    UnusableSignal
        When its samples are not finite or too few.
    """
    if water is None:
        return None, []
    if not np.any(water.samples[..., 0]) and not np.any(water.samples):
        return None, [step(WATER_REFERENCE, "Not used: it holds no signal.")]
    try:
        check(water)
    except UnusableSignal as error:
        raise UnusableSignal(f"Water reference: {error.detail}", **error.data) from None
    return water, []


def _combined(
    recording: Recording, reference: Recording | None, grid: _Grid
) -> tuple[ComplexArray, ComplexArray | None, bool, list[Step]]:
    """Transients (transients, points) of spectrum and reference, and whether both kept one receiver scale.

    Raises
    ------
    UnusableSignal
        When the reference holds too little water for the spectrum.
    """
    same_coils = reference is not None and reference.coils == recording.coils
    found, steps = _weights(recording, reference if same_coils else None, grid)
    samples = found.combine(recording.samples)
    if reference is None:
        return samples, None, False, steps
    own_dwell_time = reference.acquisition.dwell_time or grid.dwell_time
    if same_coils:
        water = found.combine(reference.samples)
        check_pair(
            water_height(samples, grid.dwell_time, grid.spectrometer_frequency),
            water_height(water, own_dwell_time, grid.spectrometer_frequency),
        )
        return samples, water, True, steps
    own, _ = _weights(reference, None, replace(grid, dwell_time=own_dwell_time))
    details = (
        f"The water reference has {reference.coils} coil(s), the spectrum {recording.coils}: their scales cannot be "
        "compared, so the water corrects eddy currents but scales nothing. Send both combined or both uncombined."
    )
    return samples, own.combine(reference.samples), False, [*steps, step(WATER_REFERENCE, details)]


def _weights(recording: Recording, reference: Recording | None, grid: _Grid) -> tuple[CoilWeights, list[Step]]:
    """Coil weights from the reference if given, else from the recording itself."""
    if recording.coils == 1:
        return SINGLE_COIL, []
    strongest = recording if reference is None else reference
    found = coil_weights(strongest.samples, recording.samples, grid.dwell_time, grid.spectrometer_frequency)
    source = "the spectrum itself" if reference is None else "the water reference"
    details = (
        f"{recording.coils} coils ({found.dead} without signal), noise-whitened (largest correlation "
        f"{found.largest_noise_correlation:.2f}), sensitivities from {source}."
    )
    return found, [step(COMBINATION, details)]


def _averaged(
    transients: ComplexArray, grid: _Grid, align: Callable[[ComplexArray, float, float], Alignment]
) -> _Averaged:
    """Align, weigh and average transients (transients, points)."""
    if len(transients) == 1:
        return _Averaged(transients[0], (), None, None, None)
    aligned = align(transients, grid.dwell_time, grid.spectrometer_frequency)
    shifts, registration = aligned.shifts, _registration(aligned.shifts, len(transients))
    weight = weights(aligned.signal, np.any(transients != 0, axis=1))
    mean, averaging = average(undo(shifts, transients, grid.dwell_time), weight)
    found = _transients(shifts, tuple(weight.tolist()))
    if not shifts.trustworthy:
        return _Averaged(mean, (registration, averaging), found, None, None)
    used = weight > 0
    drift, spread = float(np.ptp(shifts.shift_hz[used])), float(np.rad2deg(np.std(shifts.phase[used])))
    return _Averaged(mean, (registration, averaging), found, drift, spread)


def _registration(shifts: Shifts, count: int) -> Step:
    """What registration did to ``count`` transients."""
    if not shifts.trustworthy:
        return step(REGISTRATION, "Not applied: a single transient holds too little signal to be aligned.")
    details = (
        f"Spectral registration of {count} transients by {shifts.band[0]:g} to {shifts.band[1]:g} ppm: frequency "
        f"span {np.ptp(shifts.shift_hz):.2f} Hz, phase spread {np.rad2deg(np.std(shifts.phase)):.1f} deg (standard "
        f"errors {shifts.shift_sd_hz:.2f} Hz, {np.rad2deg(shifts.phase_sd):.1f} deg)."
    )
    return step(REGISTRATION, details)


def _transients(shifts: Shifts, weight: tuple[float, ...]) -> Transients:
    """Shifts and weights as they are told."""
    known = bool(np.isfinite(shifts.shift_sd_hz) and np.isfinite(shifts.phase_sd))
    return Transients(
        shift_hz=tuple(shifts.shift_hz.tolist()) if shifts.trustworthy else None,
        phase_deg=tuple(np.rad2deg(shifts.phase).tolist()) if shifts.trustworthy else None,
        shift_sd_hz=shifts.shift_sd_hz if known else None,
        phase_sd_deg=float(np.rad2deg(shifts.phase_sd)) if known else None,
        weight=weight,
    )


def _with_water(fid: ComplexArray, water: ComplexArray, grid: _Grid) -> _Watered:
    """Eddy currents corrected by the water reference (points,) if that is water."""
    if not is_one_line(water, grid.dwell_time, grid.spectrometer_frequency):
        return _Watered(
            fid, None, step(WATER_REFERENCE, "Not used: it is not one line, as unsuppressed water is."), None
        )
    fid, straight, size, done = correct_eddy_currents(fid, water, grid.dwell_time, grid.spectrometer_frequency)
    return _Watered(fid, straight, done, size)


def _referenced_without_water(
    fid: ComplexArray, grid: _Grid, *, beside_water: bool
) -> tuple[ComplexArray, Reference, float | None, list[Step]]:
    """The FID (points,) without residual water and moved to where its peaks belong; where they were, height of the
    water, steps.

    Residual water is found once, taken off to find the shift, and then taken off anew where the shift puts it.
    """
    components = decompose(fid, grid.dwell_time, grid.spectrometer_frequency)
    search_ppm = SEARCH_BESIDE_WATER_PPM if beside_water else SEARCH_PPM
    found = find_reference(
        fid - _sum(components.water(grid.spectrometer_frequency), fid.size, grid),
        grid.dwell_time,
        grid.spectrometer_frequency,
        search_ppm,
    )
    shift_ppm = _applied(found)
    components = components.water(grid.spectrometer_frequency, shift_ppm)
    water = _shifted(_sum(components, fid.size, grid), shift_ppm, grid)
    clean = _shifted(fid, shift_ppm, grid) - water
    naa = peak_height(clean, grid.dwell_time, grid.spectrometer_frequency, NAA_BAND_PPM)
    residual = float(np.abs(np.fft.fft(water)).max()) / naa if naa > 0 else None
    steps = [
        step(WATER_REMOVAL, f"HSVD: {len(components)} residual water components subtracted."),
        step(REGISTRATION, f"Referenced to several peaks by {shift_ppm:+.4f} ppm: {found.reason}."),
    ]
    return clean, found, residual, steps


def _applied(found: Reference) -> float:
    """How far a spectrum with this reference is moved toward higher ppm; a doubtful one moves nothing."""
    return -found.shift_ppm if found.trusted else 0.0


def _sum(components: Components, points: int, grid: _Grid) -> ComplexArray:
    return components.fid(points, grid.dwell_time)


def _shifted(fid: ComplexArray, shift_ppm: float, grid: _Grid) -> ComplexArray:
    """The FID moved by ``shift_ppm`` toward higher ppm."""
    shift_hz = shift_ppm * grid.spectrometer_frequency * 1e-6
    return np.asarray(fid * np.exp(-2j * np.pi * shift_hz * time_axis(fid.size, grid.dwell_time)))


def _in_phase(water: ComplexArray) -> ComplexArray:
    """The water FID with the phase of its first samples removed."""
    return np.asarray(water * np.exp(-1j * np.angle(np.sum(water[:4]))))
