"""Left against right of each person, within groups and between them."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

import numpy as np
from scipy import special

from fitting.cohort.cohort import Cohort
from fitting.cohort.covariates import Columns, covariate_columns, group_design
from fitting.cohort.findings import CohortAnalysis, Family, Findings, Item, refused, with_q
from fitting.cohort.group_difference import short_fields
from fitting.cohort.phrases import percent, probability
from fitting.cohort.planning.plan import PlanSection
from fitting.cohort.sample import Sample, aligned, mean_facts
from fitting.cohort.tables.foreign_names import metabolite_of
from fitting.cohort.tables.table import Place
from fitting.reason import Reason
from fitting.statistics.distributions import t_limit, two_sided_p
from fitting.statistics.least_squares import fit
from fitting.units import FloatArray

FEWEST = 6
"""People with both sides in each group."""
PAIN_SIDE = "pain_side"


@dataclass(frozen=True, slots=True)
class LateralitySettings:
    """``[laterality]``: ln(left/right) of each person."""

    regions: tuple[str, ...] | None = None
    metabolites: tuple[str, ...] | None = None
    equivalence_percent: float | None = None


def run(cohort: Cohort, settings: Sequence[LateralitySettings]) -> Findings:
    """Every metabolite of every region that was measured on both sides."""
    asked = settings[0]
    items: list[Item] = [
        refused({"region": name}, Reason("no-such-region", f"No spectrum is of the region '{name}'."))
        for name in cohort.missing_regions(asked.regions)
    ]
    places = cohort.places(asked.regions)
    whole = dict.fromkeys((place.region, place.subregion) for place in places)
    for region, subregion in whole:
        sides = [Place(region, side, subregion) for side in ("left", "right")]
        if not all(side in places for side in sides):
            items.append(
                refused({"region": region}, Reason("no-such-region", f"{region} was not measured on both sides."))
            )
            continue
        shared = [set(cohort.metabolites(side, asked.metabolites)) for side in sides]
        names = [name for name in cohort.metabolites(sides[0], asked.metabolites) if name in shared[1]]
        for metabolite in names:
            items += _of_metabolite(cohort, asked, sides, metabolite_of(metabolite))
    with_q(items)
    return Findings(tuple(items), (), (Family("laterality", tuple(item for item in items if "p" in item)),))


def _of_metabolite(
    cohort: Cohort, asked: LateralitySettings, sides: Sequence[Place], metabolite: str
) -> Iterator[Item]:
    base: Item = {"region": sides[0].region, "metabolite": metabolite}
    if sides[0].subregion:
        base["subregion"] = sides[0].subregion
    found = [cohort.sample(side, metabolite) for side in sides]
    reason = next((item for item in found if isinstance(item, Reason)), None)
    if reason is not None:
        yield refused(base, reason)
        return
    left, right = aligned([item for item in found if isinstance(item, Sample)])
    for other in cohort.others:
        item = {**base, **({"group": other} if len(cohort.others) > 1 else {})}
        yield _answered(cohort, asked, item, (left, right), other)


def _answered(cohort: Cohort, asked: LateralitySettings, base: Item, sides: tuple[Sample, Sample], other: str) -> Item:
    reference = cohort.reference or ""
    members = sides[0].in_group(reference) | sides[0].in_group(other)
    left, right = (side.only(members) for side in sides)
    problem = _problem(left, right, reference, other)
    if problem is not None:
        return refused(base, problem)
    ratio = np.log(left.value / right.value)
    sample = _ratio_sample(left, right, ratio)
    plain = group_design(sample, other, Columns((), np.empty((sample.n, 0))))
    if isinstance(plain, Reason):
        return refused(base, plain)
    item = {
        **base,
        "n_reference": int(np.sum(sample.in_group(reference))),
        "n_other": int(np.sum(sample.in_group(other))),
        "reference": _within(ratio, left, right, reference),
        "other": _within(ratio, left, right, other),
        **short_fields(plain, ratio),
    }
    if asked.equivalence_percent is not None:
        fitted = fit(plain, ratio)
        margin = math.log1p(asked.equivalence_percent / 100.0)
        p = float(special.stdtr(plain.df, (abs(fitted.difference) - margin) / fitted.se))
        item["equivalence"] = {"margin": margin, "p": p, "equivalent": p < cohort.plan.common.alpha}
    if cohort.covariates:
        item["adjusted"] = _adjusted(cohort, sample, other)
    towards = _towards_pain(sample, ratio, other)
    if towards is not None:
        item["ipsi_contra"] = towards
    return item


def _problem(left: Sample, right: Sample, reference: str, other: str) -> Reason | None:
    for group in (reference, other):
        count = int(np.sum(left.in_group(group)))
        if count < FEWEST:
            return Reason("too-few-people", f"{count} people of {group} have both sides; at least {FEWEST} are needed.")
    if not (np.all(left.detected) and np.all(right.detected)):
        return Reason(
            "not-detected", f"{left.metabolite} is below its bound on a side; a ratio of bounds says nothing."
        )
    if min(left.value.min(), right.value.min()) <= 0.0:
        return Reason("mean-not-positive", f"{left.metabolite} is not positive in all people; it has no logarithm.")
    if np.ptp(np.log(left.value / right.value)) == 0.0:
        return Reason("no-variation", "The ratio of the sides is the same for all people.")
    return None


def _ratio_sample(left: Sample, right: Sample, ratio: FloatArray) -> Sample:
    """The ratio of each person, with facts of spectra as the mean of both voxels."""
    return replace(left, value=ratio, facts=mean_facts((left, right)))


def _within(ratio: FloatArray, left: Sample, right: Sample, group: str) -> Item:
    """Mean and t interval in one group, and the correlation of the sides."""
    members = left.in_group(group)
    values = ratio[members]
    se = float(values.std(ddof=1)) / math.sqrt(values.size)
    mean, df = float(values.mean()), values.size - 1.0
    reach = t_limit(df) * se
    r = float(np.corrcoef(left.value[members], right.value[members])[0, 1])
    p = two_sided_p(mean / se, df) if se > 0.0 else None
    return {"n": int(values.size), "mean": mean, "low": mean - reach, "high": mean + reach, "p": p, "r": r}


def _adjusted(cohort: Cohort, sample: Sample, other: str) -> Item:
    kept = cohort.with_covariates(sample, cohort.covariates)
    columns = covariate_columns(kept, cohort.covariates)
    design = columns if isinstance(columns, Reason) else group_design(kept, other, columns)
    return refused({}, design) if isinstance(design, Reason) else short_fields(design, kept.value)


def _towards_pain(sample: Sample, ratio: FloatArray, other: str) -> Item | None:
    """ln(ipsilateral/contralateral) of people whose pain has a side; None where no column says it."""
    signs = np.array(
        [{"left": 1.0, "right": -1.0}.get(str(person.facts.get(PAIN_SIDE)), 0.0) for person in sample.people]
    )
    members = sample.in_group(other) & (signs != 0.0)
    if int(np.sum(members)) < FEWEST:
        return None
    values = (ratio * signs)[members]
    se = float(values.std(ddof=1)) / math.sqrt(values.size)
    mean, df = float(values.mean()), values.size - 1.0
    reach = t_limit(df) * se
    return {
        "n": int(values.size),
        "mean": mean,
        "low": mean - reach,
        "high": mean + reach,
        "p": two_sided_p(mean / se, df),
    }


def statement(item: Item, context: Item) -> str | None:
    """What may be said of one item of ``laterality``; None where it was refused."""
    if "difference" not in item:
        return None
    change = [100.0 * math.expm1(item[name]) for name in ("difference", "low", "high")]
    amount = f"{percent(change[0])} %, {percent(change[1])} to {percent(change[2])} %; q = {probability(item['q'])}"
    other = item.get("group") or context["other"]
    if item["q"] < 0.05:
        return (
            f"{item['metabolite']} in {item['region']}: left against right differs between {other} and "
            f"{context['reference']} ({amount})."
        )
    return (
        f"{item['metabolite']} in {item['region']}: no difference between {other} and {context['reference']} "
        "in left against "
        f"right was shown ({amount})."
    )


LATERALITY = CohortAnalysis(
    PlanSection("laterality", LateralitySettings),
    answer="laterality",
    title="Left and right",
    method="Sides were compared as ln(left/right) of each person.",
    run=run,
    statement=statement,
    estimate=("difference", "low", "high", "", "", ""),
)
