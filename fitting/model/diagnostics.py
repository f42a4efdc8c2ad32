"""How good a fitted spectrum is, in numbers that its traces tell."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from fitting.model.result import Traces
from fitting.preprocessing.quality import full_width_at_half_maximum
from fitting.units import FloatArray

REGIONS_PPM = ((0.2, 1.8), (1.8, 2.2), (2.2, 2.8), (2.8, 3.4), (3.4, 4.2))
"""Where the residual is looked at apart: lipids and macromolecules; tNAA; Glu, Gln and NAA's aspartyl; tCr and tCho;
mI and Glx."""

NAA_PPM = (1.9, 2.12)
CREATINE_PPM = (2.95, 3.1)
"""Where the highest point is that singlet's."""

INTERPOLATION = 16
"""Points for each point of a trace when a width or height is read from it."""

VISIBLE = 5.0
"""Times the residual that a singlet must rise above to have a width."""

LINE_REACH = 4
"""Widths to either side over which the residual is compared with a line."""

PACKET = 0.032
"""s; length of the stretches of signal in which an echo is looked for: it lasts about as long as T2* lets a line."""

FIRST_PACKET = 0.02
"""s; earlier, baseline and macromolecules are what a fit leaves."""

CHANCE = 3.0
"""Beyond the logarithm of their number, how far the loudest of packets of noise is loud: one in twenty is louder."""


@dataclass(frozen=True, slots=True)
class RegionResidual:
    """What the fit left in one part of the spectrum."""

    low_ppm: float
    """Lower end, ppm."""
    high_ppm: float
    """Upper end, ppm."""
    rms_over_noise: float
    """Root mean square of the residual over the noise's standard deviation; 1 is a perfect fit."""


def residual_by_region(traces: Traces, noise: float) -> tuple[RegionResidual, ...]:
    """The residual of each of ``REGIONS_PPM`` that the traces cover; ``noise`` is the sd of one of their points."""
    found = []
    for low, high in REGIONS_PPM:
        inside = (traces.ppm >= low) & (traces.ppm < high)
        if noise > 0 and np.any(inside):
            rms = float(np.sqrt(np.mean(traces.residual[inside] ** 2)))
            found.append(RegionResidual(low, high, rms / noise))
    return tuple(found)


def baseline_share(traces: Traces) -> float | None:
    """Area of the baseline's magnitude over that of baseline and components together; None without any signal."""
    baseline, rest = np.abs(traces.baseline).sum(), np.abs(traces.fit - traces.baseline).sum()
    return float(baseline / (baseline + rest)) if baseline + rest > 0 else None


def peak_over_noise(traces: Traces, noise: float) -> float | None:
    """Highest point of data above baseline over the sd of the noise of one point; None without noise."""
    return float(np.max(traces.data - traces.baseline)) / noise if noise > 0 else None


def naa_linewidth_ppm(traces: Traces) -> float | None:
    """FWHM (ppm) of the tNAA singlet: the data without all else that was fitted; None where it is not visible."""
    return _singlet_width(traces, ("NAA", "NAAG"), NAA_PPM)


def creatine_linewidth_ppm(traces: Traces) -> float | None:
    """FWHM (ppm) of the tCr singlet at 3.03 ppm, as for tNAA."""
    return _singlet_width(traces, ("Cr", "PCr"), CREATINE_PPM)


def _singlet_width(traces: Traces, names: tuple[str, ...], band: tuple[float, float]) -> float | None:
    own = np.isin(traces.names, names)
    line = traces.components[own].sum(axis=0) + traces.residual
    spacing = float(np.abs(np.diff(traces.ppm)).mean())
    near = np.flatnonzero((traces.ppm >= band[0] - spacing) & (traces.ppm <= band[1] + spacing))
    if not np.any(own) or near.size < 3:
        return None
    start, stop = max(0, near[0] - near.size), min(traces.ppm.size, near[-1] + near.size + 1)
    fine = np.linspace(start, stop - 1, INTERPOLATION * (stop - start))
    height = np.interp(fine, np.arange(start, stop), line[start:stop])
    inside = (fine >= near[0]) & (fine <= near[-1])
    top = float(height[inside].max())
    if top <= VISIBLE * float(np.sqrt(np.mean(traces.residual**2))) or top < height.max():
        return None
    return full_width_at_half_maximum(height, spacing * float(fine[1] - fine[0]))


def unexplained_line(traces: Traces, noise: float, linewidth_ppm: float) -> float | None:
    """The clearest line, upright or not, that the fit left: its height over the noise's standard deviation of it.

    A matched filter: the residual is compared with a Lorentzian line of the singlets' width at every place. Drugs,
    alcohols, sidebands and other metabolites than those of the basis leave lines, where broad structure does not count.
    """
    width = linewidth_ppm / float(np.abs(np.diff(traces.ppm)).mean())
    reach = np.arange(-round(LINE_REACH * width), round(LINE_REACH * width) + 1)
    if not noise > 0 or not reach.size < traces.ppm.size:
        return None
    line = 1.0 / (1.0 + (2.0 * reach / max(width, 1.0)) ** 2)
    return float(np.abs(np.convolve(traces.residual, line, "valid")).max() / (noise * np.sqrt(np.sum(line**2))))


def spurious_echo(traces: Traces, noise: float, spectrometer_frequency: float) -> float | None:
    """Height of the strongest late wave packet that the fit left, over the strongest packet of the fitted signal.

    Signal from outside the measured volume can refocus after the readout began, so that it appears as a packet of
    ripples that no decaying line can describe (Kreis 2004, doi:10.1002/nbm.891; Ernst & Chang 1996,
    doi:10.1002/mrm.1910360505). The residual goes back into the time domain and is looked through in stretches of
    ``PACKET``. What the loudest stretch of noise would reach is taken off; zero means that nothing stands out of it.
    """
    spacing_hz = float(np.abs(np.diff(traces.ppm)).mean()) * spectrometer_frequency * 1e-6
    step = 1.0 / (traces.ppm.size * spacing_hz)
    length = max(4, round(PACKET / step))
    first = max(1, round(FIRST_PACKET / step))
    left, window = _packets(traces.residual, length)
    whole, _ = _packets(traces.fit - traces.baseline, length)
    late = left[first:]
    if not late.size or not whole.max() > 0:
        return None
    independent = max(2.0, late.size / length)
    chance = noise**2 / traces.ppm.size * float(np.sum(window**2)) * (np.log(independent) + CHANCE)
    return float(np.sqrt(max(0.0, float(late.max()) - chance) / whole.max()))


def _packets(spectrum: FloatArray, length: int) -> tuple[FloatArray, npt.NDArray[np.float64]]:
    """Energy (start times, frequencies) of the stretches of a real spectrum's signal, and their window (length,).

    The real part of the spectrum of a signal that begins at zero holds half of it at positive and half at negative
    times, so the positive half tells all.
    """
    signal = np.fft.ifft(spectrum)[: spectrum.size // 2]
    window = np.hanning(length + 2)[1:-1]
    stretches = np.lib.stride_tricks.sliding_window_view(signal, length) * window
    return np.abs(np.fft.fft(stretches, axis=-1)) ** 2, window
