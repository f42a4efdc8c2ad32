"""Detect signal from outside the volume that refocused during the readout."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Self

import numpy as np
import numpy.typing as npt

from fitting.model.result import Traces
from fitting.quality.instrument import Evidence, Instrument
from fitting.quality.numbers import number
from fitting.units import FloatArray

PACKET = 0.032
"""s; length of the stretches of signal in which an echo is looked for: it lasts about as long as T2* lets a line."""

FIRST_PACKET = 0.02
"""s; earlier, the residual of a fit is baseline and macromolecules."""

CHANCE = 3.0
"""Margin of the loudest of many packets of noise beyond the logarithm of their number: one in twenty is louder."""


def spurious_echo(traces: Traces, noise: float, spectrometer_frequency: float) -> float | None:
    """Height of the strongest late wave packet that the fit left, over the strongest packet of the fitted signal.

    Signal from outside the measured volume can refocus after the readout began, so that it appears as a packet of
    ripples that no decaying line can describe (Kreis 2004, doi:10.1002/nbm.891; Ernst & Chang 1996,
    doi:10.1002/mrm.1910360505). The residual goes back into the time domain and is looked through in stretches of
    ``PACKET``. The expected maximum of noise is subtracted; zero means that no packet exceeds it.
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
    times, so the positive half is sufficient.
    """
    signal = np.fft.ifft(spectrum)[: spectrum.size // 2]
    window = np.hanning(length + 2)[1:-1]
    stretches = np.lib.stride_tricks.sliding_window_view(signal, length) * window
    return np.abs(np.fft.fft(stretches, axis=-1)) ** 2, window


@dataclass(frozen=True)
class SpuriousEcho(Instrument):
    """Late packets of ripples that no decaying line describes."""

    spurious_echo: float | None = field(
        metadata=number(
            "Height of the strongest late wave packet in the fit residual, beyond what noise makes, over that"
            " of the fitted signal; 0 is none.",
            unit="1",
            definition=(
                "Fit residual of 0.2 to 4.2 ppm back in the time domain, in stretches of 32 ms that begin after "
                "20 ms: amplitude of the strongest beyond what the loudest noise makes, over that of the "
                "strongest stretch of the fitted signal. Zero when nothing stands out of the noise. An echo "
                "outside the fitted range is not looked for: it does not bias the fit."
            ),
            good="0",
            source=(
                "Kreis 2004, doi:10.1002/nbm.891, and Ernst & Chang 1996, doi:10.1002/mrm.1910360505, on spurious"
                " echoes; the measure is ours"
            ),
            example=0.0,
        )
    )

    @classmethod
    def of(cls, evidence: Evidence) -> Self:
        """Measure them."""
        return cls(spurious_echo=spurious_echo(evidence.fit.traces, evidence.noise, evidence.frequency))
