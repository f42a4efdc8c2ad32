"""Aligning transients in frequency and phase: spectral registration, all transients at once.

Spectral registration: Near et al. 2015, doi:10.1002/mrm.25094. Here a coarse search by one transform per transient
takes drifts of 20 Hz and more, then Gauss-Newton steps refine all transients against their robust mean.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
import scipy.ndimage

from fitting.fid import Fid
from fitting.preprocessing.band_signal import Band, BandSignal, Spectra, rotation, spectra_of
from fitting.units import ComplexArray, FloatArray

WHOLE = Band(0.2, 5.6)
"""All of the signal, residual water included."""

METABOLITES = Band(1.6, 4.2)
"""Signal without residual water, which may be unstable, and without lipids, which come from elsewhere."""

SAFEST = Band(1.6, 3.6, start=0.004)
"""Metabolites where the foot of even strong water does not reach: within their band it decays in milliseconds."""

WATER = Band(3.7, 5.6)
"""Signal of a water reference."""

LARGEST_DRIFT_HZ = 50.0
"""Largest difference looked for: more than a scan drifts."""

SMOOTHING = 9
"""Number of neighbouring samples of a band that decide whether the template stands out of its noise."""

SEARCHES = 4
"""Coarse searches against the mean so far, unless they end where they began: it sharpens with each, and weak transients
find their place."""

OVERSAMPLING = 4
"""Steps of a coarse search for each line width that the duration resolves."""

REFINEMENTS = 12
SETTLED = 1e-2
"""Gauss-Newton ends when no transient moves by more than this share of its standard error."""

FAR_OFF = 6.0
"""Transients further than this from the median amplitude (robust standard deviations) leave the template alone."""

WORST_SHIFT_SD_HZ = 3.0
WORST_PHASE_SD = np.deg2rad(15.0)
"""Predicted errors above which a registration would follow the noise instead of the drift: at 15 degrees the
right peak of the coarse search still stands four standard deviations out of the noise."""

AGREEMENT = 1.5
"""Robust standard deviations of metabolite error by which more signal may differ from the safest before it
counts as unstable."""


@dataclass(frozen=True, slots=True)
class Shifts:
    """Registration of transients: shifts toward higher ppm (Hz) and phases (rad), both (transients,).

    Both are against the transients' own median and mean direction, so undoing them does not move their average.
    """

    shift_hz: FloatArray
    phase: FloatArray
    shift_sd_hz: float
    """Standard error that the noise gives a single shift (Cramér-Rao)."""
    phase_sd: float
    """The same of a single phase, rad."""
    band: Band
    """Signal used for the registration."""

    @property
    def trustworthy(self) -> bool:
        """Whether the signal is strong enough for the shifts to mean something."""
        return self.shift_sd_hz <= WORST_SHIFT_SD_HZ and self.phase_sd <= WORST_PHASE_SD


@dataclass(frozen=True, slots=True)
class Alignment:
    """Registration of transients, and the signal used for it (shifts undone if they are trustworthy)."""

    shifts: Shifts
    signal: BandSignal


@dataclass(frozen=True, slots=True)
class _Search:
    """Shifts (Hz) that a coarse search tries and the transform (samples, shifts) that tries them."""

    shift_hz: FloatArray
    transform: ComplexArray

    @classmethod
    def over(cls, time: FloatArray) -> _Search:
        """As far as a scan drifts, in steps that leave no peak between two."""
        step = 1.0 / (OVERSAMPLING * time.size * float(time[1] - time[0]))
        reach = int(LARGEST_DRIFT_HZ / step)
        shift = np.arange(-reach, reach + 1) * step
        return cls(np.asarray(shift, dtype=np.float64), np.exp(2j * np.pi * np.outer(time, shift)))

    def best(self, signal: BandSignal, template: ComplexArray) -> tuple[FloatArray, FloatArray]:
        """Shift and phase of each transient against a template from the peak of their product's spectrum."""
        spectrum = (signal.samples * template.conj()) @ self.transform
        best = np.argmax(spectrum.real**2 + spectrum.imag**2, axis=1)
        return self.shift_hz[best], np.angle(spectrum[np.arange(best.size), best])


def _template(corrected: ComplexArray, previous: ComplexArray, noise: float) -> ComplexArray:
    """Mean of the transients whose amplitude along the previous template is near the median, without its noise.

    Where the mean sinks into its own noise it is damped (Wiener), since late samples weigh most in a shift.
    """
    amplitude = (corrected @ previous.conj()).real
    centre = np.median(amplitude)
    spread = 1.4826 * np.median(np.abs(amplitude - centre))
    like = np.abs(amplitude - centre) <= FAR_OFF * spread
    mean = corrected[like].mean(axis=0)
    power = scipy.ndimage.uniform_filter1d(np.abs(mean) ** 2, SMOOTHING, mode="nearest")
    added = 2 * noise**2 / np.count_nonzero(like)
    return np.asarray(mean * np.clip(1.0 - added / np.maximum(power, np.finfo(float).tiny), 0.0, 1.0))


def _bound(template: ComplexArray, time: FloatArray) -> FloatArray | None:
    """Covariance (2, 2) that unit noise gives shift (Hz) and phase (rad): the inverse of their Fisher information.

    None without a template.
    """
    power = np.abs(template) ** 2
    moments = [float(np.sum(power * (-2 * np.pi * time) ** order)) for order in (2, 1, 0)]
    determinant = moments[0] * moments[2] - moments[1] ** 2
    if not determinant > 0:
        return None
    return np.array([[moments[2], -moments[1]], [-moments[1], moments[0]]]) / determinant


def _register(signal: BandSignal) -> tuple[FloatArray, FloatArray, FloatArray]:
    """Shifts (Hz), phases (rad) and their two standard errors.

    Model: transient = exp(i phase) exp(-2 pi i shift t) template + noise, solved for all transients by Gauss-Newton.
    """
    samples, time, noise = signal.samples, signal.time, signal.noise_sd
    energy = np.sum(np.abs(samples) ** 2, axis=1)
    template = samples[np.argsort(energy, kind="stable")[len(energy) // 2]]
    search = _Search.over(time)
    shift, phase = search.best(signal, template)
    errors = np.full(2, np.inf)
    for _ in range(SEARCHES):
        template, before = _template(signal.undone(shift, phase), template, noise), shift
        shift, phase = search.best(signal, template)
        if np.array_equal(shift, before):
            break
    for _ in range(REFINEMENTS):
        corrected = signal.undone(shift, phase)
        template = _template(corrected, template, noise)
        bound = _bound(template, time)
        if bound is None:
            break
        slopes = np.array([-2j * np.pi * time * template, 1j * template]).conj()
        changes = bound @ (corrected @ slopes.T).real.T
        limit = 0.25 / time[-1]
        shift, phase = shift + np.clip(changes[0], -limit, limit), phase + np.clip(changes[1], -0.5, 0.5)
        errors = noise * np.sqrt(np.diag(bound))
        if np.all(np.abs(changes) <= SETTLED * errors[:, None]):
            break
    return shift, phase, errors


def _registered(spectra: Spectra, band: Band) -> Alignment:
    """Register the transients by their signal within a ppm band."""
    signal = spectra.in_band(band)
    shift, phase, errors = _register(signal)
    phase = np.angle(np.exp(1j * phase) * np.conj(np.sum(np.exp(1j * phase))))
    shifts = Shifts(shift - np.median(shift), phase, float(errors[0]), float(errors[1]), band)
    return Alignment(
        shifts, replace(signal, samples=signal.undone(shifts.shift_hz, shifts.phase)) if shifts.trustworthy else signal
    )


def align_metabolites(transients: Fid) -> Alignment:
    """Register transients (transients, points) of a water-suppressed spectrum, by the most signal that can be trusted.

    The whole signal (with residual water) determines shifts more precisely than the metabolites alone, but residual
    water need not keep step with them. So the largest signal that agrees with the safest is used, or the whole where
    the safest is too weak to be registered.
    """
    spectra = spectra_of(transients)
    whole, safest = _registered(spectra, WHOLE), _registered(spectra, SAFEST)
    if not safest.shifts.trustworthy or _agree(whole.shifts, safest.shifts):
        return whole
    metabolites = _registered(spectra, METABOLITES)
    return metabolites if _agree(metabolites.shifts, safest.shifts) else safest


def _agree(shifts: Shifts, safest: Shifts) -> bool:
    """Whether most transients' shifts and phases agree within the noise."""
    shift = _robust_sd(shifts.shift_hz - safest.shift_hz)
    turn = _robust_sd(np.angle(np.exp(1j * (shifts.phase - safest.phase))))
    return shift <= AGREEMENT * safest.shift_sd_hz and turn <= AGREEMENT * safest.phase_sd


def align_water(transients: Fid) -> Alignment:
    """Register transients (transients, points) of a water reference by the water."""
    return _registered(spectra_of(transients), WATER)


def undo(shifts: Shifts, transients: Fid) -> Fid:
    """Transients (transients, points) with their shifts undone, or unchanged when the shifts are not significant."""
    if not shifts.trustworthy:
        return transients
    turns = rotation(shifts.shift_hz, shifts.phase, transients.dwell_time, transients.points)
    return transients.with_samples(np.asarray(transients.samples * turns))


def _robust_sd(values: FloatArray) -> float:
    return float(1.4826 * np.median(np.abs(values - np.median(values))))
