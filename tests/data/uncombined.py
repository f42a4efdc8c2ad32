"""Uncombined scans of which everything is known: drift, phases, corrupted transients, coils and their noise."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from fitting.acquisition import Recording
from fitting.units import ComplexArray, FloatArray
from tests.data.simulated_brain import Scan, noise_for


@dataclass(frozen=True)
class Planted:
    """A scan and the truth about it."""

    scan: Scan
    recording: Recording
    fid: ComplexArray
    """Signal of one coil of sensitivity 1, shape (points,)."""
    sensitivities: ComplexArray
    covariance: ComplexArray
    """Noise covariance (coils, coils) of the real parts."""
    shift_hz: FloatArray
    phase: FloatArray
    corrupted: npt.NDArray[np.bool_]

    def share_of_ideal(self, weights: ComplexArray) -> float:
        """Signal-to-noise ratio of a combination over the largest possible (Roemer et al. 1990,
        doi:10.1002/mrm.1910160203)."""
        best = np.vdot(self.sensitivities, np.linalg.pinv(self.covariance, hermitian=True) @ self.sensitivities).real
        noise = (weights @ self.covariance @ weights.conj()).real
        return float(np.abs(weights @ self.sensitivities) / np.sqrt(noise * best))

    @property
    def noise_sd(self) -> float:
        """Noise of a sample of the ideal combination with unit signal."""
        best = np.vdot(self.sensitivities, np.linalg.pinv(self.covariance, hermitian=True) @ self.sensitivities).real
        return float(1 / np.sqrt(best))


def uncombined(
    scan: Scan,
    *,
    coils: int = 8,
    transients: int = 32,
    snr: float = 12.0,
    drift_hz: float = 4.0,
    water: float = 1.0,
    unstable_water: bool = False,
    corrupted: int = 0,
    correlation: float = 0.3,
    with_reference: bool = True,
) -> Planted:
    """A drifting scan whose NAA stands ``snr`` times above the noise of one ideally combined transient.

    Corrupted transients are weaker, broader and displaced, as motion makes them. Unstable water turns and moves on its
    own, as changing suppression makes it.
    """
    rng, time = scan.rng, scan.time
    sensitivities = rng.lognormal(0.0, 0.5, coils) * np.exp(2j * np.pi * rng.random(coils))
    spread = correlation * np.sqrt(8 / coils)
    mixing = np.eye(coils) + spread * (rng.normal(size=(coils, coils)) + 1j * rng.normal(size=(coils, coils)))
    mixing *= rng.lognormal(0.0, 0.3, coils)[:, None]
    covariance = mixing @ mixing.conj().T
    best = np.vdot(sensitivities, np.linalg.solve(covariance, sensitivities)).real
    fid = scan.brain()
    noise = noise_for(snr, fid, scan) * np.sqrt(best)
    shift = drift_hz * np.linspace(-0.5, 0.5, transients) + 0.3 * rng.normal(size=transients)
    phase = 0.15 * rng.normal(size=transients)
    bad = np.zeros(transients, dtype=bool)
    bad[rng.choice(transients, corrupted, replace=False)] = True
    shift[bad] += rng.choice([-1, 1], corrupted) * rng.uniform(8, 18, corrupted)
    phase[bad] += rng.uniform(-1, 1, corrupted)
    amplitude = np.where(bad, rng.uniform(0.4, 0.7, transients), 1.0)
    extra_width = np.where(bad, rng.uniform(3, 9, transients), 0.0)
    damping = amplitude[:, None] * np.exp(-np.pi * extra_width[:, None] * time)
    left = np.tile(scan.residual_water(water), (transients, 1))
    if unstable_water:
        own = rng.normal(size=(2, transients, 1))
        left = left * np.exp(1j * own[0] - 4j * np.pi * own[1] * time)
    moved = damping * (fid + left) * np.exp(-2j * np.pi * shift[:, None] * time + 1j * phase[:, None])
    samples = moved[:, None] * sensitivities[:, None] + noise * (mixing @ scan.noise(transients, coils))
    reference = scan.line(4.65, 1e4, 7.0) * sensitivities[:, None] + noise * (mixing @ scan.noise(2, coils))
    recording = scan.recording(samples, scan.recording(reference) if with_reference else None)
    return Planted(scan, recording, fid, sensitivities, noise**2 * covariance, shift, phase, bad)
