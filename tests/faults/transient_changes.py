"""Changes to single transients and coils of an uncombined scan."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from tests.faults.scan import Samples, Scan


def turned(samples: Samples, scan: Scan) -> None:
    samples[::2] *= -1


def moved(hz: float) -> Callable[[Samples, Scan], None]:
    def change(samples: Samples, scan: Scan) -> None:
        samples[3:5] *= np.exp(2j * np.pi * hz * scan.time)

    return change


def lost(samples: Samples, scan: Scan) -> None:
    samples[2] = 0


def loud(samples: Samples, scan: Scan) -> None:
    samples[5] += scan.noise(20 * scan.peak)[5]


def dead_coil(samples: Samples, scan: Scan) -> None:
    samples[:, 1] = 0


def noisy_coil(samples: Samples, scan: Scan) -> None:
    samples[:, 2] += scan.noise(30 * scan.peak)[:, 2]


def one_nan(samples: Samples, scan: Scan) -> None:
    samples[4, 1, 100] = np.nan


def later(factor: float) -> Callable[[Samples, Scan], None]:
    """The second half of the transients times ``factor``: motion, or a gain that changed."""

    def change(samples: Samples, scan: Scan) -> None:
        samples[samples.shape[0] // 2 :] *= factor

    return change


def broader(samples: Samples, scan: Scan) -> None:
    samples[samples.shape[0] // 2 :] *= np.exp(-np.pi * 10 * scan.time)


def scrambled(samples: Samples, scan: Scan) -> None:
    samples *= np.exp(2j * np.pi * scan.rng.uniform(size=samples.shape[0]))[:, None, None]


def drifting(samples: Samples, scan: Scan) -> None:
    samples *= np.exp(2j * np.pi * np.linspace(-30, 30, samples.shape[0])[:, None, None] * scan.time)


def coil_inverted(samples: Samples, scan: Scan) -> None:
    samples[:, 1] *= -1


def reference_coil_inverted(scan: Scan) -> Samples:
    samples = scan.water.copy()
    samples[:, 1] *= -1
    return samples
