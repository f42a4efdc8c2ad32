"""Recordings of a brain-like spectrum made of known lines, for tests of what happens before the fit."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np

from fitting.acquisition import Acquisition, Recording
from fitting.fid import Fid, time_axis
from fitting.units import ComplexArray, FloatArray

SINGLETS = ((2.008, 9.0), (2.6, 1.5), (3.027, 7.5), (3.92, 5.0), (3.21, 5.0), (3.55, 3.0), (3.62, 3.0), (2.35, 3.0))
BROAD = ((0.9, 3.0, 35.0), (1.3, 2.5, 35.0), (2.05, 4.0, 45.0), (3.0, 2.0, 40.0), (3.9, 3.0, 45.0))


@dataclass(frozen=True)
class Scan:
    """Geometry of a simulated scan and its random numbers."""

    points: int = 1024
    dwell_time: float = 5e-4
    spectrometer_frequency: float = 123.2e6
    seed: int = 1
    rng: np.random.Generator = field(init=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "rng", np.random.default_rng(self.seed))

    @property
    def time(self) -> FloatArray:
        return time_axis(self.points, self.dwell_time)

    @property
    def acquisition(self) -> Acquisition:
        return Acquisition(
            format="simulated",
            spectrometer_frequency=self.spectrometer_frequency,
            dwell_time=self.dwell_time,
            echo_time=0.03,
            repetition_time=2.0,
            sequence="PRESS",
            sequence_name="press",
        )

    def fid(self, samples: ComplexArray) -> Fid:
        """Samples (..., points) as this scan takes them."""
        return Fid(samples, self.dwell_time, self.spectrometer_frequency)

    def line(self, ppm: float, amplitude: complex, width_hz: float) -> ComplexArray:
        """A Lorentzian line of ``width_hz`` FWHM."""
        frequency = (4.65 - ppm) * self.spectrometer_frequency * 1e-6
        return np.asarray(amplitude * np.exp((2j * np.pi * frequency - np.pi * width_hz) * self.time))

    def brain(self, shift_ppm: float = 0.0, width_hz: float = 6.0, naa: float = 1.0) -> ComplexArray:
        """Metabolite singlets over macromolecules."""
        total = np.zeros(self.points, dtype=np.complex128)
        for ppm, amplitude in SINGLETS:
            total += self.line(ppm + shift_ppm, amplitude * (naa if ppm < 2.1 else 1.0), width_hz)
        for ppm, amplitude, width in BROAD:
            total += self.line(ppm + shift_ppm, amplitude, width)
        return total

    def residual_water(self, over_naa: float) -> ComplexArray:
        """Residual water of three lines whose phases and positions differ."""
        lines = ((4.66, 0.7 * np.exp(0.3j), 7.0), (4.63, 0.3 * np.exp(-0.5j), 12.0), (4.70, -0.25, 5.0))
        return np.asarray(sum(self.line(ppm, 9.0 * over_naa * part, width) for ppm, part, width in lines))

    def noise(self, *shape: int) -> ComplexArray:
        """White noise of unit sd in the real and in the imaginary part, shape (*shape, points)."""
        size = (*shape, self.points)
        return np.asarray(self.rng.normal(size=size) + 1j * self.rng.normal(size=size))

    def recording(self, samples: ComplexArray, water: Recording | None = None) -> Recording:
        """Samples (points,), (transients, points) or (transients, coils, points) as a recording."""
        if samples.ndim == 1:
            samples = samples[None, None]
        elif samples.ndim == 2:
            samples = samples[:, None]
        return Recording(samples, self.acquisition, water)


def height(fid: ComplexArray, scan: Scan, low: float, high: float) -> float:
    """Highest magnitude of a FID's spectrum between two ppm."""
    ppm = 4.65 - np.fft.fftfreq(scan.points, scan.dwell_time) / scan.spectrometer_frequency * 1e6
    return float(np.abs(np.fft.fft(fid))[(ppm > low) & (ppm < high)].max())


def noise_for(snr: float, fid: ComplexArray, scan: Scan) -> float:
    """Noise sd of a sample at which the spectrum's NAA stands ``snr`` times above the noise of the spectrum."""
    return height(fid, scan, 1.9, 2.1) / snr / np.sqrt(scan.points)
