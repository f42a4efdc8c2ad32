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
    """z-score; dimensionless."""
    low: float
    """Lower end of the 95 % interval of the z-score."""
    high: float
    """Upper end of the 95 % interval of the z-score."""
    percentile: float
    """Percentile among controls, 0 to 100."""
    percentile_low: float
    """Percentile at ``low``."""
    percentile_high: float
    """Percentile at ``high``."""
    t: float
    """t statistic of one value against the control sample."""
    df: float
    """Degrees of freedom of ``t``."""
    p: float | None
    """Two-sided; None where the norm is too thin for a p value."""
    sd_predictive: float
    """Standard deviation the value was divided by, in the unit of the value."""
    norm_id: str
    """Id of the norm, found in ``norms``."""
    flag: Flag
    """Against the 95 % reference interval of the norm."""
    reference_low: float
    """Lower end of that interval."""
    reference_high: float
    """95 % reference interval for a new person in a new laboratory, in the unit of the value."""


@dataclass(frozen=True, slots=True)
class Absence:
    """Why a z-score is not given."""

    code: str
    """For programs."""
    sentence: str
    """For people."""


@dataclass(frozen=True, slots=True)
class NormMatch:
    """For each property, does the norm's acquisition match the spectrum's?"""

    field: Match
    """Nominal static field."""
    sequence: Match
    """Localisation family."""
    echo_time: Match
    """Echo time."""
    age: Match
    """Age of the controls."""
    unit: Match
    """Unit of the value."""
    software: Match
    """Fitting software."""


@dataclass(frozen=True, slots=True)
class NormUsed:
    """A norm that stands behind one or more z-scores of this analysis."""

    id: str
    """Stable identifier, see ``GET /v1/norms/{id}``."""
    region: str
    """Region of the brain."""
    metabolite: str
    """Metabolite or sum."""
    unit: str
    """Unit of the mean and the standard deviations."""
    grade: str
    """Strength of the evidence behind the norm."""
    source: str
    """Where the values come from, with DOI."""
    studies: int
    """Number of studies pooled."""
    n: int
    """Number of controls."""
    mean: float
    """Mean of the controls, in ``unit``."""
    sd_within: float
    """Standard deviation between people within a study, in ``unit``."""
    sd_between: float
    """Standard deviation between laboratories, in ``unit``."""
    age_mean: float | None
    """Mean age of the controls, years."""
    matched: NormMatch
    """Does the norm's acquisition match the spectrum's?"""


@dataclass(frozen=True, slots=True)
class Finding:
    """What a chronic-pain group study reported for this region and metabolite: context, not a diagnosis."""

    region: str
    """Region the study measured."""
    metabolite: str
    """Metabolite the study compared."""
    direction: str
    """Difference of the patients from controls."""
    study: str
    """Short reference."""
    doi: str
    """Digital object identifier."""
    status: str
    """``accepted``, ``unverified`` or ``rejected``."""
    note: str
    """What limits the finding."""


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
