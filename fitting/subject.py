"""What the request says about the person, the region and how to analyse; no identity, only pseudonyms."""

from __future__ import annotations

from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class TissueFractions:
    """Volume fractions of the measured volume; they must sum to 1 within 2 %."""

    gm: float
    wm: float
    csf: float


@dataclass(frozen=True, slots=True)
class Subject:
    """Who was measured, where: all optional; a norm that needs a missing fact says so."""

    region: str | None = None
    hemisphere: str | None = None
    """``left``, ``right`` or ``midline``."""
    age_years: float | None = None
    sex: str | None = None
    """``female``, ``male`` or ``other``."""
    tissue: TissueFractions | None = None


@dataclass(frozen=True, slots=True)
class Overrides:
    """Acquisition quantities the request supplies; they fill in or replace what the header says (SI)."""

    echo_time: float | None = None
    repetition_time: float | None = None
    spectrometer_frequency: float | None = None
    dwell_time: float | None = None
    sequence: str | None = None
    mixing_time: float | None = None


@dataclass(frozen=True, slots=True)
class Options:
    """Choices of method; every one is recorded in the result."""

    optimiser: str = "lmfit-leastsq"
    baseline: str = "two-scale"
    macromolecules: str = "default"
    concentration_prior: str | None = None
    """Table of expected concentrations that draws the amplitudes toward them; none by default."""
    overrides: Overrides = field(default_factory=Overrides)
    deadline_seconds: float | None = None
    """Stop the fit after this long and answer ``stopped_early``."""
