"""Is a ratio lower because of its numerator or its denominator: differences of mean logarithms."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from fitting.cohort.analyses.levels import FEWEST
from fitting.cohort.analyses.tcr_difference import denominator_caution, margin_percent
from fitting.cohort.cohort import Cohort
from fitting.cohort.findings import Caution, CohortAnalysis, Findings, Item, refused
from fitting.cohort.group_difference import welch
from fitting.cohort.phrases import percent
from fitting.cohort.planning.plan import PlanSection
from fitting.cohort.sample import Sample, aligned
from fitting.cohort.session_values import ABSOLUTE
from fitting.cohort.tables.foreign_names import metabolite_of
from fitting.cohort.tables.table import Place
from fitting.reason import Reason
from fitting.statistics.distributions import t_limit
from fitting.units import FloatArray


@dataclass(frozen=True, slots=True)
class DecompositionSettings:
    """``[decomposition]``: metabolites of ``[levels]`` over a reference, split into both parts."""

    reference: str = "tCr"


def run(cohort: Cohort, settings: Sequence[DecompositionSettings]) -> Findings:
    """Split each person's ln ratio = ln numerator − ln denominator, so that group differences add up exactly."""
    denominator = metabolite_of(settings[0].reference)
    levels = cohort.plan.sections.get("levels", ())
    regions, sides, metabolites = (
        (levels[0].regions, levels[0].hemispheres, levels[0].metabolites) if levels else (None, None, None)
    )
    items: list[Item] = []
    cautions: list[Caution] = []
    for place in cohort.places(regions, sides):
        names = [name for name in cohort.metabolites(place, metabolites) if name != denominator]
        for other in cohort.others:
            items += [_item(cohort, place, name, denominator, other) for name in names]
            caution = (
                denominator_caution(cohort, place, other, margin_percent(cohort)) if denominator == "tCr" else None
            )
            if caution is not None and cohort.plan.common.unit == "tCr":
                cautions.append(caution)
    return Findings(tuple(items), tuple(cautions))


def _item(cohort: Cohort, place: Place, metabolite: str, denominator: str, other: str) -> Item:
    base: Item = {**place.item(), "metabolite": metabolite, "reference": denominator}
    if len(cohort.others) > 1:
        base["group"] = other
    found = _both(cohort, place, metabolite, denominator)
    if isinstance(found, Reason):
        return refused(base, found)
    upper, lower = (sample.only(sample.in_group(cohort.reference or "") | sample.in_group(other)) for sample in found)
    problem = _problem(cohort, upper, lower, other)
    if problem is not None:
        return refused(base, problem)
    group = upper.in_group(other)
    logs = {
        "log_ratio": np.log(upper.value / lower.value),
        "log_numerator": np.log(upper.value),
        "log_denominator": np.log(lower.value),
    }
    item = {**base, "n_reference": int(np.sum(~group)), "n_other": int(np.sum(group))}
    for name, values in logs.items():
        item |= dict(_difference(name, values[~group], values[group]))
    return item


def _both(cohort: Cohort, place: Place, metabolite: str, denominator: str) -> tuple[Sample, Sample] | Reason:
    unit = None if cohort.plan.common.unit == "tCr" else cohort.plan.common.unit
    units = (unit,) if unit is not None else ABSOLUTE
    reason = Reason(
        "missing-column", f"No concentration of {metabolite} and {denominator} in the {place.words} is in the table."
    )
    for candidate in units:
        pair = [cohort.sample(place, name, unit=candidate) for name in (metabolite, denominator)]
        samples = [sample for sample in pair if isinstance(sample, Sample)]
        if len(samples) == 2:
            upper, lower = aligned(samples)
            return upper, lower
    return reason


def _problem(cohort: Cohort, upper: Sample, lower: Sample, other: str) -> Reason | None:
    for group in (cohort.reference or "", other):
        count = int(np.sum(upper.in_group(group)))
        if count < FEWEST:
            return Reason("too-few-people", f"{count} people of {group} have both; at least {FEWEST} are needed.")
    if not (np.all(upper.detected) and np.all(lower.detected)):
        return Reason("not-detected", "A value is below its bound; the logarithm of a bound says nothing.")
    if min(upper.value.min(), lower.value.min()) <= 0.0:
        return Reason("mean-not-positive", "A value is not positive, so it has no logarithm.")
    return None


def _difference(name: str, reference: FloatArray, other: FloatArray) -> Iterator[tuple[str, float]]:
    difference, se, df, _ = welch(reference, other)
    reach = t_limit(df) * se
    yield name, difference
    yield f"{name}_low", difference - reach
    yield f"{name}_high", difference + reach


def statement(item: Item, context: Item) -> str | None:
    """What may be said of one item of ``decomposition``; None where it was refused."""
    if "log_ratio" not in item:
        return None
    parts = [percent(100.0 * np.expm1(item[name])) for name in ("log_ratio", "log_numerator", "log_denominator")]
    low, high = (percent(100.0 * np.expm1(item[name])) for name in ("log_denominator_low", "log_denominator_high"))
    other = item.get("group") or context["other"]
    return (
        f"{item['metabolite']}/{item['reference']} in {item['region']} is {parts[0]} % of {other} against "
        f"{context['reference']}: "
        f"{parts[1]} % by {item['metabolite']} and {parts[2]} % ({low} to {high} %) by {item['reference']}."
    ).replace("% of", "% different in", 1)


DECOMPOSITION = CohortAnalysis(
    PlanSection("decomposition", DecompositionSettings),
    answer="decomposition",
    title="Ratio or absolute",
    method="Differences of ratios were split into those of numerator and denominator as mean logarithms.",
    run=run,
    statement=statement,
    estimate=("log_ratio", "log_ratio_low", "log_ratio_high", "", "", ""),
)
