"""Difference of a cohort among those of published studies."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import asdict, dataclass

import numpy as np

from fitting.cohort.cohort import Cohort
from fitting.cohort.covariates import covariate_columns, group_design
from fitting.cohort.findings import Caution, CohortAnalysis, Findings, Item, refused
from fitting.cohort.phrases import number
from fitting.cohort.planning.plan import PlanSection
from fitting.cohort.tables.foreign_names import metabolite_of, same_region
from fitting.cohort.tables.table import StudyEffect
from fitting.norms.evidence import evidence
from fitting.quantification.totals import totals
from fitting.reason import Reason
from fitting.statistics.distributions import NORMAL_LIMIT, t_limit
from fitting.statistics.effect_size import standardised
from fitting.statistics.least_squares import fit
from fitting.statistics.pooling import random_effects, study_mean_interval

FEWEST_STUDIES = 3
"""Studies below which no line is pooled."""
FEW_STUDIES = 10


@dataclass(frozen=True, slots=True)
class ContextSettings:
    """``[context]``: studies of the same region and metabolite."""

    studies: str | None = None
    """A table with the columns study, g and variance, beside the plan."""
    name: str = "studies"
    region: str | None = None
    metabolite: str | None = None
    """With ``region``: this cohort's own effect and the evidence table of the region stand beside."""


def run(cohort: Cohort, settings: Sequence[ContextSettings]) -> Findings:
    """Pooled studies with the interval of the next one; this cohort is shown, not pooled."""
    asked = settings[0]
    studies = cohort.studies.get(asked.studies or "", ())
    item: Item = {
        "name": asked.name,
        "region": asked.region,
        "metabolite": asked.metabolite,
        "studies": [_row(study) for study in studies],
        "k": len(studies),
        "cohort": _own(cohort, asked),
        "evidence": _evidence(asked),
    }
    if len(studies) < FEWEST_STUDIES:
        reason = Reason("too-few-studies", f"{len(studies)} studies; a pooled line needs {FEWEST_STUDIES}.")
        return Findings((refused(item, reason),))
    effects = random_effects(np.array([study.g for study in studies]), np.sqrt([study.variance for study in studies]))
    reach = t_limit(len(studies) - 1) * effects.se
    next_low, next_high = study_mean_interval(effects, len(studies))
    item |= {
        "mean": effects.mean,
        "se": effects.se,
        "tau": effects.tau,
        "i2": effects.i2,
        "low": effects.mean - reach,
        "high": effects.mean + reach,
        "next_low": next_low,
        "next_high": next_high,
    }
    cautions: tuple[Caution, ...] = ()
    if len(studies) < FEW_STUDIES:
        sentence = (
            f"{len(studies)} studies: spread between studies and selective publication of significant ones "
            "cannot be judged "
            "from so few."
        )
        cautions = (Caution("few-studies", sentence, asked.name),)
    return Findings((item,), cautions)


def _row(study: StudyEffect) -> Item:
    reach = NORMAL_LIMIT * math.sqrt(study.variance)
    return {
        "study": study.name,
        "g": study.g,
        "variance": study.variance,
        "low": study.g - reach,
        "high": study.g + reach,
    }


def _own(cohort: Cohort, asked: ContextSettings) -> list[Item] | None:
    """Effect of this cohort in every place of the region, under the plan's covariates."""
    if asked.region is None or asked.metabolite is None:
        return None
    rows: list[Item] = []
    for place in cohort.places():
        if not same_region(asked.region, place):
            continue
        sample = cohort.sample(place, metabolite_of(asked.metabolite))
        for other in cohort.others:
            compared = sample if isinstance(sample, Reason) else cohort.compared(sample, other)
            if isinstance(compared, Reason):
                continue
            both, names = compared
            kept = cohort.with_covariates(both, names)
            columns = covariate_columns(kept, names)
            design = columns if isinstance(columns, Reason) else group_design(kept, other, columns)
            if isinstance(design, Reason) or not np.all(kept.detected):
                continue
            size = standardised(fit(design, kept.value))
            variance = ((size.high - size.low) / (2.0 * NORMAL_LIMIT)) ** 2
            rows.append(
                {**place.item(), "group": other, "g": size.g, "low": size.low, "high": size.high, "variance": variance}
            )
    return rows


def _evidence(asked: ContextSettings) -> list[Item] | None:
    """Directions that published studies of chronic pain report of the region and metabolite."""
    if asked.region is None or asked.metabolite is None:
        return None
    name = metabolite_of(asked.metabolite)
    return [asdict(finding) for finding in evidence(asked.region, frozenset({name, *totals().get(name, ())}))]


def statement(item: Item, _context: Item) -> str | None:
    """What may be said of the pooled studies; None where there are too few."""
    if "mean" not in item:
        return None
    return (
        f"{item['k']} studies pooled: g = {number(item['mean'])} ({number(item['low'])} to "
        f"{number(item['high'])}), between studies "
        f"τ = {number(item['tau'])}; the next study is expected between {number(item['next_low'])} and "
        f"{number(item['next_high'])}."
    )


CONTEXT = CohortAnalysis(
    PlanSection("context", ContextSettings),
    answer="context",
    title="Among published studies",
    method="Published effect sizes were pooled by random effects (Paule–Mandel, Hartung–Knapp).",
    run=run,
    statement=statement,
    estimate=("mean", "low", "high", "", "", ""),
)
