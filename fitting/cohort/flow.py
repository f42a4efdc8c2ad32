"""The way from enrolled people to analysed ones, with the reasons why people are left out."""

from __future__ import annotations

from collections import Counter

import numpy as np
from scipy import stats

from fitting.cohort.cohort import Cohort
from fitting.cohort.findings import Caution, Item
from fitting.cohort.planning.exclusion import BY_PERSON
from fitting.cohort.tables.table import Person, SpectrumFacts, SpectrumKey

ALL = "all"
REASONS = ("excluded-by-plan", "no-measurement", "not-interpretable", "missing-covariate")
MANY_MISSING = 0.10


def flow(cohort: Cohort) -> tuple[list[Item], list[Caution]]:
    """One row for each group and one for all, with cautions about missing people."""
    reasons = {person.id: _reason(cohort, person) for person in cohort.people.values()}
    rows = [_row(cohort, group, reasons) for group in cohort.groups]
    if rows:
        rows.append(_row(cohort, ALL, reasons))
    return rows, _cautions(cohort, reasons)


def _spectra(cohort: Cohort, person: str) -> list[tuple[SpectrumKey, SpectrumFacts]]:
    return [(key, facts) for key, facts in cohort.table.spectra.items() if key.person == person]


def _reason(cohort: Cohort, person: Person) -> str | None:
    rules = cohort.plan.exclusions
    if any(rule.column == BY_PERSON and rule.excludes(person.id, {}) for rule in rules):
        return "excluded-by-plan"
    own = _spectra(cohort, person.id)
    has_features = any(person.id in table.people for table in cohort.spectra.values())
    if not own:
        if person.id not in cohort.people_with_features:
            return "no-measurement"
        return None if has_features else "excluded-by-plan"
    usable = [(key, facts) for key, facts in own if facts.usable != "no"]
    if not usable:
        return "not-interpretable"
    if all(any(rule.excludes(person.id, facts.facts) for rule in rules) for _, facts in usable):
        return "excluded-by-plan"
    known = {*person.facts}.union(*(facts.facts for _, facts in usable))
    return None if set(cohort.covariates) <= known else "missing-covariate"


def _row(cohort: Cohort, group: str, reasons: dict[str, str | None]) -> Item:
    people = [person for person in cohort.people.values() if group in (ALL, person.group)]
    counts = Counter(reason for person in people if (reason := reasons[person.id]) is not None)
    spectra = [facts for person in people for _, facts in _spectra(cohort, person.id)]
    return {
        "group": group,
        "enrolled": len(people),
        "measured": len(people) - counts["no-measurement"],
        "excluded": {reason: counts[reason] for reason in REASONS},
        "analysed": len(people) - sum(counts.values()),
        "spectra": {
            "measured": len(spectra),
            "not-interpretable": sum(facts.usable == "no" for facts in spectra),
            "limited": sum(facts.usable == "limited" for facts in spectra),
        },
    }


def _cautions(cohort: Cohort, reasons: dict[str, str | None]) -> list[Caution]:
    cautions = []
    lacking = [person for person, reason in reasons.items() if reason == "missing-covariate"]
    if reasons and len(lacking) > MANY_MISSING * len(reasons):
        cautions.append(
            Caution(
                "many-missing-covariates",
                f"{len(lacking)} of {len(reasons)} people lack a covariate; they are in the unadjusted model only.",
            )
        )
    for other in cohort.others:
        counts = [[0, 0], [0, 0]]
        for person in cohort.people.values():
            if person.group in (cohort.reference, other):
                counts[person.group == other][reasons[person.id] is not None] += 1
        if np.sum(counts, axis=0)[1] > 0 and float(stats.fisher_exact(np.array(counts)).pvalue) < 0.05:
            cautions.append(
                Caution(
                    "missing-by-group",
                    f"People are left out more often in one group ({counts[0][1]} of {sum(counts[0])} of "
                    f"{cohort.reference}, "
                    f"{counts[1][1]} of {sum(counts[1])} of {other}); what is left may not represent the groups.",
                )
            )
    return cautions
