"""The standard deviation of a value and its parts: what differs from scan to scan, what scans of a scanner share."""

from __future__ import annotations

import math
from typing import NamedTuple, Self


class Deviations(NamedTuple):
    """Standard deviations of one value, in its unit: whole² = scan² + shared²."""

    whole: float
    """Against the truth."""
    scan: float
    """What differs from scan to scan on one scanner."""
    shared: float
    """What all scans of one scanner share."""

    @classmethod
    def of(cls, variance: float, shared: float) -> Self:
        """The deviations of a variance and the part of it that is shared; rounding errors below zero count as zero."""
        whole = max(float(variance), 0.0)
        common = min(max(float(shared), 0.0), whole)
        return cls(math.sqrt(whole), math.sqrt(whole - common), math.sqrt(common))
