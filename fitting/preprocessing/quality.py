"""Quality: numbers a reader needs to trust a spectrum, each with its definition."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Step:
    """One preprocessing step that was applied, in NIfTI-MRS ``ProcessingApplied`` terms."""

    method: str
    """Standard's name, such as ``RF coil combination`` or ``Frequency and phase correction``."""
    details: str
    """What it did, with numbers."""


@dataclass(frozen=True, slots=True)
class PreprocessingFacts:
    """What preprocessing measured on the way; None where it does not apply."""

    steps: tuple[Step, ...]
    transients_used: int
    transients_rejected: int
    frequency_drift_hz: float | None
    """Span of the transients' frequency over the scan."""
    phase_spread_deg: float | None
    """Standard deviation of the transients' phase."""
    residual_water: float | None
    """Height of the residual water over the height of tNAA before its removal."""
    shift_ppm: float
    """How far the spectrum was moved to put its peaks where they belong, toward higher ppm."""
    water_linewidth_hz: float | None
    """FWHM of the water reference."""
