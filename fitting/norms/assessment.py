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
class Shares:
    """Shares of the variance of a new healthy person's value about the expected one; they add up to 1."""

    measurement: float
    """Of the measurement of the value."""
    people: float
    """Of the differences between people of one laboratory."""
    laboratory: float
    """Of what is not known of this laboratory, its program and its number of controls."""
    region: float
    """Of what is not known of the region."""


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
    z_width: float | None
    """Width the 95 % interval of the z-score would have; null where the control model answers."""
    smallest_detectable_difference: float
    """Smallest detectable difference it would have, in the unit of the value."""
    detectable_percent: float | None = None
    """Decrease that four of five people who have it would be flagged for, per cent of the expected value."""
    controls: int | None = None
    """Own controls there would be in all; null for other changes, and in analyses made before it was kept."""


@dataclass(frozen=True, slots=True)
class ZScore:
    """Position of one value in a reference distribution.

    The interval carries measurement error, norm sampling error and between-lab spread.
    """

    value: float
    """Position among healthy people as a standard normal deviate, Φ⁻¹(percentile / 100): 5 % of healthy people lie
    beyond ±1.96, whatever the norm. Analyses before ``z_cc`` was kept hold here an effect size or a t statistic."""
    low: float
    """Lower end of the 95 % interval of the person's own position, free of measurement error, on the same scale."""
    high: float
    """Upper end."""
    percentile: float
    """Percentile among healthy people, 0 to 100."""
    percentile_low: float
    """Percentile at ``low``."""
    percentile_high: float
    """Percentile at ``high``."""
    t: float | None
    """t statistic of one value against the own controls alone (Crawford & Howell 1998,
    doi:10.1076/clin.12.4.482.7241); null without two of them."""
    df: float | None
    """Degrees of freedom of ``t``."""
    p: float | None
    """Two-sided, of the position: 2 Φ(−|z|), below 0.05 exactly where ``flag`` is not ``within``; null where the norm
    is too thin for a p value. In analyses before ``p_t`` was kept it is of ``t`` with 20 or more own controls."""
    q: float | None
    """Benjamini-Hochberg adjusted ``p`` among the comparisons made together; None without ``p``."""
    p_outside: float | None
    """Probability, 0 to 1, that the person's own value, free of measurement error, is outside the central 95 % of
    the people it is compared with; 0.05 on average over healthy people. Null in analyses made before it was computed,
    like the three below."""
    sd_predictive: float
    """Standard deviation of a new healthy person's value about the expected one, in the unit of the value."""
    norm_id: str
    """Id of the norm, found in ``norms``."""
    flag: Flag
    """Against the 95 % reference interval of the norm."""
    reference_low: float
    """Lower end of that interval."""
    reference_high: float
    """95 % reference interval for a new healthy person of this laboratory, in the unit of the value; it is wide where
    nothing is known of the laboratory."""
    smallest_detectable_difference: float | None
    """Decrease that is flagged in four of five people who have it, in the unit of the value."""
    error_shares: ErrorShares | None
    """Shares of the variance behind the interval of the z-score where a sample alone answers; null where the control
    model does, which has ``shares``."""
    shrunken: Shrunken | None
    """Kept of earlier analyses: the position by own controls whose mean borrows from published ones; the control model
    does this for every position."""
    improvements: tuple[Improvement, ...]
    """Changes that would make the comparison more precise."""
    z_cc: float | None = None
    """Effect size (x − mean) / SD of the own controls (Crawford, Garthwaite & Porter 2010,
    doi:10.1080/02643294.2010.513967), not corrected for their number; null without two of them, and like the fields
    below in analyses made before it was computed."""
    detectable_percent: float | None = None
    """Decrease that four of five people who have it are flagged for, per cent of the expected value."""
    informative: bool | None = None
    """Whether ``detectable_percent`` is below the limit (60 %) beyond which a comparison could hardly have seen
    anything: such a position is shown and not counted among the comparisons."""
    shares: Shares | None = None
    """Shares of the variance behind ``sd_predictive``."""
    p_t: float | None = None
    """Two-sided p of ``t`` alone; null without it, and in analyses made before it was kept."""
    censored: bool | None = None
    """Whether the value is an upper bound, for the metabolite was not detected: the position is this low or lower. Such
    a position is given where even the bound is below the reference interval."""


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


@dataclass(frozen=True, slots=True)
class Scored:
    """The answer for one value."""

    position: ZScore | Absence
    norm: NormUsed | None
    """The norm behind ``position``; None without a z-score."""
    not_used: tuple[NormNotUsed, ...] = ()
    """The site's norms for this metabolite and region that were not applied."""
