"""Differences of two correlations: between groups, or between two measures of the same people."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from typing import Literal

from fitting.cohort.analyses.associations import prepared
from fitting.cohort.cohort import Cohort
from fitting.cohort.findings import CohortAnalysis, Family, Findings, Item, refused, with_q
from fitting.cohort.phrases import number, place_words, probability
from fitting.cohort.planning.plan import PlanSection
from fitting.cohort.tables.foreign_names import metabolite_of
from fitting.cohort.tables.table import Place
from fitting.reason import Reason
from fitting.statistics.correlation import (
    Correlation,
    CorrelationDifference,
    correlate,
    independent_difference,
    overlapping_difference,
)


@dataclass(frozen=True, slots=True)
class AssociationDifferencesSettings:
    """``[[association_differences]]``: one comparison of correlations in every place."""

    kind: Literal["groups", "measures"]
    metabolite: str
    measure: str | None = None
    """With ``groups``: the measure whose correlation is compared between groups."""
    measures: tuple[str, str] | None = None
    """With ``measures``: the two measures that are compared in one group."""
    group: str | None = None
    region: str | None = None
    hemisphere: str | None = None


def run(cohort: Cohort, settings: Sequence[AssociationDifferencesSettings]) -> Findings:
    """Every comparison in every place; Pearson correlations with nothing held constant."""
    items = [item for asked in settings for item in _asked(cohort, asked)]
    with_q(items)
    return Findings(
        tuple(items), (), (Family("association_differences", tuple(item for item in items if "p" in item)),)
    )


def _asked(cohort: Cohort, asked: AssociationDifferencesSettings) -> Iterator[Item]:
    regions = None if asked.region is None else (asked.region,)
    sides = None if asked.hemisphere is None else (asked.hemisphere,)
    for place in cohort.places(regions, sides):
        yield from (
            _between_groups(cohort, asked, place) if asked.kind == "groups" else _between_measures(cohort, asked, place)
        )


def _between_groups(cohort: Cohort, asked: AssociationDifferencesSettings, place: Place) -> Iterator[Item]:
    for other in cohort.others:
        base: Item = {**_base(asked, place), "measure": asked.measure}
        if len(cohort.others) > 1:
            base["group"] = other
        if asked.measure is None:
            yield refused(base, Reason("missing-column", 'kind = "groups" needs a measure.'))
            continue
        reference = _correlation(cohort, place, asked.metabolite, asked.measure, cohort.reference or "")
        second = _correlation(cohort, place, asked.metabolite, asked.measure, other)
        if isinstance(reference, Reason) or isinstance(second, Reason):
            yield refused(base, reference if isinstance(reference, Reason) else second)  # type: ignore[arg-type]
            continue
        found = independent_difference(reference, second)
        yield {**base, **_fields(found), "z": found.statistic, "r_reference": reference.r, "r_other": second.r}


def _between_measures(cohort: Cohort, asked: AssociationDifferencesSettings, place: Place) -> Iterator[Item]:
    group = asked.group or (cohort.others[0] if cohort.others else "")
    base: Item = {**_base(asked, place), "measures": list(asked.measures or ()), "group": group}
    if asked.measures is None:
        yield refused(base, Reason("missing-column", 'kind = "measures" needs two measures.'))
        return
    sample = cohort.sample(place, metabolite_of(asked.metabolite))
    if isinstance(sample, Reason):
        yield refused(base, sample)
        return
    first, second = asked.measures
    found = prepared(cohort, cohort.with_covariates(sample, _known(cohort, second)), first, group, ())
    other = prepared(cohort, cohort.with_covariates(sample, _known(cohort, first)), second, group, ())
    if isinstance(found, Reason) or isinstance(other, Reason):
        yield refused(base, found if isinstance(found, Reason) else other)  # type: ignore[arg-type]
        return
    kept, scores, given = found
    others = other[1]
    pairs = [correlate(kept.value, scores, given, "pearson"), correlate(kept.value, others, given, "pearson")]
    between = correlate(scores, others, given, "pearson").r
    if abs(between) > 1.0 - 1e-9:
        yield refused(base, Reason("no-variation", f"{first} and {second} are the same for all people."))
        return
    difference = overlapping_difference(pairs[0], pairs[1], between)
    yield {
        **base,
        "n": kept.n,
        **_fields(difference),
        "t": difference.statistic,
        "r_first": pairs[0].r,
        "r_second": pairs[1].r,
        "r_between": between,
    }


def _known(cohort: Cohort, measure: str) -> tuple[str, ...]:
    return (measure,) if measure in cohort.table.person_columns else ()


def _base(asked: AssociationDifferencesSettings, place: Place) -> Item:
    return {"kind": asked.kind, **place.item(), "metabolite": metabolite_of(asked.metabolite)}


def _fields(found: CorrelationDifference) -> Item:
    fields = asdict(found)
    del fields["statistic"]
    return fields


def _correlation(cohort: Cohort, place: Place, metabolite: str, measure: str, group: str) -> Correlation | Reason:
    sample = cohort.sample(place, metabolite_of(metabolite))
    if isinstance(sample, Reason):
        return sample
    found = prepared(cohort, sample, measure, group, ())
    if isinstance(found, Reason):
        return found
    kept, scores, given = found
    return correlate(kept.value, scores, given, "pearson")


def statement(item: Item, context: Item) -> str | None:
    """What may be said of one difference of correlations; None where it was refused."""
    if "p" not in item:
        return None
    value = f"{item['metabolite']} in the {place_words(item)}"
    interval = (
        f"{number(item['difference'])}, {number(item['low'])} to {number(item['high'])}; q = {probability(item['q'])}"
    )
    if item["kind"] == "groups":
        whose = f"the correlation with {item['measure']} in {context['other']} and in {context['reference']}"
    else:
        whose = f"the correlations with {item['measures'][0]} and with {item['measures'][1]} in {item['group']}"
    differs = "differ" if item["q"] < 0.05 else "are not shown to differ"
    return f"{value}: {whose} {differs} (difference of r {interval})."


ASSOCIATION_DIFFERENCES = CohortAnalysis(
    PlanSection("association_differences", AssociationDifferencesSettings, repeated=True),
    answer="association_differences",
    title="Differences of associations",
    method="Correlations were compared by Fisher's z between groups and by Williams' test between measures, with "
    "intervals after Zou.",
    run=run,
    statement=statement,
    estimate=("difference", "low", "high", "", "", ""),
)
