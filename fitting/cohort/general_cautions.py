"""Cautions that follow from the plan and the tables as a whole."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from fitting.cohort.cohort import Cohort
from fitting.cohort.covariates import CONFOUNDED, NEARLY_CONFOUNDED, complete, covariate_columns, explained_by
from fitting.cohort.findings import Caution, Family
from fitting.cohort.sample import Sample
from fitting.cohort.tables.table import Person, Place
from fitting.reason import Reason

MEDICATION = ("medication", "medicated", "drugs", "medication_class", "opioids", "antidepressants")
"""Columns that say what people took."""


def general_cautions(cohort: Cohort, families: Sequence[Family]) -> list[Caution]:
    """Exploratory tests, medication, covariates that nearly tell the groups apart, sites of one group."""
    cautions = []
    tests = sum(len(family.items) for family in families)
    if tests and not cohort.plan.common.hypotheses:
        cautions.append(Caution("exploratory", f"The plan states no hypothesis; all {tests} tests are exploratory."))
    if cohort.people and not any(name.casefold() in MEDICATION for name in cohort.table.person_columns):
        cautions.append(
            Caution(
                "medication-unknown",
                "No column says what medication people took, which may change concentrations; a difference may be its.",
            )
        )
    cautions += _nearly_confounded(cohort)
    return cautions + _sites(cohort)


def _nearly_confounded(cohort: Cohort) -> list[Caution]:
    found = []
    for other in cohort.others:
        people = tuple(person for person in cohort.people.values() if person.group in (cohort.reference, other))
        names = [name for name in cohort.covariates if name in cohort.table.person_columns]
        sample = _people_only(people)
        kept = sample.only(complete(sample, names)) if names else sample
        if not names or kept.n < 3:
            continue
        columns = covariate_columns(kept, names)
        group = kept.in_group(other).astype(np.float64)
        if isinstance(columns, Reason) or not 0.0 < group.mean() < 1.0:
            continue
        share = explained_by(group, columns.matrix)
        if NEARLY_CONFOUNDED <= share < CONFOUNDED:
            effective = kept.n * (1.0 - share)
            found.append(
                Caution(
                    "group-nearly-confounded",
                    f"{', '.join(names)} explain {100 * share:.0f} % of who is {other}; the {kept.n} people "
                    "say as much about "
                    f"the difference as {effective:.0f} would if groups were alike.",
                )
            )
    return found


def _people_only(people: tuple[Person, ...]) -> Sample:
    empty = np.zeros(len(people))
    return Sample(Place("all regions"), "values", "", people, empty, empty, empty == 0.0, tuple({} for _ in people))


def _sites(cohort: Cohort) -> list[Caution]:
    groups_of: dict[str, set[str | None]] = {}
    for person in cohort.people.values():
        if "site" in person.facts:
            groups_of.setdefault(str(person.facts["site"]), set()).add(person.group)
    alone = sorted(site for site, groups in groups_of.items() if len(groups) == 1)
    if not alone or len(groups_of) < 2:
        return []
    return [
        Caution(
            "site-of-one-group",
            f"Site {', '.join(alone)} has people of one group only, which add nothing to a difference "
            "adjusted for site.",
        )
    ]
