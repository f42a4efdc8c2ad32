"""Group differences of each metabolite in each place."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from fitting.cohort.analyses.level_cautions import level_cautions
from fitting.cohort.analyses.level_sentence import statement
from fitting.cohort.analyses.omnibus import omnibus
from fitting.cohort.analyses.tcr_difference import denominator_caution, margin_percent
from fitting.cohort.cohort import Cohort
from fitting.cohort.comparability import ACQUISITION
from fitting.cohort.covariates import Columns, covariate_columns, group_design
from fitting.cohort.description import uneven_places
from fitting.cohort.findings import Caution, CohortAnalysis, Family, Findings, Item, refused, with_q
from fitting.cohort.group_difference import (
    DifferenceOptions,
    censored_fields,
    difference_fields,
    mostly_censored,
    short_fields,
)
from fitting.cohort.planning.plan import PlanSection
from fitting.cohort.sample import Sample
from fitting.cohort.session_values import REFERENCE
from fitting.cohort.tables.table import QUALITY_FACTS, Place
from fitting.reason import Reason
from fitting.statistics.least_squares import Design, permuted_t, share_at_least
from fitting.units import FloatArray

FEWEST = 6
"""People in each group."""


@dataclass(frozen=True, slots=True)
class LevelsSettings:
    """``[levels]``: group difference of each metabolite in each place."""

    regions: tuple[str, ...] | None = None
    hemispheres: tuple[str, ...] | None = None
    metabolites: tuple[str, ...] | None = None
    equivalence_percent: float | None = None
    """Margin in per cent of the reference's mean within which groups count as equivalent."""
    session: str | None = None
    """The session of every analysis but ``treatment``; ``mean`` for the weighted mean of all."""


@dataclass(frozen=True, slots=True)
class _Question:
    """One item to be answered: people and design."""

    item: Item
    sample: Sample
    design: Design
    covariates: Columns
    other: str


def run(cohort: Cohort, settings: Sequence[LevelsSettings]) -> Findings:
    """Both models of every metabolite in every place, for each group against the reference."""
    asked = settings[0]
    options = DifferenceOptions(cohort.plan.common.alpha, asked.equivalence_percent)
    items: list[Item] = [_no_region(name) for name in cohort.missing_regions(asked.regions)]
    questions: list[_Question] = []
    mixed = _mixed(cohort, asked)
    models = ("unadjusted", "adjusted") if cohort.covariates or mixed else ("unadjusted",)
    for other in cohort.others:
        for place in cohort.places(asked.regions, asked.hemispheres):
            for metabolite in cohort.metabolites(place, asked.metabolites):
                for model in models:
                    found = _question(cohort, place, metabolite, other, model)
                    if isinstance(found, _Question):
                        questions.append(found)
                        items.append(found.item)
                    else:
                        items.append(found)
    _answer(cohort, questions, options)
    if len(cohort.others) > 1:
        _write_omnibus(cohort, questions)
    primary = "adjusted" if any(item.get("model") == "adjusted" for item in items) else "unadjusted"
    for model in ("adjusted", "unadjusted"):
        with_q([item for item in items if item.get("model") == model])
    _permute(cohort, questions)
    family = Family("levels", tuple(item for item in items if item.get("model") == primary and "p" in item))
    cautions = [*_cautions(cohort, questions, primary), *(_mixture(words) for words in mixed)]
    return Findings(tuple(items), tuple(cautions), (family,))


def _mixed(cohort: Cohort, asked: LevelsSettings) -> tuple[str, ...]:
    """Places in which both groups mix the same acquisitions, so that these become a covariate."""
    found: dict[str, None] = {}
    for other in cohort.others:
        for place in cohort.places(asked.regions, asked.hemispheres):
            for metabolite in cohort.metabolites(place, asked.metabolites):
                sample = cohort.sample(place, metabolite)
                compared = sample if isinstance(sample, Reason) else cohort.compared(sample, other)
                if not isinstance(compared, Reason) and ACQUISITION in compared[1]:
                    found[place.words] = None
    return tuple(found)


def _mixture(words: str) -> Caution:
    sentence = f"{words}: spectra were acquired in several ways, alike in both groups; the way is a covariate."
    return Caution("acquisition-mixed", sentence, words)


def _no_region(name: str) -> Item:
    reason = Reason("no-such-region", f"No spectrum is of the region '{name}'.")
    return refused({"region": name, "hemisphere": None}, reason)


def _question(cohort: Cohort, place: Place, metabolite: str, other: str, model: str) -> _Question | Item:
    base: Item = {**place.item(), "metabolite": metabolite, "model": model}
    if len(cohort.others) > 1:
        base["group"] = other
    sample = cohort.sample(place, metabolite)
    if isinstance(sample, Reason):
        return refused(base, sample)
    base = {**sample.item(), "model": model, **({"group": other} if len(cohort.others) > 1 else {})}
    compared = cohort.compared(sample, other)
    if isinstance(compared, Reason):
        return refused(base, compared)
    both, names = compared
    used = names if model == "adjusted" else ()
    kept = cohort.with_covariates(both, used)
    problem = _too_few(cohort, kept, other) or mostly_censored(kept, cohort.reference or "", other) or _constant(kept)
    # covariates that tell the groups apart spoil the unadjusted difference as well
    problem = problem or _confounded(cohort, both, names, other)
    if problem is not None:
        return refused(base, problem)
    columns = covariate_columns(kept, used)
    if isinstance(columns, Reason):
        return refused(base, columns)
    design = group_design(kept, other, columns)
    if isinstance(design, Reason):
        return refused(base, design)
    return _Question(base, kept, design, columns, other)


def _too_few(cohort: Cohort, sample: Sample, other: str) -> Reason | None:
    for group in (cohort.reference or "", other):
        count = int(np.sum(sample.in_group(group)))
        if count < FEWEST:
            return Reason(
                "too-few-people",
                f"{sample.words}: {count} people of {group} have a value; at least {FEWEST} in each group are needed.",
            )
    return None


def _constant(sample: Sample) -> Reason | None:
    if np.ptp(sample.value) > 0.0:
        return None
    return Reason("no-variation", f"{sample.words} is {sample.value[0]:g} for everyone; nothing can differ.")


def _confounded(cohort: Cohort, sample: Sample, names: Sequence[str], other: str) -> Reason | None:
    kept = cohort.with_covariates(sample, names)
    columns = covariate_columns(kept, names) if kept.n else None
    if not isinstance(columns, Columns):
        return None
    found = group_design(kept, other, columns)
    return found if isinstance(found, Reason) and found.code == "group-confounded" else None


def _answer(cohort: Cohort, questions: Sequence[_Question], options: DifferenceOptions) -> None:
    reduced: dict[tuple[Any, ...], list[Design | None]] = {}
    uneven = uneven_places(cohort)
    for question in questions:
        sample, other = question.sample, question.other
        question.item["n_reference"] = int(np.sum(sample.in_group(cohort.reference or "")))
        question.item["n_other"] = int(np.sum(sample.in_group(other)))
        if not np.all(sample.detected):
            question.item.update(censored_fields(sample, question.design, cohort.reference or "", other))
            continue
        key = (sample.ids, question.covariates.names, sample.place)
        if key not in reduced:
            reduced[key] = [question.design.without(person) for person in range(sample.n)]
        is_adjusted = bool(question.covariates.names)
        question.item.update(
            difference_fields(sample, question.design, reduced[key], other, options, is_adjusted=is_adjusted)
        )
        if is_adjusted and "gm" in question.covariates.names:
            question.item["without_gm"] = _refitted(
                cohort, question, [n for n in question.covariates.names if n != "gm"]
            )
        if (sample.place, other) in uneven:
            names = dict.fromkeys((*question.covariates.names, *QUALITY_FACTS))
            question.item["with_quality"] = _refitted(cohort, question, tuple(names))


def _write_omnibus(cohort: Cohort, questions: Sequence[_Question]) -> None:
    """One F of all groups, the same in the item of each group."""
    found: dict[tuple[Place, str, str], Item] = {}
    for question in questions:
        place, metabolite, model = question.sample.place, question.sample.metabolite, question.item["model"]
        key = (place, metabolite, model)
        if key not in found:
            found[key] = omnibus(cohort, place, metabolite, is_adjusted=model == "adjusted", fewest=FEWEST)
        question.item["omnibus"] = found[key]


def _refitted(cohort: Cohort, question: _Question, names: Sequence[str]) -> Item:
    """The difference with other covariates, beside the model of the plan."""
    kept = cohort.with_covariates(question.sample, names)
    columns = covariate_columns(kept, names)
    design = columns if isinstance(columns, Reason) else group_design(kept, question.other, columns)
    if isinstance(design, Reason):
        return refused({}, design)
    return short_fields(design, kept.value)


def _permute(cohort: Cohort, questions: Sequence[_Question]) -> None:
    """Write p by permutation, the same for everything measured in the same people, and p_max over each model."""
    for model in ("unadjusted", "adjusted"):
        observed: list[tuple[Item, float]] = []
        largest: FloatArray | None = None
        for question in questions:
            if question.item["model"] != model or "p" not in question.item:
                continue
            orders = cohort.orders(question.sample.ids)
            t, permuted = permuted_t(question.design, question.sample.value, orders)
            question.item["p_permutation"] = share_at_least(t, permuted)
            observed.append((question.item, t))
            largest = permuted if largest is None else np.maximum(largest, permuted)
        for item, t in observed:
            if largest is not None:
                item["p_max"] = share_at_least(t, largest)


def _cautions(cohort: Cohort, questions: Sequence[_Question], primary: str) -> list[Caution]:
    cautions = level_cautions(
        [(question.item, question.sample) for question in questions if question.item["model"] == primary],
        cohort.plan.common.alpha,
    )
    if cohort.plan.common.unit == REFERENCE:
        asked = dict.fromkeys((question.sample.place, question.other) for question in questions)
        found = [denominator_caution(cohort, place, other, margin_percent(cohort)) for place, other in asked]
        cautions += [caution for caution in found if caution is not None]
    return cautions


LEVELS = CohortAnalysis(
    PlanSection("levels", LevelsSettings),
    answer="levels",
    title="Levels",
    method="Group differences were estimated by least squares{covariates}, with HC2 standard errors and Bell–McCaffrey "
    "degrees of freedom, and repeated with permuted residuals (Freedman–Lane, {permutations}) and ranks "
    "(Brunner–Munzel).",
    run=run,
    statement=statement,
    estimate=("difference", "low", "high", "g", "g_low", "g_high"),
)
