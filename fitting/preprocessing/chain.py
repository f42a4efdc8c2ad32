"""The order of preprocessing (Near et al. 2021, doi:10.1002/nbm.4257): each step takes data and says what it did."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from fitting.errors import UnusableSignal
from fitting.preprocessing.alignment import align_metabolites, align_water
from fitting.preprocessing.axis_scale import axis_error
from fitting.preprocessing.clipping import clipped_samples
from fitting.preprocessing.damage import spikes
from fitting.preprocessing.digitisation import digitisation_step
from fitting.preprocessing.early_decay import mended_start
from fitting.preprocessing.eddy_current import correct_eddy_currents, is_one_line, on_grid
from fitting.preprocessing.facts import PreprocessingFacts
from fitting.preprocessing.noise import recorded
from fitting.preprocessing.nuisance import referenced_without_water
from fitting.preprocessing.offset import water_offset
from fitting.preprocessing.quadrature import quadrature_image
from fitting.preprocessing.quality import line_width_hz, peak_height
from fitting.preprocessing.receivers import combined
from fitting.preprocessing.ripple import water_ripple
from fitting.preprocessing.sampling import Sampling
from fitting.preprocessing.step import TRUNCATION, WATER_REFERENCE, Step, step
from fitting.preprocessing.transients import averaged
from fitting.preprocessing.validity import check
from fitting.preprocessing.whiteness import noise_correlation, noise_tail
from fitting.signal import Acquisition, Recording, Spectrum
from fitting.units import ComplexArray

_Bands = tuple[tuple[float, float], tuple[float, float]]

EVERYWHERE_PPM = (-np.inf, np.inf)
NAA_BAND_PPM = (1.85, 2.15)
METABOLITES_BAND_PPM = (1.85, 3.35)
"""tNAA, tCr and tCho: the highest peaks of any brain, also of one without NAA."""

LIPID_BAND_PPM = (1.15, 1.5)
"""Methylene of lipid at 1.3 ppm; in brain only macromolecules and lactate stand there (Kreis 2004,
doi:10.1002/nbm.891)."""


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
        One FID without the zeros it was filled up with; its water reference on the same receiver scale and sampling.
    facts : PreprocessingFacts
        What each step did.

    Raises
    ------
    UnusableSignal
        When samples of the spectrum or its reference cannot be analysed.
    """
    check(recording)
    sampling = _sampling(recording.acquisition)
    recording, steps = _without_zero_filling(recording)
    reference, added = _usable_reference(recording.water)
    steps += added
    received = combined(recording, reference, sampling)
    transients, water_transients = received.transients, received.water
    steps += received.steps
    gain = _power_of_two(transients)
    mean = averaged(transients / gain, sampling, align_metabolites)
    steps += mean.steps
    fid, water, eddy_current_deg, offset = mean.fid, None, None, None
    if reference is not None and water_transients is not None:
        own = Sampling(reference.acquisition.dwell_time or sampling.dwell_time, sampling.spectrometer_frequency)
        received_water = averaged(water_transients / gain, own, align_water).fid
        offset = water_offset(received_water)
        water_mean, upset = mended_start(received_water, own.dwell_time)
        if upset:
            steps.append(
                step(WATER_REFERENCE, f"{upset} of the first samples did not follow its decay and were mended.")
            )
        used = _with_water(fid, on_grid(water_mean, own.dwell_time, fid.size, sampling.dwell_time), sampling)
        fid, water, eddy_current_deg = used.fid, used.water, used.eddy_current_deg
        steps.append(used.step)
    referenced = referenced_without_water(fid, sampling, beside_water=water is not None)
    clean, found, rest = referenced.fid, referenced.found, referenced.rest
    steps += referenced.steps
    facts = PreprocessingFacts(
        steps=tuple(steps),
        transients=mean.transients,
        frequency_drift_hz=mean.drift_hz,
        phase_spread_deg=mean.phase_spread_deg,
        eddy_current_deg=eddy_current_deg,
        residual_water=_over(referenced.water, clean, sampling, (EVERYWHERE_PPM, NAA_BAND_PPM)),
        lipid=_over(clean, clean, sampling, (LIPID_BAND_PPM, METABOLITES_BAND_PPM)),
        noise_correlation=noise_correlation(rest),
        noise_tail=noise_tail(fid, rest, sampling.dwell_time, sampling.spectrometer_frequency),
        shift_ppm=referenced.shift_ppm,
        pattern=found.pattern,
        water_linewidth_hz=None if water is None else line_width_hz(_in_phase(water), sampling.dwell_time),
        spikes=len(spikes(mean.fid)),
        axis_error=None
        if found.pattern == "absent"
        else axis_error(clean, sampling.dwell_time, sampling.spectrometer_frequency),
        quadrature_image=quadrature_image(mean.fid, sampling.dwell_time, sampling.spectrometer_frequency),
        water_ripple=None
        if water is None
        else water_ripple(water, sampling.dwell_time, sampling.spectrometer_frequency),
        water_offset=offset,
        amplitude_spread=mean.amplitude_spread,
        opposed_coils=received.opposed_coils,
        digitisation_step=digitisation_step(recording.samples, sampling.dwell_time, sampling.spectrometer_frequency),
        clipped_samples=clipped_samples(recording.samples),
        water_clipped_samples=None if reference is None else clipped_samples(reference.samples),
    )
    scaling_water = water * gain if water is not None and received.same_scale else None
    return Spectrum(clean * gain, sampling.dwell_time, sampling.spectrometer_frequency, scaling_water), facts


def _sampling(acquisition: Acquisition) -> Sampling:
    """The sampling of an acquisition, which the caller has seen to be complete."""
    if acquisition.dwell_time is None or acquisition.spectrometer_frequency is None:
        raise ValueError("preprocessing needs a dwell time and a spectrometer frequency")
    return Sampling(acquisition.dwell_time, acquisition.spectrometer_frequency)


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


def _with_water(fid: ComplexArray, water: ComplexArray, sampling: Sampling) -> _Watered:
    """Eddy currents corrected by the water reference (points,) if that is water."""
    if not is_one_line(water, sampling.dwell_time, sampling.spectrometer_frequency):
        return _Watered(
            fid, None, step(WATER_REFERENCE, "Not used: it is not one line, as unsuppressed water is."), None
        )
    fid, straight, size, done = correct_eddy_currents(fid, water, sampling.dwell_time, sampling.spectrometer_frequency)
    return _Watered(fid, straight, done, size)


def _over(signal: ComplexArray, over: ComplexArray, sampling: Sampling, bands: _Bands) -> float | None:
    """Height of one FID (points,) in the first band over that of another in the second; None without the other."""
    heights = (
        peak_height(fid, sampling.dwell_time, sampling.spectrometer_frequency, band)
        for fid, band in zip((signal, over), bands, strict=True)
    )
    height, unit = heights
    return height / unit if unit > 0 else None


def _in_phase(water: ComplexArray) -> ComplexArray:
    """The water FID with the phase of its first samples removed."""
    return np.asarray(water * np.exp(-1j * np.angle(np.sum(water[:4]))))
