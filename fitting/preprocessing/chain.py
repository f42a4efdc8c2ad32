"""The order of preprocessing (Near et al. 2021, doi:10.1002/nbm.4257): each step takes data and records its action."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from fitting.acquisition import Recording
from fitting.errors import UnusableSignal
from fitting.fid import Fid, Spectrum, recorded
from fitting.preprocessing.alignment import align_metabolites, align_water
from fitting.preprocessing.early_decay import mended_start
from fitting.preprocessing.eddy_current import correct_eddy_currents, is_one_line, on_axes
from fitting.preprocessing.editing import refuse_difference, refuse_two_conditions
from fitting.preprocessing.nuisance import referenced_without_water
from fitting.preprocessing.preprocessed import Preprocessed
from fitting.preprocessing.receivers import combined
from fitting.preprocessing.step import TRUNCATION, WATER_REFERENCE, WATER_REMOVAL, Step, step
from fitting.preprocessing.transients import averaged
from fitting.preprocessing.validity import check
from fitting.units import ComplexArray


@dataclass(frozen=True, slots=True)
class _Watered:
    """A FID (points,) and its water reference after the eddy-current correction, with its findings."""

    fid: Fid
    water: Fid | None
    step: Step
    eddy_current_deg: float | None


def preprocess(recording: Recording) -> tuple[Spectrum, Preprocessed]:
    """Combine coils, align and average transients, correct eddy currents, remove water and reference the spectrum.

    Parameters
    ----------
    recording : Recording
        With dwell time and spectrometer frequency known.

    Returns
    -------
    spectrum : Spectrum
        One FID without the zeros it was filled up with; its water reference on the same receiver scale and sampling.
    preprocessed : Preprocessed
        Steps, intermediate FIDs and findings.

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
    fid, water, water_mean, eddy_current_deg = mean.fid, None, None, None
    if received.water is not None:
        water_mean = averaged(_divided(received.water, gain), align_water).fid
        mended, upset = mended_start(water_mean)
        if upset:
            steps.append(
                step(WATER_REFERENCE, f"{upset} of the first samples did not follow its decay and were mended.")
            )
        used = _with_water(fid, on_axes(mended, fid.axes))
        fid, water, eddy_current_deg = used.fid, used.water, used.eddy_current_deg
        steps.append(used.step)
    referenced = referenced_without_water(
        fid, beside_water=water is not None, has_water=WATER_REMOVAL not in recording.applied
    )
    if referenced.found.pattern == "absent":
        refuse_difference(referenced.fid)
    steps += referenced.steps
    preprocessed = Preprocessed(
        recorded=spectrum,
        recorded_water=reference,
        mean=mean.fid,
        water_mean=water_mean,
        corrected=fid,
        water=water,
        residual_water=referenced.water,
        clean=referenced.fid,
        rest=referenced.rest,
        steps=tuple(steps),
        transients=mean.transients,
        frequency_drift_hz=mean.drift_hz,
        phase_spread_deg=mean.phase_spread_deg,
        amplitude_spread=mean.amplitude_spread,
        opposed_coils=received.opposed_coils,
        eddy_current_deg=eddy_current_deg,
        shift_ppm=referenced.shift_ppm,
        pattern=referenced.found.pattern,
    )
    scaling_water = water.scaled(gain) if water is not None and received.same_scale and recording.one_scale else None
    return Spectrum(referenced.fid.scaled(gain), scaling_water), preprocessed


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

    Sampling that the reference does not state is taken from the spectrum, and so is its spectrometer frequency.

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
    """Correct eddy currents by the water reference (points,) if it is unsuppressed water."""
    if not is_one_line(water):
        return _Watered(
            fid, None, step(WATER_REFERENCE, "Not used: it is not one line, as unsuppressed water is."), None
        )
    fid, straight, size, done = correct_eddy_currents(fid, water)
    return _Watered(fid, straight, done, size)
