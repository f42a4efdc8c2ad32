"""The order of preprocessing (Near et al. 2021, doi:10.1002/nbm.4257): each step takes data and says what it did."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from fitting.acquisition import Recording
from fitting.errors import UnusableSignal
from fitting.fid import Fid, Spectrum, recorded
from fitting.preprocessing.alignment import align_metabolites, align_water
from fitting.preprocessing.axis_scale import axis_error
from fitting.preprocessing.clipping import clipped_samples
from fitting.preprocessing.damage import spikes
from fitting.preprocessing.digitisation import digitisation_step
from fitting.preprocessing.early_decay import mended_start
from fitting.preprocessing.eddy_current import correct_eddy_currents, is_one_line, on_axes
from fitting.preprocessing.editing import refuse_difference, refuse_two_conditions
from fitting.preprocessing.facts import PreprocessingFacts
from fitting.preprocessing.nuisance import referenced_without_water
from fitting.preprocessing.offset import water_offset
from fitting.preprocessing.quadrature import quadrature_image
from fitting.preprocessing.quality import line_width_hz, peak_height
from fitting.preprocessing.receivers import combined
from fitting.preprocessing.ripple import water_ripple
from fitting.preprocessing.step import TRUNCATION, WATER_REFERENCE, Step, step
from fitting.preprocessing.transients import averaged
from fitting.preprocessing.validity import check
from fitting.preprocessing.whiteness import noise_correlation, noise_tail
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

    fid: Fid
    water: Fid | None
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
    UnsupportedData
        When the signal shows spectral editing.
    """
    check(recording)
    spectrum, steps = _without_zero_filling(recording.fid)
    reference, added = _usable_reference(recording.water, spectrum)
    steps += added
    received = combined(spectrum, reference)
    steps += received.steps
    gain = _power_of_two(received.transients.samples)
    mean = averaged(_divided(received.transients, gain), align_metabolites)
    refuse_two_conditions(mean.aligned)
    steps += mean.steps
    fid, water, eddy_current_deg, offset = mean.fid, None, None, None
    if received.water is not None:
        received_water = averaged(_divided(received.water, gain), align_water).fid
        offset = water_offset(received_water)
        water_mean, upset = mended_start(received_water)
        if upset:
            steps.append(
                step(WATER_REFERENCE, f"{upset} of the first samples did not follow its decay and were mended.")
            )
        used = _with_water(fid, on_axes(water_mean, fid.axes))
        fid, water, eddy_current_deg = used.fid, used.water, used.eddy_current_deg
        steps.append(used.step)
    referenced = referenced_without_water(fid, beside_water=water is not None)
    clean, found, rest = referenced.fid, referenced.found, referenced.rest
    if found.pattern == "absent":
        refuse_difference(clean)
    steps += referenced.steps
    facts = PreprocessingFacts(
        steps=tuple(steps),
        transients=mean.transients,
        frequency_drift_hz=mean.drift_hz,
        phase_spread_deg=mean.phase_spread_deg,
        eddy_current_deg=eddy_current_deg,
        residual_water=_over(referenced.water, clean, (EVERYWHERE_PPM, NAA_BAND_PPM)),
        lipid=_over(clean, clean, (LIPID_BAND_PPM, METABOLITES_BAND_PPM)),
        noise_correlation=noise_correlation(rest),
        noise_tail=noise_tail(fid, rest),
        shift_ppm=referenced.shift_ppm,
        pattern=found.pattern,
        water_linewidth_hz=None if water is None else line_width_hz(_in_phase(water).samples, water.dwell_time),
        spikes=len(spikes(mean.fid.samples)),
        axis_error=None if found.pattern == "absent" else axis_error(clean),
        quadrature_image=quadrature_image(mean.fid),
        water_ripple=None if water is None else water_ripple(water),
        water_offset=offset,
        amplitude_spread=mean.amplitude_spread,
        opposed_coils=received.opposed_coils,
        digitisation_step=digitisation_step(spectrum),
        clipped_samples=clipped_samples(spectrum.samples),
        water_clipped_samples=None if reference is None else clipped_samples(reference.samples),
    )
    scaling_water = water.scaled(gain) if water is not None and received.same_scale else None
    return Spectrum(clean.scaled(gain), scaling_water), facts


def _without_zero_filling(fid: Fid) -> tuple[Fid, list[Step]]:
    """The FIDs without a tail of exact zeros: it was not measured and would correlate the noise."""
    points = recorded(fid.samples)
    if points == fid.points:
        return fid, []
    details = f"{fid.points - points} zeros at the end of the FID were left out; {points} points hold signal."
    return fid.truncated(points), [step(TRUNCATION, details)]


def _power_of_two(samples: ComplexArray) -> float:
    """The power of two just below the largest part of a sample: dividing by it rounds nothing."""
    _, exponent = np.frexp(np.abs(samples.view(np.float64)).max())
    return float(np.ldexp(1.0, int(exponent) - 1))


def _divided(fid: Fid, gain: float) -> Fid:
    return fid.with_samples(fid.samples / gain)


def _usable_reference(water: Recording | None, spectrum: Fid) -> tuple[Fid | None, list[Step]]:
    """The FIDs of the water reference, or None with the reason when they hold no signal.

    What a reference does not say of its sampling is as for the spectrum, and so is its spectrometer frequency.

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
    return Fid(water.samples, water.acquisition.dwell_time or spectrum.dwell_time, spectrum.frequency), []


def _with_water(fid: Fid, water: Fid) -> _Watered:
    """Eddy currents corrected by the water reference (points,) if that is water."""
    if not is_one_line(water):
        return _Watered(
            fid, None, step(WATER_REFERENCE, "Not used: it is not one line, as unsuppressed water is."), None
        )
    fid, straight, size, done = correct_eddy_currents(fid, water)
    return _Watered(fid, straight, done, size)


def _over(signal: Fid, over: Fid, bands: _Bands) -> float | None:
    """Height of one FID (points,) in the first band over that of another in the second; None without the other."""
    height, unit = (peak_height(fid, band) for fid, band in zip((signal, over), bands, strict=True))
    return height / unit if unit > 0 else None


def _in_phase(water: Fid) -> Fid:
    """The water FID with the phase of its first samples removed."""
    return water.phased(-float(np.angle(np.sum(water.samples[:4]))))
