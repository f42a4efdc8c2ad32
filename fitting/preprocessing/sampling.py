"""How the FIDs of a scan were sampled: what every step needs besides the samples."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Sampling:
    """Dwell time (s) and spectrometer frequency (Hz) that all steps share."""

    dwell_time: float
    spectrometer_frequency: float
