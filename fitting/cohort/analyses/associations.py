"""Chemistry against perception within one group: correlations, partial ones, slopes, and what error has cost."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Literal

import numpy as np
from scipy import stats

from fitting.cohort.analyses.association_sentence import statement
from fitting.cohort.cohort import Cohort
from fitting.cohort.covariates import covariate_columns
from fitting.cohort.findings import Caution, CohortAnalysis, Family, Findings, Item, refused, with_q
from fitting.cohort.group_difference import LEAST_RELIABILITY
from fitting.cohort.planning.plan import PlanSection
from fitting.cohort.sample import Sample
from fitting.cohort.tables.table import Place
from fitting.reason import Reason
from fitting.statistics.correlation import Method, correlate, permuted_p, residuals
from fitting.units import FloatArray

FEWEST = 8
"""People in a group."""
PERMUTED_BELOW = 12
"""People below which p is given by permutation too."""
BOOTSTRAPS = 4000
ALL = "all"


@dataclass(frozen=True, slots=True)
class AssociationsSettings:
    """``[associations]``: metabolites against measures of people, within each group."""

    measures: tuple[str, ...]
    metabolites: tuple[str, ...] | None = None
    methods: tuple[Literal["pearson", "spearman"], ...] = ("pearson", "spearman")
    groups: tuple[str, ...] | Literal["all"] | None = None
    """Groups, each for itself; ``all`` together is refused, for a group difference in both would correlate them."""
    beyond: tuple[tuple[str, str], ...] = ()
    """Pairs [a, b]: the correlation with a is also given with b and the plan's covariates held constant."""
    slopes: bool = False
    regions: tuple[str, ...] | None = None
    hemispheres: tuple[str, ...] | None = None
    scale_reliability: Mapping[str, float] = field(default_factory=dict)
    """Reliability of a measure, 0 to 1; 1 where it is not stated."""


@dataclass(frozen=True, slots=True)
class _Pair:
    """What one correlation is of."""

    sample: Sample
    measure: str
    group: str
    given: tuple[str, ...]

    def item(self) -> Item:
        return {**self.sample.item(), "measure": self.measure, "group": self.group, "given": sorted(self.given)}


def run(cohort: Cohort, settings: Sequence[AssociationsSettings]) -> Findings:
    """Every measure with every metabolite in every place and group, by every method."""
    asked = settings[0]
    items: list[Item] = [
        _no_region(name, measure) for name in cohort.missing_regions(asked.regions) for measure in asked.measures
    ]
    for group in _groups(cohort, asked):
        for place in cohort.places(asked.regions, asked.hemispheres):
            for metabolite in cohort.metabolites(place, asked.metabolites):
                items += _of_metabolite(cohort, asked, place, metabolite, group)
    with_q(items)
    tested = tuple(item for item in items if "p" in item)
    return Findings(tuple(items), tuple(_cautions(cohort, asked, tested)), (Family("associations", tested),))


def _groups(cohort: Cohort, asked: AssociationsSettings) -> tuple[str, ...]:
    if asked.groups == ALL or (isinstance(asked.groups, tuple) and ALL in asked.groups):
        return (ALL,)
    return tuple(asked.groups) if asked.groups else cohort.groups


def _no_region(name: str, measure: str) -> Item:
    reason = Reason("no-such-region", f"No spectrum is of the region '{name}'.")
    return refused({"region": name, "hemisphere": None, "measure": measure}, reason)


def _of_metabolite(
    cohort: Cohort, asked: AssociationsSettings, place: Place, metabolite: str, group: str
) -> Iterator[Item]:
    sample = cohort.sample(place, metabolite)
    for measure in asked.measures:
        for given in _given(cohort, asked, measure):
            for method in asked.methods:
                base: Item = {
                    **place.item(),
                    "metabolite": metabolite,
                    "measure": measure,
                    "group": group,
                    "given": sorted(given),
                    "method": method,
                }
                if isinstance(sample, Reason):
                    yield refused(base, sample)
                else:
                    yield _answered(cohort, asked, _Pair(sample, measure, group, given), method)


def _given(cohort: Cohort, asked: AssociationsSettings, measure: str) -> tuple[tuple[str, ...], ...]:
    """Nothing; each measure to look beyond, with the covariates; the covariates alone."""
    covariates = tuple(name for name in cohort.covariates if name != measure)
    every: list[tuple[str, ...]] = [()]
    if covariates:
        every.append(covariates)
    for first, second in asked.beyond:
        if first == measure and second not in covariates:
            every.append((*covariates, second))
    return tuple({frozenset(given): given for given in every}.values())


def _answered(cohort: Cohort, asked: AssociationsSettings, pair: _Pair, method: Method) -> Item:
    base = {**pair.item(), "method": method}
    if pair.group == ALL:
        return refused(
            base,
            Reason(
                "correlation-over-groups",
                "A difference between groups in both makes a correlation out of nothing; ask for each group by itself.",
            ),
        )
    found = prepared(cohort, pair.sample, pair.measure, pair.group, pair.given)
    if isinstance(found, Reason):
        return refused(base, found)
    sample, scores, given = found
    correlation = correlate(sample.value, scores, given, method)
    item: Item = {
        **base,
        "n": correlation.n,
        "r": correlation.r,
        "low": correlation.low,
        "high": correlation.high,
        "p": correlation.p,
    }
    if sample.n < PERMUTED_BELOW:
        item["p_permutation"] = _permuted(cohort, sample, scores, given, method)
    if method == "pearson":
        item |= _with_errors(sample, given, correlation.r, asked.scale_reliability.get(pair.measure, 1.0))
        item |= _slope(cohort, sample, scores, given, item.get("reliability"), corrected=asked.slopes)
    return item


def prepared(
    cohort: Cohort, sample: Sample, measure: str, group: str, given: Sequence[str]
) -> tuple[Sample, FloatArray, FloatArray] | Reason:
    """People of one group with value, measure and everything held constant, or why there is no correlation."""
    if measure not in cohort.table.person_columns:
        return Reason("missing-column", f"The participants have no column {measure}.")
    lacking = [name for name in given if name not in (*cohort.table.person_columns, *cohort.table.spectrum_columns)]
    if lacking:
        return Reason("missing-column", f"The participants have no column {lacking[0]}.")
    members = sample.only(sample.in_group(group))
    kept = cohort.with_covariates(members, (measure, *given))
    if kept.n < FEWEST:
        return Reason(
            "too-few-people",
            f"{sample.words} and {measure}: {kept.n} people of {group} have both; at least {FEWEST} are needed.",
        )
    if not np.all(kept.detected):
        return Reason(
            "not-detected",
            f"{sample.words} is below its bound in {int(np.sum(~kept.detected))} people of {group}; a "
            "correlation would "
            "take bounds for values.",
        )
    scores = [person.facts[measure] for person in kept.people]
    if not all(isinstance(score, float) for score in scores):
        return Reason("missing-column", f"The column {measure} holds words, not numbers.")
    numbers = np.array(scores, dtype=np.float64)
    return _with_given(kept, numbers, given, measure)


def _with_given(
    sample: Sample, scores: FloatArray, given: Sequence[str], measure: str
) -> tuple[Sample, FloatArray, FloatArray] | Reason:
    columns = covariate_columns(sample, given)
    if isinstance(columns, Reason):
        return columns
    if sample.n - 3 - columns.matrix.shape[1] < 1:
        return Reason("too-many-covariates", f"{sample.n} people are too few for {', '.join(columns.names)}.")
    left = [residuals(sample.value, columns.matrix), residuals(scores, columns.matrix)]
    for values, name, original in zip(left, (sample.words, measure), (sample.value, scores), strict=True):
        scale = float(np.ptp(original))
        if scale == 0.0 or float(np.max(np.abs(values))) < 1e-9 * scale:
            return Reason("no-variation", f"{name} does not vary among these people; nothing can go together.")
    return sample, scores, columns.matrix


def _permuted(cohort: Cohort, sample: Sample, scores: FloatArray, given: FloatArray, method: Method) -> float:
    first, second = sample.value, scores
    if method == "spearman":
        first, second = stats.rankdata(first), stats.rankdata(second)
        given = np.column_stack([stats.rankdata(column) for column in given.T]) if given.shape[1] else given
    return permuted_p(residuals(first, given), residuals(second, given), cohort.orders(sample.ids))


def _with_errors(sample: Sample, given: FloatArray, r: float, scale_reliability: float) -> Item:
    """Reliability of the value among these people, the largest r that errors allow, and r without them.

    λ = 1 − mean(sd²)/var, with the residual variance where something is held constant.
    """
    if not sample.has_errors:
        return {}
    left = residuals(sample.value, given)
    variance = float(left @ left) / (sample.n - 1 - given.shape[1])
    reliability = min(max(1.0 - sample.noise / variance, 0.0), 1.0)
    item: Item = {
        "reliability": reliability,
        "reliability_is_bound": sample.sd_is_bound,
        "ceiling": math.sqrt(reliability * scale_reliability),
    }
    if reliability >= LEAST_RELIABILITY:
        item["r_true"] = min(max(r / math.sqrt(reliability), -1.0), 1.0)
    else:
        item["r_true_absent"] = _unreliable(reliability)
    return item


def _unreliable(reliability: float) -> Item:
    sentence = (
        f"Reliability {reliability:.2f} is below {LEAST_RELIABILITY}; what measurement error has cost cannot be told."
    )
    return {"code": "unreliable", "sentence": sentence}


def _slope(
    cohort: Cohort,
    sample: Sample,
    scores: FloatArray,
    given: FloatArray,
    reliability: float | None,
    *,
    corrected: bool,
) -> Item:
    """Slope of the measure on the value; without measurement error by the method of moments (Fuller 1987)."""
    left, right = residuals(sample.value, given), residuals(scores, given)
    slope = float(left @ right / (left @ left))
    item: Item = {"slope": slope}
    if not corrected or reliability is None:
        return item
    if reliability < LEAST_RELIABILITY:
        item["slope_true_absent"] = _unreliable(reliability)
        return item
    item["slope_true"] = slope / reliability
    low, high = _bootstrapped(cohort, sample, scores, given)
    return {**item, "slope_true_low": low, "slope_true_high": high}


def _bootstrapped(cohort: Cohort, sample: Sample, scores: FloatArray, given: FloatArray) -> tuple[float, float]:
    """Percentile bootstrap of people of the corrected slope."""
    generator = cohort.generator(f"slope {sample.words}")
    drawn = generator.integers(0, sample.n, (BOOTSTRAPS, sample.n))
    x, y, noise = sample.value[drawn], scores[drawn], np.mean(sample.sd[drawn] ** 2, axis=1)
    design = np.concatenate([np.ones((BOOTSTRAPS, sample.n, 1)), given[drawn]], axis=2)
    both = np.stack([x, y], axis=2)
    gram = np.matmul(design.transpose(0, 2, 1), design)
    solved = np.matmul(np.linalg.pinv(gram), np.matmul(design.transpose(0, 2, 1), both))
    left = both - np.matmul(design, solved)
    squares, products = np.sum(left[:, :, 0] ** 2, axis=1), np.sum(left[:, :, 0] * left[:, :, 1], axis=1)
    variance = squares / (sample.n - design.shape[2])
    reliability = np.clip(1.0 - noise / variance, 1e-6, 1.0)
    low, high = np.percentile(products / squares / reliability, [2.5, 97.5])
    return float(low), float(high)


def _cautions(cohort: Cohort, asked: AssociationsSettings, items: Sequence[Item]) -> Iterator[Caution]:
    for item in items:
        if "ceiling" in item and abs(item["r"]) > item["ceiling"]:
            where = f"{item['metabolite']} in the {item['region']} with {item['measure']} ({item['group']})"
            yield Caution(
                "above-ceiling",
                f"{where}: r = {item['r']:.2f} is stronger than the errors of both measures allow "
                f"({item['ceiling']:.2f}); look at influential people and at how the scale was scored.",
                where,
            )
    beyond = {second for first, second in asked.beyond if first == "duration_months"}
    if "duration_months" in asked.measures and "age_years" not in {*cohort.covariates, *beyond}:
        yield Caution(
            "duration-with-age",
            "Duration of pain and age go together; hold age_years constant to tell them apart.",
            "duration_months",
        )


ASSOCIATIONS = CohortAnalysis(
    PlanSection("associations", AssociationsSettings),
    answer="associations",
    title="Associations",
    method="Correlations were computed within each group{given}, with intervals by Fisher's z.",
    run=run,
    statement=statement,
    estimate=("r", "low", "high", "r_true", "", ""),
)
