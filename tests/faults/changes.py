"""Changes to the samples of a scan that faults are made of."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import numpy as np

from fitting.units import ComplexArray, FloatArray
from tests.faults.scan import Samples, Scan


def turning(hz: float) -> Callable[[Samples], Samples]:
    """Move every line by ``hz`` of the true grid."""
    return lambda x: x * np.exp(2j * np.pi * hz * np.arange(x.size) * 5e-4)


def echo(scan: Scan, size: float, ppm: float, centre: float) -> Samples:
    """A wave packet that comes late: signal from outside the voxel that a gradient refocuses."""
    packet = np.exp(-(((scan.time - centre) / 0.025) ** 2))
    return np.asarray(size * scan.peak * scan.line(ppm, 4.0) * packet)


def water_alone(scan: Scan) -> Samples:
    return np.asarray(scan.peak * 10 * scan.line(4.65, 6.0) + scan.noise(0.05 * scan.peak))


def lipids(scan: Scan) -> Samples:
    fat = 8 * scan.line(1.3, 25.0, 0.8) + 4 * scan.line(0.9, 25.0, 0.8)
    return np.asarray(scan.metabolite + scan.peak * fat)


def edited(scan: Scan) -> Samples:
    """A J-difference spectrum: GABA and Glx upright, NAA upside down."""
    lines = 0.3 * scan.line(3.0, 20.0) + 0.5 * scan.line(3.75, 20.0) - 2 * scan.line(2.01, 6.0)
    return np.asarray(scan.noise(0.02 * scan.peak) + scan.peak * lines)


def sidebands(samples: Samples, amplitude: float, phase: float) -> Samples:
    """Vibration of the gradients at 50 Hz: signal that pulsates and turns."""
    wave = np.sin(0.05 * np.pi * np.arange(samples.size))
    return np.asarray(samples * (1 + amplitude * wave) * np.exp(1j * phase * wave))


def eddy(samples: Samples, size: float) -> Samples:
    """The phase (rad) of eddy currents that decay in 50 ms."""
    return np.asarray(np.exp(1j * size * np.exp(-np.arange(samples.size) / 100)))


def spike(scan: Scan, size: float, at: int) -> Samples:
    fid = scan.metabolite.copy()
    fid[..., at] += size * scan.peak
    return fid


def clipped(samples: Samples, share: float) -> Samples:
    limit = share * max(np.abs(samples.real).max(), np.abs(samples.imag).max())
    return np.asarray(np.clip(samples.real, -limit, limit) + 1j * np.clip(samples.imag, -limit, limit))


def moving(scan: Scan) -> Samples:
    """A field that drifts by 4 Hz in the first 100 ms."""
    return np.asarray(scan.metabolite * np.exp(2j * np.pi * 20 * scan.time**2))


def foreign(scan: Scan, *lines: tuple[float, float]) -> ComplexArray:
    """Lines of what is in no basis set."""
    return np.asarray(sum(amplitude * scan.line(ppm, 5.0) for ppm, amplitude in lines))


def two_volumes(scan: Scan) -> Samples:
    """Two places of one subject with another field and shim."""
    other = np.exp((2j * np.pi * 8 - np.pi * 6) * scan.time)
    return np.asarray(scan.metabolite * (1 + other) / 2)


def thinned(scan: Scan) -> Scan:
    """Every third point, said so, but without the filter that keeps noise from folding."""
    return replace(scan, metabolite=scan.metabolite[::3], water=scan.water[::3]).with_header(dwell_time=1.5e-3)


def wrapped(samples: Samples, share: float) -> Samples:
    """Integers that overflow."""
    limit = share * max(np.abs(samples.real).max(), np.abs(samples.imag).max())
    real, imaginary = ((part + limit) % (2 * limit) - limit for part in (samples.real, samples.imag))
    return np.asarray(real + 1j * imaginary)


def bytes_swapped(samples: Samples) -> Samples:
    """16-bit integers read in the other byte order."""
    scale = 2e4 / max(np.abs(samples.real).max(), np.abs(samples.imag).max())
    real, imaginary = ((part * scale).astype("<i2").view(">i2").astype(float) for part in (samples.real, samples.imag))
    return np.asarray(real + 1j * imaginary)


def every_second_conjugate(samples: Samples) -> Samples:
    return np.asarray(np.where(np.arange(samples.size) % 2, samples.conj(), samples))


def t(scan: Scan) -> FloatArray:
    return scan.time
