"""Plans with the sections of every registered analysis."""

from __future__ import annotations

from fitting.cohort.analyses.registry import SECTIONS
from fitting.cohort.planning.plan import Plan, preset_text, read_plan


def plan_of(text: str) -> Plan:
    """The plan of a TOML text.

    Raises
    ------
    UnusablePlan, FilterDependsOnValue
        As ``fitting.cohort.planning.plan.read_plan``.
    """
    return read_plan(text, SECTIONS)


def preset_plan(name: str) -> Plan:
    """A shipped plan.

    Raises
    ------
    UnusablePlan
        When there is none of this name.
    """
    return read_plan(preset_text(name), SECTIONS, preset=name)
