"""Published norms: the control model's answer for each region, metabolite and field, with the studies behind it.

Ratios to tCr of the model's metabolites are its predictions; absolute values, which are never compared between
laboratories, are listed as pooled by themselves.
"""

from __future__ import annotations

import math
from collections import defaultdict
from dataclasses import replace
from functools import cache, lru_cache

import numpy as np

from fitting.norms.composition import METABOLITES
from fitting.norms.control_model import FIELDS, Cell, control_model
from fitting.norms.norm import Norm, norm_id
from fitting.norms.pooled import cohorts, pooled_norm
from fitting.norms.regions import regions
from fitting.norms.study_rows import StudyRow, study_rows
from fitting.statistics.laboratory import Noise, update

USUAL_FIELD = 3.0
"""Tesla."""


@lru_cache(maxsize=1)
def literature_norms() -> tuple[Norm, ...]:
    """The control model's norms, then those of absolute values, which only inform; made once per process."""
    groups = grouped_rows()
    modelled = (
        _modelled(region, metabolite, field_t, groups.get((region, metabolite, "tCr", field_t), []))
        for region in control_model().regions
        for metabolite in METABOLITES
        for field_t in FIELDS
    )
    known = {region.name for region in regions()}
    absolute = (pooled_norm(*key, rows) for key, rows in groups.items() if key[0] in known and key[2] != "tCr")
    return (*modelled, *absolute)


def grouped_rows() -> dict[tuple[str, str, str, float], list[StudyRow]]:
    """Study rows by region, metabolite, unit and nominal field; a field that is not stated is taken to be 3 T."""
    groups: dict[tuple[str, str, str, float], list[StudyRow]] = defaultdict(list)
    for row in study_rows():
        groups[row.region, row.metabolite, row.unit, row.field_t or USUAL_FIELD].append(row)
    return groups


@cache
def norms_by_field(region: str, metabolite: str, unit: str) -> dict[float, Norm]:
    """Norms of one region, metabolite and unit by nominal field (T); empty when there are none."""
    return {
        norm.field_t: norm
        for norm in literature_norms()
        if (norm.region, norm.metabolite, norm.unit) == (region, metabolite, unit)
    }


def _modelled(region: str, metabolite: str, field_t: float, rows: list[StudyRow]) -> Norm:
    """The control model's answer, with the studies of this region and metabolite at this field."""
    prior = control_model().prior(Cell(metabolite, region, field_t))
    people = update(prior)
    median = math.exp(people.predictive(Noise()).quantile(0.0))
    between = float(np.mean(prior.region + prior.laboratory) + np.var(prior.mean))
    pooled = (
        replace(pooled_norm(region, metabolite, "tCr", field_t, rows), cohorts=cohorts(rows))
        if rows
        else _without_studies(region, metabolite, field_t)
    )
    return replace(
        pooled,
        mean=median,
        sd_within=median * math.exp(prior.log_spread),
        laboratory_sd=median * math.sqrt(between),
        n=sum(cohort.n for cohort in pooled.cohorts),
    )


def _without_studies(region: str, metabolite: str, field_t: float) -> Norm:
    """A norm that rests on the studies of other regions and fields alone."""
    return Norm(
        id=norm_id(region, metabolite, "tCr", field_t),
        region=region,
        metabolite=metabolite,
        unit="tCr",
        field_t=field_t,
        grade="D",
        cohorts=(),
        n=0,
        mean=math.nan,
        effects=None,
        sd_within=None,
        df_within=0.0,
        sd_borrowed=True,
        age_mean=None,
    )
