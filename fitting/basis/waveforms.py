"""Shapes of radio-frequency pulses: from a published description to amplitude, phase and gradient over time."""

from __future__ import annotations

import tomllib
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from importlib.resources import files

import numpy as np

from fitting.errors import UnusableBasis
from fitting.units import PROTON_GAMMA_BAR, ComplexArray, FloatArray

SAMPLES = 128
"""Steps of constant amplitude of an amplitude-modulated pulse; eight times as many change signals by 0.2 %."""
ADIABATIC_SAMPLES = 256
"""Steps of an adiabatic pulse, whose phase turns faster; eight times as many change signals by 0.04 %."""


@dataclass(frozen=True, slots=True)
class Shape:
    """A pulse shape as published; the caller scales it to a duration.

    ``cosine`` and ``sine`` are Fourier coefficients of the amplitude in cycles per duration (``kind`` fourier);
    ``flip`` (rad), ``lobes`` describe an apodised sinc; ``order``, ``gradient_order``, ``gradient_factor``,
    ``sweep`` (Hz) and ``peak`` (T) a gradient-modulated adiabatic pulse. Parameters that a kind does not use are zero.
    """

    name: str
    kind: str
    time_bandwidth: float
    """Product of duration and full width at half the effect (dimensionless)."""
    cosine: tuple[float, ...] = ()
    sine: tuple[float, ...] = ()
    flip: float = 0.0
    lobes: int = 0
    order: int = 0
    gradient_order: int = 0
    gradient_factor: float = 0.0
    sweep: float = 0.0
    peak: float = 0.0


@dataclass(frozen=True, slots=True)
class Pulse:
    """A shape played out in ``duration`` (s)."""

    shape: Shape
    duration: float

    @property
    def bandwidth(self) -> float:
        """Full width at half the effect, Hz: what one slice thickness spans."""
        return self.shape.time_bandwidth / self.duration


@dataclass(frozen=True, slots=True)
class Waveform:
    """A sampled pulse: ``amplitude`` (complex, Hz of nutation) and ``gradient`` (relative to its largest), per step."""

    amplitude: ComplexArray
    gradient: FloatArray
    step: float
    """Duration of one step, s."""


def waveform(pulse: Pulse) -> Waveform:
    """The pulse sampled in time.

    Raises
    ------
    UnusableBasis
        When its kind of shape is unknown.
    """
    kind = pulse.shape.kind
    if kind not in KINDS:
        raise UnusableBasis(f"Pulse shape '{pulse.shape.name}' is of unknown kind '{kind}'.", shape=pulse.shape.name)
    return KINDS[kind](pulse)


def _fourier(pulse: Pulse) -> Waveform:
    """Amplitude as a short Fourier series, as by Mao (1988, J Magn Reson 79:1)."""
    turn = 2.0 * np.pi * _middles(SAMPLES)
    cycles = sum((value * np.cos(order * turn) for order, value in enumerate(pulse.shape.cosine)), np.zeros(SAMPLES))
    cycles = cycles + sum((value * np.sin(n * turn) for n, value in enumerate(pulse.shape.sine, 1)), np.zeros(SAMPLES))
    return _constant_gradient(cycles / pulse.duration, pulse)


def _hamming_sinc(pulse: Pulse) -> Waveform:
    """Sinc of ``lobes`` zero crossings a side under a Hamming window (Bernstein 2004, ISBN 978-0-12-092861-3, 2.2)."""
    u = 2.0 * _middles(SAMPLES) - 1.0
    envelope = np.sinc(pulse.shape.lobes * u) * (0.54 + 0.46 * np.cos(np.pi * u))
    amplitude = envelope / envelope.mean() * pulse.shape.flip / (2.0 * np.pi * pulse.duration)
    return _constant_gradient(amplitude, pulse)


def _constant_gradient(amplitude: FloatArray, pulse: Pulse) -> Waveform:
    return Waveform(amplitude.astype(np.complex128), np.ones(amplitude.size), pulse.duration / amplitude.size)


def _goia_wurst(pulse: Pulse) -> Waveform:
    """GOIA-WURST(n, m): B1 = 1 - |sin|^n, G = 1 - f + f |sin|^m, sweep offset-independent adiabatic.

    Andronesi 2010, doi:10.1016/j.jmr.2010.01.010, by the relation of Tannus & Garwood 1997,
    doi:10.1002/(sici)1099-1492(199712)10:8<423::aid-nbm488>3.0.co;2-x: d(sweep/G)/dt = B1^2 / (Q G).
    """
    shape = pulse.shape
    u = _middles(ADIABATIC_SAMPLES)
    bend = np.abs(np.sin(np.pi * (u - 0.5)))
    amplitude = 1.0 - bend**shape.order
    gradient = 1.0 - shape.gradient_factor + shape.gradient_factor * bend**shape.gradient_order
    growth = amplitude**2 / gradient
    swept = np.cumsum(growth) - growth / 2.0
    frequency = shape.sweep / 2.0 * gradient * (2.0 * swept / growth.sum() - 1.0)
    step = pulse.duration / ADIABATIC_SAMPLES
    phase = 2.0 * np.pi * step * (np.cumsum(frequency) - frequency / 2.0)
    return Waveform(shape.peak * PROTON_GAMMA_BAR * amplitude * np.exp(1j * phase), gradient, step)


def _middles(samples: int) -> FloatArray:
    """Middles of equal steps of the unit interval."""
    return (np.arange(samples, dtype=np.float64) + 0.5) / samples


KINDS: dict[str, Callable[[Pulse], Waveform]] = {
    "fourier": _fourier,
    "hamming-sinc": _hamming_sinc,
    "goia-wurst": _goia_wurst,
}
"""Generator of each kind of shape."""


@cache
def shapes() -> dict[str, Shape]:
    """Every shipped shape by name, from ``fitting/data/pulses``."""
    folder = files("fitting") / "data" / "pulses"
    found = {}
    for entry in folder.iterdir():
        if entry.name.endswith(".toml"):
            document = tomllib.loads(entry.read_text(encoding="utf-8"))
            numbers = {name: document[name] for name in Shape.__slots__ if name in document}
            for name in ("cosine", "sine"):
                if name in numbers:
                    numbers[name] = tuple(numbers[name])
            found[document["name"]] = Shape(**numbers)
    return dict(sorted(found.items()))
