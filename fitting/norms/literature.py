"""Norms pooled from published controls, one per region, metabolite, unit and field."""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cache, lru_cache

import numpy as np

from fitting.norms.study_rows import StudyRow, study_rows
from fitting.statistics.pooling import ENOUGH_STUDIES, RandomEffects, pooled_sd, random_effects

FEWEST_STUDIES = 3
"""Below this a spread between laboratories cannot be judged."""
FEWEST_PEOPLE_FOR_SD = 20
"""Below this many people with a measured SD, several studies borrow theirs from other regions."""
BORROWED_DF = 10.0
"""Degrees of freedom granted to a spread borrowed from other regions: low, because it is not of this region."""
RANGE_SDS = 2.0
GRADE_CAP = {"tCr": "A", "mM": "B", "IU": "C"}
"""Best grade by unit: mM mixes mmol/l with mmol/kg, institutional units differ 2 to 4 times more between than
within laboratories."""


@dataclass(frozen=True, slots=True)
class Cohort:
    """The controls of one study: sides and subregions averaged, independent groups joined by their size."""

    study: str
    doi: str
    locator: str
    mean: float
    sd: float | None
    n: int
    age_mean: float | None
    derived: bool
    """The mean is a ratio of group means; it has no standard deviation."""
    all_flagged: bool
    """All rows are graded C or worse: flagged, derived or third-party."""
    sequences: tuple[str, ...]
    software: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Norm:
    """Reference distribution of one quantity, pooled over studies.

    ``grade``: A five or more studies, 150 people, measured SDs; B three studies, 60 people; C thin, all
    rows flagged, or a borrowed SD; D a single study of fewer than 30.
    """

    id: str
    region: str
    metabolite: str
    unit: str
    field_t: float
    grade: str
    cohorts: tuple[Cohort, ...]
    n: int
    mean: float
    effects: RandomEffects | None
    """None for a single study."""
    sd_within: float | None
    """None when no study reports one and none can be borrowed."""
    df_within: float
    sd_borrowed: bool
    """The spread is the relative spread of other regions times the mean."""
    age_mean: float | None

    @property
    def studies(self) -> int:
        """Number k of independent studies."""
        return len(self.cohorts)

    @property
    def derived(self) -> bool:
        """Whether ratios of group means are among the study means."""
        return any(cohort.derived for cohort in self.cohorts)

    @property
    def sequences(self) -> tuple[str, ...]:
        """Localisation sequences of the studies, where stated."""
        return tuple(sorted({name for cohort in self.cohorts for name in cohort.sequences}))

    @property
    def software(self) -> tuple[str, ...]:
        """Programs that fitted the studies, where stated."""
        return tuple(sorted({name for cohort in self.cohorts for name in cohort.software}))

    @property
    def supports_z(self) -> bool:
        """Whether enough studies show how far laboratories differ."""
        return self.studies >= FEWEST_STUDIES and self.grade != "D" and self.sd_within is not None

    @property
    def supports_p(self) -> bool:
        """Whether a p value is justified: five studies with measured spread (grade A or B)."""
        return self.supports_z and self.studies >= ENOUGH_STUDIES and self.grade in {"A", "B"}

    @property
    def study_range(self) -> tuple[float, float] | None:
        """From the lowest to the highest study mean ∓ 2 SD; None without any SD."""
        if self.sd_within is None:
            return None
        spreads = [RANGE_SDS * (cohort.sd or self.sd_within) for cohort in self.cohorts]
        means = [cohort.mean for cohort in self.cohorts]
        return (
            min(mean - spread for mean, spread in zip(means, spreads, strict=True)),
            max(mean + spread for mean, spread in zip(means, spreads, strict=True)),
        )


@lru_cache(maxsize=1)
def literature_norms() -> tuple[Norm, ...]:
    """All norms the shipped study rows give, pooled once per process; rows of unknown field are left out."""
    groups: dict[tuple[str, str, str, float], list[StudyRow]] = defaultdict(list)
    for row in study_rows():
        if row.field_t is not None:
            groups[row.region, row.metabolite, row.unit, row.field_t].append(row)
    return tuple(_choose(*key, rows) for key, rows in groups.items())


@cache
def norms_by_field(region: str, metabolite: str, unit: str) -> dict[float, Norm]:
    """Norms of one region, metabolite and unit by nominal field (T); empty when there are none."""
    return {
        norm.field_t: norm
        for norm in literature_norms()
        if (norm.region, norm.metabolite, norm.unit) == (region, metabolite, unit)
    }


def _choose(region: str, metabolite: str, unit: str, field_t: float, rows: list[StudyRow]) -> Norm:
    """Directly published values if three studies have them, else together with ratios of group means.

    Ratios of group means agree with means of ratios within 1 % in one laboratory, but their denominators
    (tCr in institutional units) mix corrections between laboratories, so published ratios are preferred.
    """
    direct = cohorts(row for row in rows if not row.derived)
    chosen = direct if len(direct) >= FEWEST_STUDIES else cohorts(rows)
    return pool(
        chosen,
        relative_sd_elsewhere(region, metabolite, unit),
        region=region,
        metabolite=metabolite,
        unit=unit,
        field_t=field_t,
    )


def cohorts(rows: Iterable[StudyRow]) -> tuple[Cohort, ...]:
    """One cohort per study, from directly published rows where the study has them, in the order of the rows."""
    studies: dict[str, list[StudyRow]] = defaultdict(list)
    for row in rows:
        studies[row.study].append(row)
    return tuple(_cohort(members) for members in studies.values())


def _cohort(rows: list[StudyRow]) -> Cohort:
    members = [row for row in rows if not row.derived] or rows
    groups: dict[str, list[StudyRow]] = defaultdict(list)
    for row in members:
        groups[row.group].append(row)
    # sides, subregions and repeats show the same people: average them, and count the people once
    counts = np.array([max(row.n for row in group) for group in groups.values()], dtype=np.float64)
    means = np.array([np.mean([row.mean for row in group]) for group in groups.values()])
    spreads = [[row.sd**2 for row in group if row.sd is not None] for group in groups.values()]
    known = [(float(np.mean(group)), count) for group, count in zip(spreads, counts, strict=True) if group]
    ages = [row.age_mean for row in members if row.age_mean is not None]
    return Cohort(
        study=members[0].study,
        doi=members[0].doi,
        locator="; ".join(dict.fromkeys(row.locator for row in members)),
        mean=float(counts @ means / counts.sum()),
        sd=math.sqrt(sum(v * n for v, n in known) / sum(n for _, n in known)) if known else None,
        n=int(counts.sum()),
        age_mean=float(np.mean(ages)) if ages else None,
        derived=members[0].derived,
        all_flagged=all(row.grade not in {"A", "B"} for row in members),
        sequences=tuple(sorted({row.sequence for row in members if row.sequence})),
        software=tuple(sorted({row.software for row in members if row.software})),
    )


def pool(
    members: tuple[Cohort, ...],
    borrowed_cv: float | None,
    *,
    region: str,
    metabolite: str,
    unit: str,
    field_t: float,
    id: str | None = None,
) -> Norm:
    """Pool the cohorts of one region, metabolite, unit and field.

    With an SD from every cohort the spread within studies is the pooled SD. Where some have none, they
    enter the mean with the relative SD of the others, and the spread is that relative SD times the mean,
    since means without SD can be far from those with. When fewer than 20 people of several studies have a
    measured SD, it is ``borrowed_cv`` (relative, from other regions) times the mean, with 10 degrees of freedom.
    """
    measured = _measured(members)
    borrowed = sum(count for _, _, count in measured) < (FEWEST_PEOPLE_FOR_SD if len(members) > 1 else 1)
    relative = borrowed_cv if borrowed else _relative_sd(measured)
    means = np.array([cohort.mean for cohort in members])
    effects = None
    if len(members) > 1 and relative is not None:
        errors = [(cohort.sd or relative * cohort.mean) / math.sqrt(cohort.n) for cohort in members]
        effects = random_effects(means, np.array(errors))
    mean = float(means.mean()) if effects is None else effects.mean
    sd_within = None if relative is None else relative * mean
    df_within = BORROWED_DF if borrowed else float(sum(count - 1 for _, _, count in measured))
    if len(measured) == len(members) and not borrowed:
        sd_within, df_within = pooled_sd(np.array([sd for _, sd, _ in measured]), np.array([n for _, _, n in measured]))
    ages = [(cohort.age_mean, cohort.n) for cohort in members if cohort.age_mean is not None]
    return Norm(
        id=id or f"{region}.{unit}.{metabolite}.{field_t:g}t".lower(),
        region=region,
        metabolite=metabolite,
        unit=unit,
        field_t=field_t,
        grade=_grade(members, borrowed, unit),
        cohorts=members,
        n=sum(cohort.n for cohort in members),
        mean=mean,
        effects=effects,
        sd_within=sd_within,
        df_within=df_within,
        sd_borrowed=borrowed and sd_within is not None,
        age_mean=sum(age * n for age, n in ages) / sum(n for _, n in ages) if ages else None,
    )


def _measured(members: Iterable[Cohort]) -> list[tuple[float, float, int]]:
    """Mean, SD and n of the cohorts that have an SD."""
    return [(cohort.mean, cohort.sd, cohort.n) for cohort in members if cohort.sd is not None]


def _relative_sd(measured: list[tuple[float, float, int]]) -> float:
    freedom = np.array([count - 1.0 for _, _, count in measured])
    squares = np.array([(sd / mean) ** 2 for mean, sd, _ in measured])
    return math.sqrt(float(freedom @ squares / freedom.sum()))


def relative_sd_elsewhere(region: str, metabolite: str, unit: str) -> float | None:
    """Relative SD of a metabolite in the cohorts of all other regions; None when no study reports one."""
    measured = [
        item
        for (place, name, scale), items in _measured_everywhere().items()
        if (name, scale) == (metabolite, unit) and place != region
        for item in items
    ]
    return _relative_sd(measured) if measured else None


@lru_cache(maxsize=1)
def _measured_everywhere() -> dict[tuple[str, str, str], list[tuple[float, float, int]]]:
    """Mean, SD and n of all directly published cohorts by region, metabolite and unit, fields together."""
    groups: dict[tuple[str, str, str], list[StudyRow]] = defaultdict(list)
    for row in study_rows():
        if not row.derived:
            groups[row.region, row.metabolite, row.unit].append(row)
    return {key: _measured(cohorts(rows)) for key, rows in groups.items()}


def _grade(members: tuple[Cohort, ...], borrowed: bool, unit: str) -> str:
    studies, people = len(members), sum(cohort.n for cohort in members)
    direct = [cohort for cohort in members if not cohort.derived]
    sound = not borrowed and any(not cohort.all_flagged for cohort in direct)
    if studies == 1 and people < 30:
        return "D"
    if studies >= 5 and people >= 150 and len(direct) == studies and sound:
        return max("A", GRADE_CAP[unit])
    if studies >= FEWEST_STUDIES and people >= 60 and sound:
        return max("B", GRADE_CAP[unit])
    return "C"
