"""What a recording goes through before the fit: the consensus order (Near 2021, doi:10.1002/nbm.4257), step by step."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np

from fitting.errors import UnusableSignal
from fitting.preprocessing.alignment import Alignment, align_metabolites, align_water
from fitting.preprocessing.averaging import average, good_transients
from fitting.preprocessing.coil_combination import SINGLE_COIL, CoilWeights, coil_weights
from fitting.preprocessing.eddy_current import correct_eddy_currents, is_one_line, on_grid
from fitting.preprocessing.noise import recorded
from fitting.preprocessing.pairing import check_pair
from fitting.preprocessing.quality import PreprocessingFacts, Step, line_width_hz, peak_height
from fitting.preprocessing.referencing import SEARCH_BESIDE_WATER_PPM, SEARCH_PPM, Reference, find_reference
from fitting.preprocessing.residual_water import Components, decompose
from fitting.preprocessing.validity import check
from fitting.signal import Acquisition, Recording, Spectrum, time_axis
from fitting.units import ComplexArray

REGISTRATION = "Frequency and phase correction"
AVERAGING = "Signal averaging"
COMBINATION = "RF coil combination"
WATER_REMOVAL = "Nuisance peak removal"

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
    reference, step = _usable_reference(recording.water)
    steps += step
    transients, water_transients, same_scale, step = _combined(recording, reference, grid)
    steps += step
    gain = _power_of_two(transients)
    averaged = _averaged(transients / gain, grid, align_metabolites)
    steps += averaged.steps
    fid, water = averaged.fid, None
    if reference is not None and water_transients is not None:
        own_grid = _Grid(reference.acquisition.dwell_time or grid.dwell_time, grid.spectrometer_frequency)
        mean = _averaged(water_transients / gain, own_grid, align_water).fid
        water = on_grid(mean, own_grid.dwell_time, fid.size, grid.dwell_time)
        if is_one_line(water, grid.dwell_time, grid.spectrometer_frequency):
            fid, water, done = correct_eddy_currents(fid, water, grid.dwell_time, grid.spectrometer_frequency)
        else:
            water, done = None, Step("Water reference", "Not used: it is not one line, as unsuppressed water is.")
        steps.append(done)
    fid, found, residual, step = _referenced_without_water(fid, grid, beside_water=water is not None)
    steps += step
    facts = PreprocessingFacts(
        steps=tuple(steps),
        transients_rejected=averaged.rejected,
        frequency_drift_hz=averaged.drift_hz,
        phase_spread_deg=averaged.phase_spread_deg,
        residual_water=residual,
        shift_ppm=_applied(found),
        pattern=found.pattern,
        water_linewidth_hz=None if water is None else line_width_hz(_in_phase(water), grid.dwell_time),
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
    detail = f"{recording.points - points} zeros at the end of the FID were left out; {points} points hold signal."
    return replace(recording, samples=recording.samples[..., :points]), [Step("Truncation", detail)]


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
    if not np.any(water.samples):
        return None, [Step("Water reference", "Not used: it holds no signal.")]
    try:
        check(water)
    except UnusableSignal as error:
        raise UnusableSignal(f"Water reference: {error.detail}", **error.data) from None
    return water, []


def _combined(
    recording: Recording, reference: Recording | None, grid: _Grid
) -> tuple[ComplexArray, ComplexArray | None, bool, list[Step]]:
    """Transients (transients, points) of spectrum and reference, and whether both kept one receiver scale."""
    same_coils = reference is not None and reference.coils == recording.coils
    if reference is not None and same_coils:
        check_pair(recording, reference, grid.spectrometer_frequency)
    weights, steps = _weights(recording, reference if same_coils else None, grid)
    samples = weights.combine(recording.samples)
    if reference is None:
        return samples, None, False, steps
    if same_coils:
        return samples, weights.combine(reference.samples), True, steps
    own, _ = _weights(reference, None, grid)
    detail = (
        f"The water reference has {reference.coils} coil(s), the spectrum {recording.coils}: their scales cannot be "
        "compared, so the water corrects eddy currents but scales nothing. Send both combined or both uncombined."
    )
    return samples, own.combine(reference.samples), False, [*steps, Step("Water reference", detail)]


def _weights(recording: Recording, reference: Recording | None, grid: _Grid) -> tuple[CoilWeights, list[Step]]:
    """Coil weights from the reference if given, else from the recording itself."""
    if recording.coils == 1:
        return SINGLE_COIL, []
    strongest = recording if reference is None else reference
    weights = coil_weights(strongest.samples, recording.samples, grid.dwell_time, grid.spectrometer_frequency)
    source = "the spectrum itself" if reference is None else "the water reference"
    detail = (
        f"{recording.coils} coils ({weights.dead} without signal), noise-whitened (largest correlation "
        f"{weights.largest_noise_correlation:.2f}), sensitivities from {source}."
    )
    return weights, [Step(COMBINATION, detail)]


def _averaged(
    transients: ComplexArray, grid: _Grid, align: Callable[[ComplexArray, float, float], Alignment]
) -> _Averaged:
    """Align, reject and average transients (transients, points)."""
    count = len(transients)
    if count == 1:
        return _Averaged(transients[0], (), 0, None, None)
    aligned = align(transients, grid.dwell_time, grid.spectrometer_frequency)
    shifts = aligned.shifts
    good = good_transients(aligned.transients, grid.dwell_time, grid.spectrometer_frequency, shifts.band)
    used = int(np.count_nonzero(good))
    averaging = Step(AVERAGING, f"Mean of {used} transients; {count - used} rejected as unlike the others.")
    mean = average(aligned.transients[good])
    if not shifts.trustworthy:
        detail = "Not applied: a single transient holds too little signal to be aligned."
        return _Averaged(mean, (Step(REGISTRATION, detail), averaging), count - used, None, None)
    drift, spread = float(np.ptp(shifts.shift_hz[good])), float(np.rad2deg(np.std(shifts.phase[good])))
    registration = Step(
        REGISTRATION,
        f"Spectral registration of {count} transients by {shifts.band[0]:g} to {shifts.band[1]:g} ppm: frequency "
        f"span {drift:.2f} Hz, phase spread {spread:.1f} deg (standard errors {shifts.shift_sd_hz:.2f} Hz, "
        f"{np.rad2deg(shifts.phase_sd):.1f} deg).",
    )
    return _Averaged(mean, (registration, averaging), count - used, drift, spread)


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
        Step(WATER_REMOVAL, f"HSVD: {len(components)} residual water components subtracted."),
        Step(REGISTRATION, f"Referenced to several peaks by {shift_ppm:+.4f} ppm: {found.reason}."),
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
