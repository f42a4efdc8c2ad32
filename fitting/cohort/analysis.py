"""One cohort from tables and plan to its answer."""

from __future__ import annotations

import hashlib
import json
import math
from collections.abc import Callable, Mapping
from typing import Any

import numpy as np

from fitting.cohort.analyses.registry import ANALYSES, SECTIONS
from fitting.cohort.cohort import Cohort
from fitting.cohort.description import groups, quality
from fitting.cohort.findings import Caution, Family, Findings, Item
from fitting.cohort.flow import flow
from fitting.cohort.general_cautions import general_cautions
from fitting.cohort.hypotheses import judged
from fitting.cohort.methods import methods
from fitting.cohort.planning.plan import Plan, read_plan
from fitting.cohort.single_cases import single_cases
from fitting.cohort.tables.table import CohortTable, SpectraTable, StudyEffect
from fitting.version import __version__

SCHEMA = 1
NOTICE = (
    "Research use only. Not a medical device; not for diagnosis, treatment or patient management. Results must be "
    "reviewed by a qualified MR scientist or physician."
)
WITHOUT_A_PLAN = 'schema = 1\ntitle = "Without a plan: levels of every region"\n\n[levels]\n'
KNOWN_COVARIATES = ("age_years", "sex", "site")
"""Covariates without a plan, as far as they are known and vary."""


def plan_without_questions(table: CohortTable) -> Plan:
    """The plan of a run without a plan: levels everywhere, adjusted for what is known of age, sex and site."""
    known = [name for name in KNOWN_COVARIATES if name in table.person_columns and len(set(table.values_of(name))) > 1]
    text = (
        WITHOUT_A_PLAN.replace("\n\n[levels]", f"\ncovariates = {json.dumps(known)}\n\n[levels]")
        if known
        else WITHOUT_A_PLAN
    )
    return read_plan(text, SECTIONS)


def analyse_cohort(
    table: CohortTable,
    plan: Plan,
    *,
    spectra: Mapping[str, SpectraTable] | None = None,
    studies: Mapping[str, tuple[StudyEffect, ...]] | None = None,
    progress: Callable[[str], None] | None = None,
) -> Item:
    """The answer to a plan as a JSON object; the same tables, plan and version give the same bytes.

    Parameters
    ----------
    table : CohortTable
    plan : Plan
    spectra, studies : mapping
        Tables that the plan names, as read.
    progress : callable, optional
        Called with the name of each analysis before it runs; an exception that it raises ends the run.

    Raises
    ------
    FittingError
        When tables and plan do not belong together; an analysis that cannot be done on good tables is in the answer.
    """
    cohort = Cohort(table, plan, spectra, studies)
    input_sha256 = _inputs(cohort.table, spectra or {}, studies or {})
    people, missing = flow(cohort)
    described, differing = groups(cohort)
    qualities, uneven = quality(cohort)
    found = _run(cohort, progress)
    answers = {analysis.answer: list(found[analysis.answer].items) for analysis in ANALYSES if analysis.answer in found}
    hypotheses = judged(cohort, answers.get("levels", []))
    families = [family for findings in found.values() for family in findings.families]
    own = [caution for findings in found.values() for caution in findings.cautions]
    cautions = [*missing, *differing, *uneven, *own, *general_cautions(cohort, families)]
    multiplicity = _multiplicity(families, plan.common.alpha)
    _state(cohort, answers, families)
    if counts := single_cases(cohort):
        answers["single_cases"] = counts
    answer = {
        "schema": SCHEMA,
        "id": _identity(table, plan, input_sha256),
        "title": plan.common.title,
        "plan": {"sha256": plan.sha256, "preset": plan.preset, "text": plan.text},
        "cohort": _cohort(cohort),
        "flow": people,
        "groups": described,
        "quality": qualities,
        "cautions": [_caution(caution) for caution in _unique(cautions)],
        "hypotheses": hypotheses,
        "multiplicity": multiplicity,
        **answers,
        "methods": methods(cohort, answers, people, multiplicity),
        "provenance": {
            "software": "mrsquant",
            "version": __version__,
            "input_sha256": input_sha256,
            "plan_sha256": plan.sha256,
            "seed": plan.common.seed,
        },
        "notice": NOTICE,
    }
    plain: Item = _plain(answer)
    return plain


def _run(cohort: Cohort, progress: Callable[[str], None] | None) -> dict[str, Findings]:
    found: dict[str, Findings] = {}
    for analysis in ANALYSES:
        settings = cohort.plan.sections.get(analysis.section.key)
        if settings is None:
            continue
        if progress is not None:
            progress(analysis.section.key)
        found[analysis.answer] = analysis.run(cohort, settings)
    return found


def _state(cohort: Cohort, answers: Mapping[str, list[Item]], families: list[Family]) -> None:
    """Write the sentence of every item."""
    tests = {family.name: len(family.items) for family in families}
    for analysis in ANALYSES:
        context = {
            "reference": cohort.reference,
            "other": cohort.others[0] if cohort.others else None,
            "covariates": list(cohort.covariates),
            "tests": tests.get(analysis.answer, 0),
        }
        for item in answers.get(analysis.answer, []):
            sentence = analysis.statement(item, context)
            if sentence is not None:
                item["sentence"] = sentence


def _multiplicity(families: list[Family], alpha: float) -> Item:
    rows = [family.summary(alpha) for family in families if family.items]
    total = {name: sum(row[name] for row in rows) for name in ("tests", "expected_by_chance", "found_p", "found_q")}
    return {**total, "families": rows}


def _cohort(cohort: Cohort) -> Item:
    sessions = sorted({key.session for key in cohort.table.spectra if key.session is not None})
    sites = sorted({str(site) for site in cohort.table.values_of("site")})
    return {
        "participants": len(cohort.people),
        "groups": {group: sum(person.group == group for person in cohort.people.values()) for group in cohort.groups},
        "reference": cohort.reference,
        "sessions": sessions,
        "session": cohort.session,
        "sites": sites,
        "covariates": list(cohort.covariates),
        "notes": [*cohort.table.notes, *_without_group(cohort)],
    }


def _without_group(cohort: Cohort) -> list[str]:
    count = sum(person.group is None for person in cohort.table.people)
    return [f"{count} people have no group and are left out."] if count else []


def _unique(cautions: list[Caution]) -> list[Caution]:
    return list(dict.fromkeys(cautions))


def _caution(caution: Caution) -> Item:
    return {"code": caution.code, "sentence": caution.sentence, "where": caution.where}


def _inputs(
    table: CohortTable, spectra: Mapping[str, SpectraTable], studies: Mapping[str, tuple[StudyEffect, ...]]
) -> str:
    digest = hashlib.sha256(table.sha256.encode())
    for name, features in sorted(spectra.items()):
        digest.update(
            name.encode() + features.values.tobytes() + features.ppm.tobytes() + repr(features.people).encode()
        )
    for name, listed in sorted(studies.items()):
        digest.update(name.encode() + repr(listed).encode())
    return digest.hexdigest()


def _identity(table: CohortTable, plan: Plan, input_sha256: str) -> str:
    content = f"{input_sha256}\0{plan.sha256}\0{__version__}\0{table.sha256}"
    return hashlib.sha256(content.encode()).hexdigest()[:32]


def _plain(value: Any) -> Any:
    """Without fields that are not known; numbers as JSON has them."""
    if isinstance(value, dict):
        items = {key: _plain(item) for key, item in value.items()}
        return {
            key: item for key, item in items.items() if item is not None or key in ("hemisphere", "where", "preset")
        }
    if isinstance(value, list | tuple):
        return [_plain(item) for item in value]
    if isinstance(value, np.generic):
        value = value.item()
    if isinstance(value, float) and not math.isfinite(value):
        return None
    return value
