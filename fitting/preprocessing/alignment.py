"""Aligning transients in frequency and phase: spectral registration, all transients at once.

Spectral registration: Near et al. 2015, doi:10.1002/mrm.25094. Here a coarse search by one transform per transient
takes drifts of 20 Hz and more, then Gauss-Newton steps refine all transients against their robust mean.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import scipy.fft
import scipy.ndimage

from fitting.preprocessing.noise import noise_sd
from fitting.units import ComplexArray, FloatArray, ppm_axis_of_fft

METABOLITES_PPM = (1.6, 4.2)
"""Signal without residual water, which may be unstable, and without lipids, which come from elsewhere."""

WHOLE_PPM = (0.2, 5.6)
"""All of the signal, residual water included."""

WATER_PPM_BAND = (3.7, 5.6)
"""Signal of a water reference."""

TAPER_PPM = 0.3
"""Width of the cosine edges of a band."""

DURATION = 0.15
"""s of signal used; later samples hold mostly noise."""

LARGEST_DRIFT_HZ = 50.0
"""Largest difference looked for: more than a scan drifts."""

NOISE_TRANSIENTS = 8
"""Transients, spread over the scan, whose median noise the standard errors are predicted from."""

SMOOTHING = 9
"""Neighbouring samples of a band that tell whether the template stands out of its noise."""

SEARCHES = 3
"""Coarse searches against the mean so far: it sharpens with each, and weak transients find their place."""

REFINEMENTS = 12
SETTLED = 1e-3
"""Gauss-Newton ends when no transient moves by more than this share of its standard error."""

FAR_OFF = 6.0
"""Transients further than this from the median amplitude (robust standard deviations) leave the template alone."""

WORST_SHIFT_SD_HZ = 3.0
WORST_PHASE_SD = np.deg2rad(15.0)
"""Predicted errors above which a registration would follow the noise instead of the drift: at 15 degrees the
right peak of the coarse search still stands four standard deviations out of the noise."""

AGREEMENT = 2.5
"""Robust standard deviations of metabolite error by which the whole signal may differ from the metabolites before it
counts as unstable."""


@dataclass(frozen=True, slots=True)
class Shifts:
    """What tells transients apart: shifts toward higher ppm (Hz) and phases (rad), both (transients,).

    Both are against the transients' own median and mean direction, so undoing them does not move their average.
    """

    shift_hz: FloatArray
    phase: FloatArray
    shift_sd_hz: float
    """Standard error that the noise gives a single shift (Cramér-Rao)."""
    phase_sd: float
    """The same of a single phase, rad."""
    band: tuple[float, float]
    """ppm of the signal that was compared."""

    @property
    def trustworthy(self) -> bool:
        """Whether the signal is strong enough for the shifts to mean something."""
        return self.shift_sd_hz <= WORST_SHIFT_SD_HZ and self.phase_sd <= WORST_PHASE_SD


@dataclass(frozen=True, slots=True)
class Alignment:
    """Transients (transients, points) with their shifts undone if those are trustworthy."""

    transients: ComplexArray
    shifts: Shifts


@dataclass(frozen=True, slots=True)
class BandSignal:
    """Transients (transients, samples) reduced to a ppm band and its bandwidth, with their sample times (s)."""

    samples: ComplexArray
    time: FloatArray
    noise_gain: float
    """Noise sd of a sample here over that of a sample of the full FID."""


def in_band(
    transients: ComplexArray, dwell_time: float, spectrometer_frequency: float, band: tuple[float, float]
) -> BandSignal:
    """The first ``DURATION`` of transients (transients, points), filtered to a ppm band with cosine edges.

    Only the band's bins are transformed back, so the sampling is as slow as the band allows; the constant offset
    of its centre is the same for all transients.
    """
    points = transients.shape[-1]
    ppm = ppm_axis_of_fft(points, dwell_time, spectrometer_frequency)
    beyond = np.clip(np.maximum(band[0] - ppm, ppm - band[1]) / TAPER_PPM, 0.0, 1.0)
    beyond = np.fft.fftshift(beyond)
    inside = np.flatnonzero(beyond < 1.0)
    window = np.cos(0.5 * np.pi * beyond[inside]) ** 2
    spectra = np.fft.fftshift(scipy.fft.fft(transients, axis=-1), axes=-1)[..., inside] * window
    size = scipy.fft.next_fast_len(inside.size)
    samples = scipy.fft.ifft(spectra, size, axis=-1) * (size / points)
    time = np.arange(size) * (dwell_time * points / size)
    used = max(8, int(np.searchsorted(time, DURATION)))
    return BandSignal(samples[..., :used], time[:used], float(np.sqrt(np.sum(window**2) / points)))


def _coarse(signal: BandSignal, template: ComplexArray) -> tuple[FloatArray, FloatArray]:
    """Shift and phase of each transient against a template from the peak of their product's spectrum."""
    step = float(signal.time[1] - signal.time[0])
    size = scipy.fft.next_fast_len(4 * signal.time.size)
    spectrum = scipy.fft.fft(signal.samples * template.conj(), size, axis=-1)
    frequency = np.fft.fftfreq(size, step)
    allowed = np.flatnonzero(np.abs(frequency) <= LARGEST_DRIFT_HZ)
    best = allowed[np.argmax(np.abs(spectrum[:, allowed]), axis=1)]
    return -frequency[best], np.angle(spectrum[np.arange(best.size), best])


def _corrected(samples: ComplexArray, time: FloatArray, shift: FloatArray, phase: FloatArray) -> ComplexArray:
    return np.asarray(samples * np.exp(2j * np.pi * shift[:, None] * time - 1j * phase[:, None]))


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


def _information(template: ComplexArray, time: FloatArray) -> FloatArray:
    """Fisher information (2, 2) of shift (Hz) and phase (rad) at unit noise sd."""
    power = np.abs(template) ** 2
    moments = [float(np.sum(power * (-2 * np.pi * time) ** order)) for order in (2, 1, 0)]
    return np.array([[moments[0], moments[1]], [moments[1], moments[2]]])


def _standard_errors(template: ComplexArray, time: FloatArray, noise: float) -> FloatArray:
    """Cramér-Rao bounds of shift (Hz) and phase (rad); infinite without a template."""
    information = _information(template, time)
    if not information[1, 1] > 0:
        return np.full(2, np.inf)
    return np.asarray(noise * np.sqrt(np.diag(np.linalg.pinv(information, hermitian=True))))


def _register(signal: BandSignal, noise: float) -> tuple[FloatArray, FloatArray, FloatArray]:
    """Shifts (Hz), phases (rad) and their two standard errors for transients with noise sd ``noise`` in band.

    Model: transient = exp(i phase) exp(-2 pi i shift t) template + noise, solved for all transients by Gauss-Newton.
    """
    samples, time = signal.samples, signal.time
    energy = np.sum(np.abs(samples) ** 2, axis=1)
    template = samples[np.argsort(energy, kind="stable")[len(energy) // 2]]
    shift, phase = _coarse(signal, template)
    for _ in range(SEARCHES):
        template = _template(_corrected(samples, time, shift, phase), template, noise)
        shift, phase = _coarse(signal, template)
    for _ in range(REFINEMENTS):
        corrected = _corrected(samples, time, shift, phase)
        template = _template(corrected, template, noise)
        inverse = np.linalg.pinv(_information(template, time), hermitian=True)
        by_phase = (corrected @ (1j * template).conj()).real
        by_shift = (corrected @ (-2j * np.pi * time * template).conj()).real
        changes = inverse @ np.array([by_shift, by_phase])
        limit = 0.25 / time[-1]
        shift, phase = shift + np.clip(changes[0], -limit, limit), phase + np.clip(changes[1], -0.5, 0.5)
        if np.all(np.abs(changes) <= SETTLED * np.sqrt(np.diag(inverse))[:, None] * noise):
            break
    return shift, phase, _standard_errors(template, time, noise)


def _registered(
    transients: ComplexArray, dwell_time: float, spectrometer_frequency: float, band: tuple[float, float], noise: float
) -> Shifts:
    """Shifts and phases of transients (transients, points) by their signal within a ppm band."""
    signal = in_band(transients, dwell_time, spectrometer_frequency, band)
    shift, phase, errors = _register(signal, noise * signal.noise_gain)
    phase = np.angle(np.exp(1j * phase) * np.conj(np.sum(np.exp(1j * phase))))
    return Shifts(shift - np.median(shift), phase, float(errors[0]), float(errors[1]), band)


def _noise(transients: ComplexArray, dwell_time: float, spectrometer_frequency: float) -> float:
    chosen = transients[:: 1 + len(transients) // NOISE_TRANSIENTS]
    return noise_sd(chosen, dwell_time, spectrometer_frequency)


def align_metabolites(transients: ComplexArray, dwell_time: float, spectrometer_frequency: float) -> Alignment:
    """Align transients (transients, points) of a water-suppressed spectrum by the most signal that can be trusted.

    The whole signal (with residual water) tells shifts more precisely than the metabolites alone, but residual water
    need not keep step with them. So it is used where both tell the same, or where the metabolites are too weak to
    tell anything; where neither is strong enough, the transients come back as they are.
    """
    noise = _noise(transients, dwell_time, spectrometer_frequency)
    whole = _registered(transients, dwell_time, spectrometer_frequency, WHOLE_PPM, noise)
    metabolites = _registered(transients, dwell_time, spectrometer_frequency, METABOLITES_PPM, noise)
    if not metabolites.trustworthy:
        return _applied(whole, transients, dwell_time)
    shift = _robust_sd(whole.shift_hz - metabolites.shift_hz)
    turn = _robust_sd(np.angle(np.exp(1j * (whole.phase - metabolites.phase))))
    agree = shift <= AGREEMENT * metabolites.shift_sd_hz and turn <= AGREEMENT * metabolites.phase_sd
    return _applied(whole if agree else metabolites, transients, dwell_time)


def align_water(transients: ComplexArray, dwell_time: float, spectrometer_frequency: float) -> Alignment:
    """Align transients (transients, points) of a water reference by the water."""
    noise = _noise(transients, dwell_time, spectrometer_frequency)
    shifts = _registered(transients, dwell_time, spectrometer_frequency, WATER_PPM_BAND, noise)
    return _applied(shifts, transients, dwell_time)


def _applied(shifts: Shifts, transients: ComplexArray, dwell_time: float) -> Alignment:
    """The transients with the shifts undone, or as they are when those mean nothing."""
    if not shifts.trustworthy:
        return Alignment(transients, shifts)
    time = np.arange(transients.shape[1], dtype=np.float64) * dwell_time
    return Alignment(_corrected(transients, time, shifts.shift_hz, shifts.phase), shifts)


def _robust_sd(values: FloatArray) -> float:
    return float(1.4826 * np.median(np.abs(values - np.median(values))))
