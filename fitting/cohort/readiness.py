"""What a cohort lacks for a plan: groups, covariates, regions, measures, sessions."""

from __future__ import annotations

from collections.abc import Iterator

from fitting.cohort.planning.plan import Plan
from fitting.cohort.tables.foreign_names import same_region
from fitting.cohort.tables.table import SPECTRUM_FACTS, CohortTable


def lacking(table: CohortTable, plan: Plan) -> list[str]:
    """Reasons why a plan cannot be answered in full; empty where it can."""
    return [*_groups(table, plan), *_covariates(table, plan), *_regions(table, plan), *_columns(table, plan)]


def _groups(table: CohortTable, plan: Plan) -> Iterator[str]:
    present = {person.group for person in table.people}
    wanted = [name for name in (plan.common.reference, *plan.common.compared) if name is not None]
    missing = [name for name in wanted if name not in present]
    if missing:
        yield f"no people in group {', '.join(missing)}"


def _covariates(table: CohortTable, plan: Plan) -> Iterator[str]:
    known = {*table.person_columns, *(name for name in table.spectrum_columns if name in SPECTRUM_FACTS)}
    missing = [name for name in plan.common.covariates if name not in known]
    if missing:
        yield f"no covariate {', '.join(missing)}"


def _regions(table: CohortTable, plan: Plan) -> Iterator[str]:
    places = {key.place for key in table.spectra}
    asked: dict[str, None] = {}
    for settings in plan.sections.values():
        for section in settings:
            named = getattr(section, "regions", None) or ()
            single = getattr(section, "region", None)
            asked |= dict.fromkeys((*named, *((single,) if single else ())))
    missing = [name for name in asked if not any(same_region(name, place) for place in places)]
    if missing:
        yield f"no spectrum of {', '.join(missing)}"


def _columns(table: CohortTable, plan: Plan) -> Iterator[str]:
    asked: dict[str, None] = {}
    for section in plan.sections.get("associations", ()):
        asked |= dict.fromkeys((*section.measures, *(name for pair in section.beyond for name in pair)))
    for section in plan.sections.get("treatment", ()):
        asked |= dict.fromkeys(name for name in (section.arm, section.measure_before, section.measure_after) if name)
    asked |= dict.fromkeys(split.measure for split in plan.common.split.values())
    missing = [name for name in asked if name not in table.person_columns]
    if missing:
        yield f"no column {', '.join(missing)}"
