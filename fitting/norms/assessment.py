"""The nouns of comparison: the norm that was used, the position in it, or why there is none."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

Match = Literal["yes", "no", "unknown"]
Flag = Literal["below", "within", "above"]


@dataclass(frozen=True, slots=True)
class ZScore:
    """Position of one value in a reference distribution.

    The interval carries measurement error, norm sampling error and between-lab spread.
    """

    value: float
    low: float
    high: float
    percentile: float
    percentile_low: float
    percentile_high: float
    t: float
    df: float
    p: float | None
    """Two-sided; None where the norm is too thin for a p value."""
    sd_predictive: float
    norm_id: str
    flag: Flag
    """Against the 95 % reference interval of the norm."""
    reference_low: float
    reference_high: float
    """95 % reference interval for a new person in a new laboratory, in the unit of the value."""


@dataclass(frozen=True, slots=True)
class Absence:
    """Why a z-score is not given."""

    code: str
    sentence: str


@dataclass(frozen=True, slots=True)
class NormMatch:
    """For each property, does the norm's acquisition match the spectrum's?"""

    field: Match
    sequence: Match
    echo_time: Match
    age: Match
    unit: Match
    software: Match


@dataclass(frozen=True, slots=True)
class NormUsed:
    """A norm that stands behind one or more z-scores of this analysis."""

    id: str
    region: str
    metabolite: str
    unit: str
    grade: str
    source: str
    studies: int
    n: int
    mean: float
    sd_within: float
    sd_between: float
    age_mean: float | None
    matched: NormMatch


@dataclass(frozen=True, slots=True)
class Finding:
    """What a chronic-pain group study reported for this region and metabolite: context, not a diagnosis."""

    region: str
    metabolite: str
    direction: str
    study: str
    doi: str
    status: str
    """``accepted``, ``unverified`` or ``rejected``."""
    note: str


@dataclass(frozen=True, slots=True)
class Assessment:
    """Positions of all quantities against the matching norms."""

    scores: dict[str, ZScore | Absence]
    """By metabolite name; every quantity has an entry."""
    norms: tuple[NormUsed, ...]
    norm_version: str
    tests: int
    expected_by_chance: float
    flagged: int
    evidence: tuple[Finding, ...]
