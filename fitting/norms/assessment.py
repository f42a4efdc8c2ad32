"""Results of comparison: the norm used and the position in it, or the reason for its absence."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from fitting.reason import Absence

Match = Literal["yes", "no", "unknown"]
Flag = Literal["below", "within", "above"]
NormKind = Literal["literature", "site", "supplied"]


@dataclass(frozen=True, slots=True)
class ErrorShares:
    """Shares of the variance behind the interval of a z-score; they add up to 1."""

    measurement: float
    """Of the measurement itself."""
    norm_sampling: float
    """Of the finite number of controls."""
    between_lab: float
    """Of the differences between laboratories."""


@dataclass(frozen=True, slots=True)
class Shrunken:
    """Own controls with a mean drawn towards the published one, the more the fewer they are."""

    mean: float
    """Mean of both, weighted by their precision, in the unit of the value."""
    literature_weight: float
    """Weight of the published mean, 0 to 1."""
    literature_id: str
    """Id of the published norm."""
    z: float
    """Position by this mean and the spread of the own controls."""
    low: float
    """Lower end of its 95 % interval."""
    high: float
    """Upper end of its 95 % interval."""
    p: float
    """Two-sided."""


@dataclass(frozen=True, slots=True)
class Improvement:
    """A change of the measurement or of the norm, and its effect on the comparison."""

    code: str
    """``more-transients``, ``more-controls`` or ``own-controls``."""
    sentence: str
    """The same for people."""
    z_width: float
    """Width the 95 % interval of the z-score would have."""
    smallest_detectable_difference: float
    """Smallest detectable difference it would have, in the unit of the value."""


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
    q: float | None
    """Benjamini-Hochberg adjusted ``p`` among the comparisons made together; None without ``p``."""
    p_outside: float | None
    """Confidence, 0 to 1, that the person's own value, free of measurement error, is outside the central 95 % of
    the controls; null in analyses made before it was computed, like the two below."""
    sd_predictive: float
    """Standard deviation of a new person's value about the norm's mean, in the unit of the value: the denominator
    of ``t``."""
    norm_id: str
    """Id of the norm, found in ``norms``."""
    flag: Flag
    """Against the 95 % reference interval of the norm."""
    reference_low: float
    """Lower end of that interval."""
    reference_high: float
    """95 % reference interval for a new person, in a new laboratory where the norm is a published one; in the unit
    of the value."""
    smallest_detectable_difference: float | None
    """Difference from the mean of the controls that is flagged in four of five people who have it, in the unit of
    the value."""
    error_shares: ErrorShares | None
    """Shares of the variance behind the interval of the z-score."""
    shrunken: Shrunken | None
    """The position against own controls whose mean borrows from published ones; None unless both exist."""
    improvements: tuple[Improvement, ...]
    """Changes that would make the comparison more precise."""


@dataclass(frozen=True, slots=True)
class NormMatch:
    """For each property, whether the norm's acquisition matches the spectrum's."""

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
    """A norm used for one or more z-scores of this analysis."""

    id: str
    """Stable identifier, see ``GET /v1/norms/{id}``."""
    kind: NormKind
    """``literature``, ``site`` (own controls kept by the service) or ``supplied`` (given with the value)."""
    region: str
    """Region of the brain."""
    metabolite: str
    """Metabolite or sum."""
    unit: str
    """Unit of the mean and the standard deviations."""
    grade: str
    """Strength of the evidence behind the norm."""
    source: str
    """Source of the values, with DOI."""
    studies: int
    """Number of studies pooled."""
    n: int
    """Number of controls."""
    mean: float
    """Mean of the controls, in ``unit``; with covariates, the value expected for this person."""
    sd_within: float
    """Standard deviation between people within a study, in ``unit``."""
    sd_between: float
    """Standard deviation between laboratories, in ``unit``."""
    age_mean: float | None
    """Mean age of the controls, years."""
    covariates: tuple[str, ...]
    """Covariates that the mean was adjusted for: ``age_years``, ``sex``, ``gm``."""
    matched: NormMatch
    """Whether the norm's acquisition matches the spectrum's."""


@dataclass(frozen=True, slots=True)
class NormNotUsed:
    """A norm of the site that is for this region and metabolite and was not applied, with the reason."""

    id: str
    """Stable identifier, see ``GET /v1/norms/{id}``."""
    metabolite: str
    """Metabolite or sum."""
    code: str
    """For programs."""
    sentence: str
    """For people."""


@dataclass(frozen=True, slots=True)
class ProfileDistance:
    """Distance of several values together from the controls: each may be ordinary and their combination not."""

    metabolites: tuple[str, ...]
    """The values, as ``region metabolite`` when there is more than one region."""
    norm_ids: tuple[str, ...]
    """The norms whose controls have all of them."""
    n: int
    """Number of these controls."""
    distance: float
    """Mahalanobis distance from their mean, dimensionless."""
    f: float
    """F statistic of one person against a sample."""
    df_numerator: int
    """Number of values."""
    df_denominator: int
    """Number of controls less the number of values."""
    p: float
    """Chance of a distance this large among people like the controls."""


@dataclass(frozen=True, slots=True)
class Finding:
    """Finding of a chronic-pain group study for this region and metabolite: context, not a diagnosis."""

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
    """Limitations of the finding."""


@dataclass(frozen=True, slots=True)
class Assessment:
    """Positions of all quantities against the matching norms."""

    scores: dict[str, ZScore | Absence]
    """By metabolite name; every quantity has an entry."""
    norms: tuple[NormUsed, ...]
    norms_not_used: tuple[NormNotUsed, ...]
    norm_version: str
    tests: int
    expected_by_chance: float
    flagged: int
    flagged_q: int
    profile: ProfileDistance | Absence
    evidence: tuple[Finding, ...]
