"""Position by a sample alone, where the control model has no prior: 8 controls of a laboratory, or supplied studies."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from fitting.errors import ImplausibleParameter
from fitting.norms.assessment import Scored
from fitting.norms.case import RATIO, Case
from fitting.norms.controls import SUPPLIED_ID, Controls, Summary
from fitting.norms.expectation import Expectation, expect
from fitting.norms.improvements import MANY_CONTROLS, improvements, less_noise
from fitting.norms.literature_reference import literature_reference
from fitting.norms.matching import controls_conflict, incomparable_unit, method_match
from fitting.norms.norm import Norm, StudyControls
from fitting.norms.norm_used import controls_used, pooled_used
from fitting.norms.pooled import pool
from fitting.norms.z_score import z_score
from fitting.quantification.concentrations import Ratio
from fitting.reason import Absence
from fitting.statistics.laboratory import Noise
from fitting.statistics.pooling import FEWEST_POOLED


def alone(case: Case, controls: Controls) -> Scored | Absence:
    """Position among 8 or more controls of one laboratory by the t test, where the control model has no prior."""
    measured = case.measured.on_one_scanner
    expected = expect(controls, case.metabolite, case.context.subject)
    if isinstance(expected, Absence):
        return expected
    expected = expected.with_offset(controls.offset_variance)
    reference = expected.reference(measured, sd_known=case.sd_known)
    better = {
        "more-transients": expected.reference(less_noise(measured), sd_known=case.sd_known),
        "more-controls": expected.enlarged(max(expected.n, MANY_CONTROLS)).reference(measured, sd_known=case.sd_known),
    }
    position = replace(
        z_score(measured.value, reference, expected.norm_id, _noise_alone(expected, measured, case)),
        improvements=improvements(measured.value, reference, better),
    )
    return Scored(position, controls_used(case, controls, expected))


def _noise_alone(expected: Expectation, measured: Ratio, case: Case) -> Noise:
    people = None if expected.noise is None else expected.noise**2
    return Noise(people, measured.sd**2 if case.sd_known else None)


def by_studies(case: Case, controls: Controls) -> Scored | Absence:
    """Position among supplied groups of several laboratories, pooled by themselves."""
    context = case.context
    conflict = controls_conflict(controls, context)
    if conflict is not None:
        return conflict
    if context.unit != RATIO:
        return incomparable_unit(case.metabolite, context.unit)
    norm = _pooled(controls.studies or (), case.metabolite)
    if not norm.supports_z:
        sentence = f"Only {norm.studies} studies ({norm.n} people): too few to know how far laboratories differ."
        return Absence("norm-too-thin", sentence)
    measured = case.measured
    reference = literature_reference(norm, measured)
    better = {"more-transients": literature_reference(norm, less_noise(measured))}
    position = replace(
        z_score(measured.value, reference, norm.id), improvements=improvements(measured.value, reference, better)
    )
    return Scored(position, pooled_used(case, norm, method_match(controls.method, context)))


def _pooled(studies: Sequence[Summary], metabolite: str) -> Norm:
    if len(studies) < FEWEST_POOLED:
        raise ImplausibleParameter("Pooling needs two studies or more.", parameter="controls")
    cohorts = tuple(
        StudyControls(f"study {number}", "", "given with the value", item.mean, item.sd, item.n, None, False, False, ())
        for number, item in enumerate(studies, start=1)
    )
    return pool(cohorts, None, id=SUPPLIED_ID, region="", metabolite=metabolite, unit=RATIO, field_t=0.0)
