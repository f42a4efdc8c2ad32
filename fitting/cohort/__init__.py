"""Cohorts: groups of people compared under a plan that was fixed before.

``read_cohort`` reads the tables, ``read_plan`` and ``preset_plan`` the plan, ``analyse_cohort`` answers.
Each analysis is a module with its section of the plan, its refusals and its sentences; ``registry`` lists them.
"""

from fitting.cohort.analysis import analyse_cohort, plan_without_questions
from fitting.cohort.planning.plan import Plan, preset_names, preset_text
from fitting.cohort.presets import plan_of, preset_plan
from fitting.cohort.tables.reading import read_cohort, read_spectra, read_studies

__all__ = [
    "Plan",
    "analyse_cohort",
    "plan_of",
    "plan_without_questions",
    "preset_names",
    "preset_plan",
    "preset_text",
    "read_cohort",
    "read_spectra",
    "read_studies",
]
