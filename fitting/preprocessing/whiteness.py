"""Whether the noise is the white noise that every error estimate assumes."""

from __future__ import annotations

import numpy as np

from fitting.fid import Fid

LAGS = 10
"""Samples apart up to which noise is compared with itself."""

TAIL_SHARE = 0.25
"""Last part of the FID, in which a brain's signal has decayed."""


def noise_correlation(rest: Fid) -> float | None:
    """Correlation of the noise with itself: about 1 for white noise, whatever its length; None without noise.

    Root mean square of the first ``LAGS`` autocorrelation coefficients of the second half of an FID (points,) without
    its lines, times the square root of its number of samples: for white noise each coefficient has the variance 1 / n
    (Box & Pierce 1970, doi:10.1080/01621459.1970.10481180). Receiver filters within the bandwidth,
    interpolation and signal that is no decaying line raise it; a hum is a line and does not.
    """
    half = rest.samples[rest.points // 2 :]
    energy = float(np.vdot(half, half).real)
    if not energy > 0:
        return None
    coefficients = [np.vdot(half[:-lag], half[lag:]) / energy for lag in range(1, LAGS + 1)]
    return float(np.sqrt(np.mean(np.abs(coefficients) ** 2) * half.size))


def noise_tail(fid: Fid, rest: Fid) -> float | None:
    """Noise at the end of an FID over the noise of the whole: 1 unless filtered in time; None without noise.

    Standard deviation of the last ``TAIL_SHARE`` of ``rest``, the ``fid`` (both (points,)) without its lines, over that
    of the silent bins of the spectrum. An FID that was multiplied by a decay (apodised) has less, a disturbance more.
    """
    if not fid.noise > 0:
        return None
    tail = rest.samples[-max(1, round(TAIL_SHARE * rest.points)) :]
    return float(np.sqrt(np.mean(np.abs(tail) ** 2) / 2)) / fid.noise
