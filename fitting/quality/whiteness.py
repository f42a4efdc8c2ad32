"""Check that the noise is white, as every error estimate assumes."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Self

import numpy as np

from fitting.fid import Fid
from fitting.quality.instrument import Evidence, Instrument
from fitting.quality.numbers import number

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


@dataclass(frozen=True)
class Whiteness(Instrument):
    """Distribution of the noise in time."""

    noise_correlation: float | None = field(
        metadata=number(
            "Root mean square of the noise's first ten autocorrelation coefficients times the root of its "
            "length; about 1 is white.",
            unit="1",
            definition=(
                "Root mean square of the first ten autocorrelation coefficients of the second half of the FID "
                "less its lines (HSVD), times the square root of its number of samples."
            ),
            good="0.6 to 1.5",
            source="Box & Pierce 1970, doi:10.1080/01621459.1970.10481180",
            example=0.97,
        )
    )
    noise_tail: float | None = field(
        metadata=number(
            "Standard deviation of the noise in the last quarter of the FID over that of the whole; about 1 "
            "is unfiltered.",
            unit="1",
            definition=(
                "Standard deviation of the last quarter of the FID less its lines (HSVD), over that of the noise "
                "in the silent bins of its spectrum."
            ),
            good="0.85 to 1.15",
            source="White noise is stationary; the measure is ours",
            example=1.01,
        )
    )

    @classmethod
    def of(cls, evidence: Evidence) -> Self:
        """Measure them."""
        found = evidence.preprocessed
        return cls(noise_correlation=noise_correlation(found.rest), noise_tail=noise_tail(found.corrected, found.rest))
