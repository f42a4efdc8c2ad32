"""Region by group by level: a mixed analysis of variance in which people, not chemicals or regions, are the cases."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from fitting.cohort.cohort import Cohort
from fitting.cohort.covariates import FEWEST_RESIDUAL_DF
from fitting.cohort.findings import CohortAnalysis, Family, Findings, Item, refused, with_q
from fitting.cohort.group_difference import short_fields
from fitting.cohort.phrases import number, probability
from fitting.cohort.planning.plan import PlanSection
from fitting.cohort.sample import Sample, aligned
from fitting.cohort.tables.foreign_names import metabolite_of
from fitting.cohort.tables.table import Person
from fitting.reason import Reason
from fitting.statistics.least_squares import Design
from fitting.statistics.mixed_anova import Effect, mixed_anova

FEWEST = 6
"""People in each cell."""
GROUP = "group"
WITHIN = "region"


@dataclass(frozen=True, slots=True)
class FactorialSettings:
    """``[[factorial]]``: one metabolite in all regions of each person."""

    metabolite: str
    between: tuple[str, ...] = (GROUP,)
    """Factors between people: ``group`` and columns of words, such as a ``[split]``."""
    regions: tuple[str, ...] | None = None
    hemispheres: tuple[str, ...] | None = None


def run(cohort: Cohort, settings: Sequence[FactorialSettings]) -> Findings:
    """Every design of the plan."""
    items = [_answered(cohort, asked) for asked in settings]
    tests: list[Item] = [
        effect for item in items for effect in item.values() if isinstance(effect, dict) and "F" in effect
    ]
    with_q(tests)
    return Findings(tuple(items), (), (Family("factorial", tuple(tests)),))


def _answered(cohort: Cohort, asked: FactorialSettings) -> Item:
    base: Item = {"metabolite": metabolite_of(asked.metabolite), "between": list(asked.between)}
    missing = [name for name in asked.between if name != GROUP and name not in cohort.table.person_columns]
    if missing:
        return refused(base, Reason("missing-column", f"The participants have no column {missing[0]}."))
    samples = _samples(cohort, asked)
    if isinstance(samples, Reason):
        return refused(base, samples)
    complete, left_out = _complete(cohort, samples, asked.between)
    base |= {"regions": [sample.place.words for sample in complete], "n": complete[0].n, "left_out": left_out}
    factors = [(name, [_level(person, name) for person in complete[0].people]) for name in asked.between]
    problem = _problem(complete, factors)
    if problem is not None:
        return refused(base, problem)
    values = np.column_stack([sample.value for sample in complete])
    found = mixed_anova(values, factors, WITHIN, cohort.orders(complete[0].ids))
    item = {**base, "unit": complete[0].unit, **{effect.name: _fields(effect) for effect in found.effects}}
    item["epsilon"] = found.epsilon
    item["continuous"] = [row for name in asked.between for row in _continuous(cohort, complete, name)]
    return item


def _samples(cohort: Cohort, asked: FactorialSettings) -> list[Sample] | Reason:
    missing = cohort.missing_regions(asked.regions)
    if missing:
        return Reason("no-such-region", f"No spectrum is of the region '{missing[0]}'.")
    places = cohort.places(asked.regions, asked.hemispheres)
    found = [cohort.sample(place, metabolite_of(asked.metabolite)) for place in places]
    samples = [item for item in found if isinstance(item, Sample)]
    if len(samples) < 2:
        return Reason(
            "missing-column", f"{asked.metabolite} is in fewer than two regions; there is nothing to compare."
        )
    if any(not np.all(sample.detected) for sample in samples):
        return Reason("not-detected", f"{asked.metabolite} is below its bound in some; a mean of bounds says nothing.")
    return samples


def _complete(cohort: Cohort, samples: list[Sample], between: Sequence[str]) -> tuple[tuple[Sample, ...], int]:
    """People with every region and factor, and how many were left out."""
    names = [name for name in between if name != GROUP]
    everyone = {person for sample in samples for person in sample.ids}
    shared = aligned(samples)
    kept = cohort.with_covariates(shared[0], names)
    chosen = np.array([person in set(kept.ids) for person in shared[0].ids], dtype=bool)
    return tuple(sample.only(chosen) for sample in shared), len(everyone) - kept.n


def _level(person: Person, name: str) -> str:
    return str(person.group if name == GROUP else person.facts[name])


def _problem(samples: Sequence[Sample], factors: Sequence[tuple[str, Sequence[str]]]) -> Reason | None:
    cells: dict[tuple[str, ...], int] = {}
    for labels in zip(*(labels for _, labels in factors), strict=True):
        cells[labels] = cells.get(labels, 0) + 1
    expected = int(np.prod([len(set(labels)) for _, labels in factors])) if cells else 0
    single = next((name for name, labels in factors if len(set(labels)) < 2), None)
    if single is not None:
        return Reason("no-variation", f"{single} is the same for everyone.")
    if len(cells) < expected or min(cells.values()) < FEWEST:
        smallest = min(cells.values()) if len(cells) == expected else 0
        return Reason(
            "too-few-people", f"The smallest cell has {smallest} people; at least {FEWEST} in each are needed."
        )
    if all(np.ptp(sample.value) == 0.0 for sample in samples):
        return Reason("no-variation", "Every value is the same.")
    return None


def _fields(effect: Effect) -> Item:
    return {"F": effect.f, "df1": effect.df1, "df2": effect.df2, "p": effect.p, "p_permutation": effect.p_permutation}


def _continuous(cohort: Cohort, samples: Sequence[Sample], name: str) -> list[Item]:
    """Interaction of group and the scale behind a split, region by region: a split loses a third of the information."""
    split = cohort.plan.common.split.get(name)
    if split is None or len(cohort.others) != 1:
        return []
    rows: list[Item] = []
    for sample in samples:
        kept = cohort.with_covariates(sample, (split.measure,))
        score = np.array([float(person.facts[split.measure]) for person in kept.people])
        group = kept.in_group(cohort.others[0]).astype(np.float64)
        centred = score - score.mean()
        matrix = np.column_stack([np.ones(kept.n), group, centred, group * centred])
        if kept.n - 4 < FEWEST_RESIDUAL_DF or np.linalg.matrix_rank(matrix) < 4:
            continue
        rows.append(
            {**kept.place.item(), "measure": split.measure, "interaction": short_fields(Design(matrix, 3), kept.value)}
        )
    return rows


def statement(item: Item, _context: Item) -> str | None:
    """The widest interaction of one design; None where it was refused."""
    effects = {name: effect for name, effect in item.items() if isinstance(effect, dict) and "F" in effect}
    if not effects:
        return None
    name = f"{' x '.join(item['between'])} x {WITHIN}"
    effect = effects[name]
    found = "is shown" if effect["q"] < 0.05 else "is not shown"
    return (
        f"{item['metabolite']}: the interaction {name} {found} (F({effect['df1']}, {effect['df2']}) = "
        f"{number(effect['F'])}, "
        f"q = {probability(effect['q'])}, by permuting people p = {probability(effect['p_permutation'])}; ε = "
        f"{number(item['epsilon'])}; {item['n']} people with all regions, {item['left_out']} left out)."
    )


FACTORIAL = CohortAnalysis(
    PlanSection("factorial", FactorialSettings, repeated=True),
    answer="factorial",
    title="Regions, groups and levels",
    method="Regions were compared within people by a mixed analysis of variance with Greenhouse–Geisser ε, and by "
    "permuting whole people ({permutations}).",
    run=run,
    statement=statement,
)
