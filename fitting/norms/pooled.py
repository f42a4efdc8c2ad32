"""Pools of the studies of one region, metabolite, unit and field by themselves.

They describe absolute values, which are never compared between laboratories, the groups that a caller supplies, and
the studies behind an answer of the control model.
"""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Iterable
from functools import lru_cache

import numpy as np

from fitting.norms.norm import FEWEST_STUDIES, Norm, StudyControls, norm_id
from fitting.norms.study_rows import StudyRow, study_rows
from fitting.statistics.pooling import RandomEffects, pooled_sd, random_effects

FEWEST_PEOPLE_FOR_SD = 20
"""Below this many people with a measured SD, several studies borrow theirs from other regions."""
BORROWED_DF = 10.0
"""Degrees of freedom granted to a spread borrowed from other regions: low, because it is not of this region."""
HETEROGENEOUS = 0.75
"""I² from which studies disagree so much that their grade is one lower (high heterogeneity: Higgins et al. 2003,
doi:10.1136/bmj.327.7414.557)."""
LOWER = {"A": "B", "B": "C"}
GRADE_CAP = {"tCr": "A", "mM": "B", "IU": "C"}
"""Best grade by unit: mM mixes mmol/l with mmol/kg, institutional units differ 2 to 4 times more between than
within laboratories."""


def pooled_norm(region: str, metabolite: str, unit: str, field_t: float, rows: list[StudyRow]) -> Norm:
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


def cohorts(rows: Iterable[StudyRow]) -> tuple[StudyControls, ...]:
    """One cohort per study, from directly published rows where the study has them, in the order of the rows."""
    studies: dict[str, list[StudyRow]] = defaultdict(list)
    for row in rows:
        studies[row.study].append(row)
    return tuple(_cohort(members) for members in studies.values())


def _cohort(rows: list[StudyRow]) -> StudyControls:
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
    return StudyControls(
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
    members: tuple[StudyControls, ...],
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
        id=id or norm_id(region, metabolite, unit, field_t),
        region=region,
        metabolite=metabolite,
        unit=unit,
        field_t=field_t,
        grade=_grade(members, borrowed, unit, effects),
        cohorts=members,
        n=sum(cohort.n for cohort in members),
        mean=mean,
        effects=effects,
        sd_within=sd_within,
        df_within=df_within,
        sd_borrowed=borrowed and sd_within is not None,
        age_mean=sum(age * n for age, n in ages) / sum(n for _, n in ages) if ages else None,
    )


def _measured(members: Iterable[StudyControls]) -> list[tuple[float, float, int]]:
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


def _grade(members: tuple[StudyControls, ...], borrowed: bool, unit: str, effects: RandomEffects | None) -> str:
    """Grade of the studies, one lower where they disagree."""
    grade = _grade_by_size(members, borrowed, unit)
    return LOWER.get(grade, grade) if effects is not None and effects.i2 >= HETEROGENEOUS else grade


def _grade_by_size(members: tuple[StudyControls, ...], borrowed: bool, unit: str) -> str:
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
