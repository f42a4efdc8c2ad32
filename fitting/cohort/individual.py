"""What figures of single people show: their values without pseudonyms, sorted, so that no person can be recognised."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np

from fitting.cohort.analyses.associations import prepared
from fitting.cohort.cohort import Cohort
from fitting.cohort.findings import Item
from fitting.cohort.inputs import CohortInputs
from fitting.cohort.sample import Sample, aligned
from fitting.cohort.tables.table import Place, SpectraTable
from fitting.reason import Reason
from fitting.statistics.correlation import residuals
from fitting.statistics.distributions import t_limit
from fitting.units import FloatArray

LINE_POINTS = 21
"""Places at which a line and its band are given."""


def individual(inputs: CohortInputs) -> Item:
    """Values of people by group, pairs of value and score, values before and after, mean spectra.

    Raises
    ------
    FittingError
        When tables and plan do not belong together.
    """
    cohort = Cohort(inputs.table, inputs.plan, inputs.spectra, inputs.studies)
    return {
        "levels": list(_levels(cohort)),
        "associations": list(_associations(cohort)),
        "laterality": list(_sides(cohort)),
        "treatment": list(_treatment(cohort)),
        "spectra": [item for table in cohort.spectra.values() for item in _spectra(cohort, table)],
    }


def _section(cohort: Cohort, key: str) -> Any:
    settings = cohort.plan.sections.get(key, ())
    return settings[0] if settings else None


def _samples(cohort: Cohort, asked: Any) -> Iterator[Sample]:
    for place in cohort.places(asked.regions, getattr(asked, "hemispheres", None)):
        for metabolite in cohort.metabolites(place, asked.metabolites):
            sample = cohort.sample(place, metabolite)
            if isinstance(sample, Sample):
                yield sample


def _levels(cohort: Cohort) -> Iterator[Item]:
    asked = _section(cohort, "levels")
    for sample in _samples(cohort, asked) if asked is not None else ():
        groups = [_group(sample.only(sample.in_group(group)), group) for group in cohort.groups]
        yield {**sample.item(), "words": sample.words, "groups": [group for group in groups if group["values"]]}


def _group(sample: Sample, group: str) -> Item:
    order = np.argsort(sample.value, kind="stable")
    item: Item = {
        "group": group,
        "values": [
            {"value": float(sample.value[k]), "sd": _known(sample.sd[k]), "detected": bool(sample.detected[k])}
            for k in order
        ],
    }
    if sample.n > 1 and np.all(sample.detected):
        reach = t_limit(sample.n - 1.0) * float(sample.value.std(ddof=1)) / sample.n**0.5
        mean = float(sample.value.mean())
        item |= {"mean": mean, "low": mean - reach, "high": mean + reach}
    return item


def _known(value: float) -> float | None:
    return float(value) if np.isfinite(value) else None


def _associations(cohort: Cohort) -> Iterator[Item]:
    asked = _section(cohort, "associations")
    if asked is None or asked.groups == "all":
        return
    for sample in _samples(cohort, asked):
        for group in asked.groups or cohort.groups:
            for measure in asked.measures:
                raw = prepared(cohort, sample, measure, group, ())
                if isinstance(raw, Reason):
                    continue
                kept, scores, _ = raw
                item = {**sample.item(), "words": sample.words, "measure": measure, "group": group}
                yield {**item, **_scatter(kept.value, scores, kept.sd), **_partial(cohort, sample, measure, group)}


def _scatter(values: FloatArray, scores: FloatArray, sd: FloatArray | None = None) -> Item:
    order = np.argsort(values, kind="stable")
    points = [
        {"value": float(values[k]), "score": float(scores[k]), "sd": None if sd is None else _known(sd[k])}
        for k in order
    ]
    return {"points": points, "line": _line(values, scores)}


def _line(values: FloatArray, scores: FloatArray) -> list[Item]:
    """Regression line of score on value with the pointwise 95 % band of its mean."""
    spread = float(np.sum((values - values.mean()) ** 2))
    if spread <= 0.0:
        return []
    slope = float(np.sum((values - values.mean()) * (scores - scores.mean()))) / spread
    rest = scores - scores.mean() - slope * (values - values.mean())
    df = values.size - 2.0
    places = np.linspace(values.min(), values.max(), LINE_POINTS)
    middle = scores.mean() + slope * (places - values.mean())
    error = np.sqrt(np.sum(rest**2) / df * (1.0 / values.size + (places - values.mean()) ** 2 / spread))
    reach = t_limit(df) * error
    return [
        {"value": float(x), "score": float(y), "low": float(y - r), "high": float(y + r)}
        for x, y, r in zip(places, middle, reach, strict=True)
    ]


def _partial(cohort: Cohort, sample: Sample, measure: str, group: str) -> Item:
    """The same of residuals, where the plan has covariates."""
    given = tuple(name for name in cohort.covariates if name != measure)
    found = prepared(cohort, sample, measure, group, given) if given else None
    if found is None or isinstance(found, Reason):
        return {}
    kept, scores, columns = found
    return {"given": list(given), "partial": _scatter(residuals(kept.value, columns), residuals(scores, columns))}


def _sides(cohort: Cohort) -> Iterator[Item]:
    asked = _section(cohort, "laterality")
    if asked is None:
        return
    lefts = [sample for sample in _samples(cohort, asked) if sample.place.hemisphere == "left"]
    rights = {
        (sample.place.region, sample.place.subregion, sample.metabolite): sample
        for sample in _samples(cohort, asked)
        if sample.place.hemisphere == "right"
    }
    for left in lefts:
        other = rights.get((left.place.region, left.place.subregion, left.metabolite))
        if other is None:
            continue
        both = aligned((left, other))
        groups = [{"group": group, "pairs": _pairs(both[0], both[1], group)} for group in cohort.groups]
        yield {**left.item(), "hemisphere": None, "groups": [item for item in groups if item["pairs"]]}


def _pairs(first: Sample, second: Sample, group: str) -> list[list[float]]:
    members = first.in_group(group)
    found = zip(first.value[members], second.value[members], strict=True)
    return sorted([float(one), float(two)] for one, two in found)


def _treatment(cohort: Cohort) -> Iterator[Item]:
    asked = _section(cohort, "treatment")
    if asked is None or asked.arm not in cohort.table.person_columns:
        return
    for sample in _samples(cohort, asked):
        pair = [cohort.sample(sample.place, sample.metabolite, session=name) for name in (asked.before, asked.after)]
        known = [item for item in pair if isinstance(item, Sample)]
        if len(known) == 2:
            before, after = aligned(known)
            yield {
                **sample.item(),
                "words": sample.words,
                "reference": cohort.reference,
                "arms": [*_arms(cohort, asked, before, after)],
            }


def _arms(cohort: Cohort, asked: Any, before: Sample, after: Sample) -> Iterator[Item]:
    reference = before.in_group(cohort.reference or "")
    in_arm = np.array([str(person.facts.get(asked.arm)) for person in before.people])
    members = {name: ~reference & (in_arm == name) for name in (asked.treated, asked.untreated) if name is not None}
    for name, chosen in {**members, cohort.reference or "reference": reference}.items():
        pairs = sorted([float(a), float(b)] for a, b in zip(before.value[chosen], after.value[chosen], strict=True))
        if pairs:
            yield {"arm": name, "pairs": pairs}


def _spectra(cohort: Cohort, table: SpectraTable) -> Iterator[Item]:
    """Mean and SD of the spectra of each group in each place."""
    order = np.argsort(table.ppm)[::-1]
    for place in sorted(set(table.places), key=lambda item: item.order):
        groups = []
        for group in cohort.groups:
            rows = _rows(cohort, table, group, place)
            if len(rows) > 1:
                values = table.values[rows][:, order]
                groups.append(
                    {"group": group, "mean": values.mean(axis=0).tolist(), "sd": values.std(axis=0, ddof=1).tolist()}
                )
        if groups:
            shown = {"ppm": table.ppm[order].tolist(), "groups": groups, "examples": _examples(cohort, table, place)}
            yield {**place.item(), "words": place.words, **shown}


def _examples(cohort: Cohort, table: SpectraTable, place: Place) -> list[Item]:
    """The spectra of the highest and the lowest signal-to-noise ratio; none where it is not known."""
    rows = [row for group in cohort.groups for row in _rows(cohort, table, group, place)]
    ranked = sorted((snr, row) for row in rows if isinstance(snr := table.facts[row].get("snr"), float))
    if len(ranked) < 2:
        return []
    order = np.argsort(table.ppm)[::-1]
    return [
        {"rank": rank, "snr": snr, "values": table.values[row][order].tolist()}
        for rank, (snr, row) in (("best", ranked[-1]), ("worst", ranked[0]))
    ]


def _rows(cohort: Cohort, table: SpectraTable, group: str, place: Place) -> Sequence[int]:
    return [
        index
        for index, person in enumerate(table.people)
        if person in cohort.people and cohort.people[person].group == group and table.places[index] == place
    ]
