"""Complex signals of one fit over the whole band, in the phase and at the frequency of the data, as files keep them."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import scipy.fft

from fitting.fid import Axes, Fid, Spectrum
from fitting.model.domain import Domain
from fitting.model.forward import LARGEST_GROWTH, LinearCombinationModel, State, parts_of_components
from fitting.model.lineshape import water_envelope
from fitting.model.parameters import Values
from fitting.units import ComplexArray, FloatArray, IndexArray, ppm_to_hz

SingleArray = npt.NDArray[np.complex64]
"""Single precision: its rounding is a hundredth of the least noise that a fit assumes."""


@dataclass(frozen=True, slots=True)
class Signals:
    """FIDs (points,) with the axes of the fitted spectrum, in its units.

    A fit is made between 0.2 and 4.2 ppm; outside, its components go on and its baseline fades out.
    """

    processed: SingleArray
    """The fitted FID: combined, averaged and referenced, without residual water."""
    water: SingleArray | None
    """The water reference on the same receiver scale, without eddy currents; None without one."""
    fit: SingleArray
    """All components and the baseline."""
    baseline: SingleArray
    """The baseline alone."""
    phase0: float
    """Phase of the data in the middle of the fit's window, rad."""
    phase1: float
    """Delay of the data, s."""
    shift_hz: float
    """Shift of the data against the basis, Hz toward higher ppm."""

    @property
    def residual(self) -> SingleArray:
        """What the fit leaves of the processed FID."""
        return np.asarray(self.processed - self.fit, dtype=np.complex64)


def signals_of(
    spectrum: Spectrum,
    components: ComplexArray,
    model: LinearCombinationModel,
    state: State,
    *,
    gain: float,
    unit: float,
    moved_hz: float,
) -> Signals:
    """The signals of a solution.

    Parameters
    ----------
    spectrum : Spectrum
        The fitted FID and its water, both (points,).
    components : complex array, shape (K, points)
        Signals of the linear combination, as they were given to the fit.
    model, state
        The solution, for the data without ``moved_hz``.
    gain : float
        Largest sample of the FID, which has amplitude 1 in the model.
    unit : float
        Noise of one spectral point, in the units of the FID's Fourier transform.
    moved_hz : float
        Shift that was taken off the data before, Hz toward higher ppm.
    """
    axes, domain, values = spectrum.fid.axes, model.domain, state.values
    used = np.flatnonzero(state.amplitudes)
    lines = gain * (state.amplitudes[used] @ (components[used] * _decays(axes, values, used)))
    envelope = water_envelope(spectrum.water, axes.time)
    smooth = model.baseline.columns @ state.coefficients
    own = smooth - parts_of_components(model, state).sum(axis=1)
    whole = (lines if envelope is None else lines * envelope) + _causal(domain, smooth * unit, axes)
    centre = float(np.mean(ppm_to_hz(domain.ppm, axes.frequency)))
    in_data = [
        Fid(_phased(fid, axes, values, centre), axes.dwell_time, axes.frequency).shifted(moved_hz).samples
        for fid in (whole, _causal(domain, own * unit, axes))
    ]
    fit, baseline = (np.asarray(samples, dtype=np.complex64) for samples in in_data)
    return Signals(
        processed=np.asarray(spectrum.fid.samples, dtype=np.complex64),
        water=None if spectrum.water is None else np.asarray(spectrum.water.samples, dtype=np.complex64),
        fit=fit,
        baseline=baseline,
        phase0=values.phase0,
        phase1=values.phase1,
        shift_hz=moved_hz + values.shift,
    )


def _decays(axes: Axes, values: Values, used: IndexArray) -> ComplexArray:
    """Shifts and widths of some components at all sample times, shape (used, points), as ``forward.broadened`` has."""
    time = axes.time
    common = np.minimum(-values.lorentz * time - 0.5 * (values.gauss * time) ** 2, LARGEST_GROWTH)
    largest = LARGEST_GROWTH / max(float(time[-1]), np.finfo(float).tiny)
    rates = np.clip(values.widths[used], -largest, largest) + 2j * np.pi * (values.shift + values.shifts[used])
    return np.asarray(np.exp(common - rates[:, None] * time))


def _causal(domain: Domain, real: FloatArray, axes: Axes) -> ComplexArray:
    """The FID (points,) whose twice zero-filled spectrum has this real part (W,) in the window, fading out beside it.

    A real spectrum is that of an FID and its mirror image before time zero; without the mirror image the rest counts
    twice.
    """
    band = np.interp(np.arange(domain.bins), domain.window, real) * domain.taper
    spectrum = np.zeros(2 * domain.samples)
    spectrum[np.arange(domain.first_bin, domain.first_bin + domain.bins) % spectrum.size] = band
    both = scipy.fft.ifft(spectrum)
    fid = np.zeros(axes.points, dtype=np.complex128)
    fid[: domain.samples] = 2.0 * both[: domain.samples]
    fid[0] = both[0]
    return fid


def _phased(fid: ComplexArray, axes: Axes, values: Values, centre_hz: float) -> ComplexArray:
    """The FID with the phases of the data instead of none; both phases turn the twice zero-filled spectrum."""
    frequency = scipy.fft.fftfreq(2 * axes.points, axes.dwell_time)
    angle = values.phase0 + 2 * np.pi * (frequency - centre_hz) * values.phase1
    spectrum = scipy.fft.fft(fid, 2 * axes.points) * np.exp(1j * angle)
    return np.asarray(scipy.fft.ifft(spectrum)[: axes.points])
