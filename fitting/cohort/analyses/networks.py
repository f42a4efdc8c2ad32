"""Correlations among metabolites within a region, across regions or between sides: do groups differ in them."""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Literal

import numpy as np

from fitting.cohort.analyses.network_correlations import ASSUMED_TCR_CV, FEWEST_FOR_VERDICT, Network, compared
from fitting.cohort.cohort import Cohort
from fitting.cohort.covariates import Columns, covariate_columns
from fitting.cohort.findings import Caution, CohortAnalysis, Family, Findings, Item, refused, with_q
from fitting.cohort.phrases import number, probability
from fitting.cohort.planning.plan import PlanSection
from fitting.cohort.sample import Sample, aligned, mean_facts
from fitting.cohort.session_values import ABSOLUTE, REFERENCE
from fitting.cohort.tables.foreign_names import metabolite_of
from fitting.cohort.tables.table import Place
from fitting.reason import Reason

FEWEST = 9
"""People in each group."""


@dataclass(frozen=True, slots=True)
class NetworkSettings:
    """``[[network]]``: one network, or with ``each`` one for every region."""

    name: str
    region: str | None = None
    hemisphere: str | None = None
    hemispheres: tuple[str, ...] | None = None
    metabolites: tuple[str, ...] | None = None
    each: Literal["region"] | None = None
    """A network of metabolites in every region and side."""
    across: Literal["regions"] | None = None
    """A network of one metabolite across regions."""
    between: Literal["hemispheres"] | None = None
    """Metabolites of the left side against those of the right."""


def run(cohort: Cohort, settings: Sequence[NetworkSettings]) -> Findings:
    """Every network of the plan, each other group against the reference."""
    items: list[Item] = []
    cautions: list[Caution] = []
    for asked in settings:
        for network in _networks(cohort, asked):
            if isinstance(network, Network):
                for other in cohort.others:
                    item, caution = _answered(cohort, network, other)
                    items.append(item)
                    cautions += caution
            else:
                items.append(network)
    tests: list[Item] = []
    for item in items:
        for name in ("strength", "structure"):
            if f"p_{name}" in item:
                tests.append({"p": item[f"p_{name}"], "item": item, "name": f"q_{name}"})
    with_q(tests)
    for test in tests:
        test["item"][test["name"]] = test["q"]
    return Findings(tuple(items), tuple(cautions), (Family("networks", tuple(tests)),))


def _networks(cohort: Cohort, asked: NetworkSettings) -> Iterator[Network | Item]:
    regions = None if asked.region is None else (asked.region,)
    sides = asked.hemispheres or (None if asked.hemisphere is None else (asked.hemisphere,))
    if cohort.missing_regions(regions):
        yield refused({"name": asked.name}, Reason("no-such-region", f"No spectrum is of the region '{asked.region}'."))
        return
    places = cohort.places(regions, sides)
    if asked.between is not None:
        yield from _between_sides(cohort, asked, places)
    elif asked.across is not None:
        for metabolite in asked.metabolites or ("tNAA",):
            several = asked.metabolites is not None and len(asked.metabolites) > 1
            name = f"{asked.name}: {metabolite}" if several else asked.name
            found = tuple((place, metabolite_of(metabolite)) for place in places)
            yield Network(name, found, tuple(place.words for place in places), _pairs(len(found)))
    else:
        single = asked.each is None and len(places) == 1
        for place in places:
            names = cohort.metabolites(place, asked.metabolites)
            known = tuple(name for name in names if isinstance(cohort.sample(place, name), Sample))
            name = asked.name if single else f"{asked.name}: {place.words}"
            yield Network(name, tuple((place, item) for item in known), known, _pairs(len(known)))


def _between_sides(cohort: Cohort, asked: NetworkSettings, places: Sequence[Place]) -> Iterator[Network | Item]:
    both = [
        (place, Place(place.region, "right", place.subregion))
        for place in places
        if place.hemisphere == "left" and Place(place.region, "right", place.subregion) in places
    ]
    if not both:
        yield refused({"name": asked.name}, Reason("no-such-region", "No region was measured on both sides."))
    for left, right in both:
        names = cohort.metabolites(left, asked.metabolites)
        columns = tuple((side, name) for side in (left, right) for name in names)
        labels = tuple(f"{side.hemisphere} {name}" for side, name in columns)
        edges = tuple((a, len(names) + b) for a in range(len(names)) for b in range(len(names)))
        name = asked.name if len(both) == 1 else f"{asked.name}: {left.region}"
        yield Network(name, columns, labels, edges)


def _pairs(count: int) -> tuple[tuple[int, int], ...]:
    return tuple(itertools.combinations(range(count), 2))


def _answered(cohort: Cohort, network: Network, other: str) -> tuple[Item, list[Caution]]:
    base: Item = {"name": network.name, "columns": list(network.labels)}
    if len(cohort.others) > 1:
        base["group"] = other
    samples = _samples(cohort, network, other)
    if isinstance(samples, Reason):
        return refused(base, samples), []
    prepared = _prepared(cohort, samples, other)
    if isinstance(prepared, Reason):
        return refused(base, prepared), []
    kept, columns = prepared
    item = {**base, "unit": kept[0].unit, **compared(cohort, kept, columns, network, other)}
    if kept[0].unit != REFERENCE:
        return item, []
    item["assumed_tcr_cv"] = ASSUMED_TCR_CV
    sentence = (
        f"{network.name}: ratios over the same tCr correlate by construction; beside each edge stands the correlation "
        f"expected of independent metabolites when tCr varies by {100 * ASSUMED_TCR_CV:.0f} % between people."
    )
    return item, [Caution("common-denominator", sentence, network.name)]


def _samples(cohort: Cohort, network: Network, other: str) -> tuple[Sample, ...] | Reason:
    """Values of every column in the same people: concentrations where they are at hand, else the plan's unit."""
    if len(network.columns) < 2:
        return Reason("missing-column", f"{network.name}: fewer than two of its columns are in the table.")
    for unit in (*(ABSOLUTE if cohort.plan.common.unit == REFERENCE else ()), None):
        found = [cohort.sample(place, metabolite, unit=unit) for place, metabolite in network.columns]
        samples = [item for item in found if isinstance(item, Sample)]
        if len(samples) == len(found):
            members = [item.only(item.in_group(cohort.reference or "") | item.in_group(other)) for item in samples]
            return aligned(members)
    return next(item for item in found if isinstance(item, Reason))


def _prepared(cohort: Cohort, samples: Sequence[Sample], other: str) -> tuple[tuple[Sample, ...], Columns] | Reason:
    """Samples of the people with all covariates, those of voxels as their mean, and the covariates' columns."""
    facts = mean_facts(samples)
    carrier = replace(samples[0], facts=facts)
    kept = cohort.with_covariates(carrier, cohort.covariates)
    chosen = np.array([person in set(kept.ids) for person in carrier.ids], dtype=bool)
    reduced = tuple(sample.only(chosen) for sample in samples)
    for group in (cohort.reference or "", other):
        count = int(np.sum(kept.in_group(group)))
        if count < FEWEST:
            return Reason(
                "too-few-people", f"{count} people of {group} have every column; at least {FEWEST} are needed."
            )
    for sample in reduced:
        if not np.all(sample.detected):
            return Reason(
                "not-detected",
                f"{sample.words} is below its bound in some; a correlation would take bounds for values.",
            )
        for group in (cohort.reference or "", other):
            if np.ptp(sample.value[sample.in_group(group)]) == 0.0:
                return Reason("no-variation", f"{sample.words} is the same for all people of {group}.")
    columns = covariate_columns(kept, cohort.covariates)
    if isinstance(columns, Reason):
        return columns
    smallest = min(int(np.sum(kept.in_group(group))) for group in (cohort.reference or "", other))
    if smallest - 3 - columns.matrix.shape[1] < 1:
        return Reason(
            "too-many-covariates", f"{smallest} people in a group are too few for {', '.join(columns.names)}."
        )
    return reduced, columns


def statement(item: Item, context: Item) -> str | None:
    """What may be said of one network; None where it was refused."""
    if "p_strength" not in item:
        return None
    numbers = (
        f"mean difference of atanh r {number(item['strength'])}, p = {probability(item['p_strength'])}; mean "
        "|difference| "
        f"{number(item['structure'])}, p = {probability(item['p_structure'])}"
    )
    other = item.get("group") or context["other"]
    if not item["verdict_given"]:
        return (
            f"{item['name']}: {numbers}. Fewer than {FEWEST_FOR_VERDICT} people in a group: edges are "
            f"given without a verdict."
        )
    found = min(item["q_strength"], item["q_structure"]) < 0.05
    differ = "differ" if found else "are not shown to differ"
    return f"{item['name']}: correlations {differ} between {other} and {context['reference']} ({numbers})."


NETWORKS = CohortAnalysis(
    PlanSection("network", NetworkSettings, repeated=True),
    answer="networks",
    title="Networks",
    method="Correlation networks were compared by permuting people standardised within their group ({permutations}) "
    "and by Jennrich's test in its original form.",
    run=run,
    statement=statement,
)
