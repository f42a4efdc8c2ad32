"""Position of one value among healthy people of its laboratory, or the reason for its absence."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from fitting.norms.admission import check_supplied, check_unit
from fitting.norms.alone import alone, by_studies
from fitting.norms.assessment import NormNotUsed, Scored, ZScore
from fitting.norms.case import Case, check_measured
from fitting.norms.controls import (
    FEWEST_CONTROLS,
    FEWEST_FOR_REGRESSION,
    Control,
    Controls,
    Measured,
    Summary,
)
from fitting.norms.expectation import expect_of_people
from fitting.norms.improvements import model_improvements
from fitting.norms.laboratory_model import Laboratory, laboratory_of, noise_of
from fitting.norms.matching import (
    controls_conflict,
    find_norm,
    method_conflict,
    norm_match,
    place_conflict,
)
from fitting.norms.norm import Norm
from fitting.norms.norm_used import laboratory_used, norm_used
from fitting.norms.software_offset import as_measured_by
from fitting.norms.z_score import model_z_score, tested
from fitting.reason import Absence

LARGEST_ERROR = 1.0
"""Standard deviation of a value relative to it, above which it is not compared."""
UNUSABLE = {
    "no": Absence("spectrum-not-usable", "The spectrum is not interpretable; see the verdict."),
    "limited": Absence("spectrum-limited", "The value is of limited use; see its verdict."),
}


def score(case: Case, controls: Sequence[Controls] = ()) -> Scored:
    """Position of one value, also one that another program measured, or the reason why there is none.

    The control model says what is known of a laboratory from published studies; own controls, from one on, update it:
    those of the value's region first, those of other regions of the same laboratory beside them. Where the model does
    not apply, 8 own controls or more answer alone. Supplied controls are the only ones considered beside the model.

    Parameters
    ----------
    case : Case
    controls : sequence of Controls
        Controls supplied with the value, or a laboratory's of one or more regions, the newest versions.

    Raises
    ------
    ImplausibleParameter
        When the value, its unit or the supplied controls are impossible.
    """
    supplied = next((item for item in controls if item.origin == "supplied"), None)
    check_measured(case.measured, "value", positive=supplied is None)
    check_unit(case.context.unit)
    if case.usable in UNUSABLE:
        return Scored(UNUSABLE[case.usable], None)
    if supplied is not None:
        check_supplied(supplied)
        outcome = _by_supplied(case, supplied)
        scored = Scored(outcome, None) if isinstance(outcome, Absence) else outcome
    else:
        scored = _by_site(case, controls)
    return _of_bound(scored, case) if case.censored else scored


def _of_bound(scored: Scored, case: Case) -> Scored:
    """A position by an upper bound: below the reference interval, or none, for a lower value may lie anywhere."""
    position = scored.position
    if isinstance(position, ZScore) and position.flag == "below":
        return replace(scored, position=replace(position, censored=True))
    if isinstance(position, Absence):
        return scored
    sentence = (
        f"{case.metabolite} is not distinguishable from zero in this spectrum; its upper bound "
        f"{case.measured.value:.3g} is not below the reference interval."
    )
    return Scored(Absence("not-detected", sentence), None, scored.not_used)


def _by_site(case: Case, controls: Sequence[Controls]) -> Scored:
    """Position by the site's own controls that match in everything, and the published ones."""
    own: list[Controls] = []
    others: list[Controls] = []
    not_used: list[NormNotUsed] = []
    for site in (as_measured_by(item, case) for item in controls if case.metabolite in item.metabolites):
        conflict = method_conflict(site, case.context)
        place = place_conflict(site, case.context.subject)
        if conflict is None and place is None:
            own.append(site)
        elif conflict is None:
            others.append(site)
        elif place is None:
            not_used.append(_not_used(site, case, conflict))
    others = _one_for_each_place(others)
    literature = find_norm(case.metabolite, case.context)
    if own:
        outcome = _by_controls(case, own[0], others, literature)
        if isinstance(outcome, Scored):
            return replace(outcome, not_used=tuple(not_used))
        not_used.append(_not_used(own[0], case, outcome))
    if isinstance(literature, Absence):
        return Scored(literature, None, tuple(not_used))
    return replace(_by_model(case, laboratory_of(case, None, others), literature, others), not_used=tuple(not_used))


def _one_for_each_place(controls: Sequence[Controls]) -> list[Controls]:
    """The first controls of each region, part and side: two sets of one place may hold the same people."""
    places = {(item.region, item.subregion, item.hemisphere): item for item in reversed(controls)}
    return [item for item in controls if item in places.values()]


def _not_used(controls: Controls, case: Case, reason: Absence) -> NormNotUsed:
    return NormNotUsed(controls.norm_id(case.metabolite), case.metabolite, reason.code, reason.sentence)


def _by_supplied(case: Case, controls: Controls) -> Scored | Absence:
    """Position among controls given with the value: people, one group, or groups of several laboratories."""
    if controls.studies is not None:
        return by_studies(case, controls)
    conflict = controls_conflict(controls, case.context)
    return conflict or _by_controls(case, controls, (), find_norm(case.metabolite, case.context))


def _by_controls(
    case: Case, controls: Controls, others: Sequence[Controls], literature: Norm | Absence
) -> Scored | Absence:
    """Position among the controls of the laboratory of the value: in the control model, or by them alone."""
    if controls.summary is not None and controls.summary.n < FEWEST_CONTROLS:
        controls = replace(controls, summary=None, people=people_of(controls.summary, case.metabolite))
    people = controls.having(case.metabolite)
    positive = case.measured.value > 0.0 and all(item.values[case.metabolite].value > 0.0 for item in people)
    if controls.summary is None and positive and _model_holds(case, controls, literature):
        outside = _outside_ages(case, controls)
        if outside is not None:
            return outside
        laboratory = laboratory_of(case, controls, others)
        scored = _by_model(case, laboratory, literature, others, controls)
        return replace(scored, position=_with_test(scored.position, case, controls))
    return alone(case, controls)


def people_of(summary: Summary, metabolite: str) -> tuple[Control, ...]:
    """People whose logs have the mean and SD that a lognormal distribution of this mean and SD has.

    The control model knows a sample by its number, mean and SD alone. A group whose values may be negative keeps them.
    """
    if summary.mean <= 0.0:
        values = np.array([summary.mean])
    else:
        variance = math.log1p((summary.sd / summary.mean) ** 2)
        scores = np.linspace(-1.0, 1.0, summary.n)
        scores *= math.sqrt(variance) / scores.std(ddof=1)
        values = np.exp(math.log(summary.mean) - variance / 2.0 + scores)
    return tuple(Control(str(number), {metabolite: Measured(float(item))}) for number, item in enumerate(values))


def _model_holds(case: Case, controls: Controls, literature: Norm | Absence) -> bool:
    """Whether the control model's prior applies to this value: the age alone does not prevent it with own controls."""
    if isinstance(literature, Norm):
        return True
    return literature.code == "norm-age-mismatch" and bool(controls.having(case.metabolite))


def _outside_ages(case: Case, controls: Controls) -> Absence | None:
    """Reason when the person is neither an adult of the published ages nor within the ages of the own controls."""
    literature = find_norm(case.metabolite, case.context)
    if isinstance(literature, Norm):
        return None
    age = case.context.subject.age_years
    ages = [item.age_years for item in controls.having(case.metabolite) if item.age_years is not None]
    return None if age is not None and ages and min(ages) <= age <= max(ages) else literature


def _by_model(
    case: Case,
    laboratory: Laboratory,
    literature: Norm | Absence,
    others: Sequence[Controls],
    own: Controls | None = None,
) -> Scored:
    """Position among the people of the control model, updated by own controls where there are any."""
    noise = noise_of(case, laboratory)
    if noise.person is not None and noise.person > LARGEST_ERROR**2:
        return Scored(_too_uncertain(case, laboratory), None)
    if own is not None:
        norm_id = own.norm_id(case.metabolite)
    elif laboratory.elsewhere:
        norm_id = others[0].norm_id(case.metabolite)
    elif isinstance(literature, Norm):
        norm_id = literature.id
    else:
        raise ValueError("without own controls a published norm is needed")
    position = model_z_score(case.measured.value, laboratory, noise, norm_id)
    now = position.detectable_percent or 0.0
    expected = (position.smallest_detectable_difference or 0.0) / max(now / 100.0, 1e-9)
    position = replace(position, improvements=model_improvements(laboratory, noise, expected, now))
    if own is not None or laboratory.elsewhere:
        controls = own or others[0]
        return Scored(position, laboratory_used(case, controls, laboratory, position, has_own=own is not None))
    if not isinstance(literature, Norm):
        raise ValueError("without own controls a published norm is needed")
    return Scored(position, norm_used(literature, norm_match(literature, case.context)))


def _too_uncertain(case: Case, laboratory: Laboratory) -> Absence:
    sentence = f"The standard deviation {case.measured.sd:.3g} is as large as the value of a healthy person, about "
    sentence += f"{laboratory.people.typical:.3g}: a comparison would see nothing."
    return Absence("error-too-large", sentence)


def _with_test(position: ZScore | Absence, case: Case, controls: Controls) -> ZScore | Absence:
    """The position with the t test by the own controls alone, from two of them on."""
    people = controls.having(case.metabolite)
    if isinstance(position, Absence) or len(people) < 2:
        return position
    adjust = len(people) >= FEWEST_FOR_REGRESSION
    norm_id = controls.norm_id(case.metabolite)
    expected = expect_of_people(norm_id, people, case.metabolite, case.context.subject, adjust=adjust)
    if isinstance(expected, Absence):
        return position
    expected = expected.with_offset(controls.offset_variance)
    reference = expected.reference(case.measured.on_one_scanner, sd_known=case.sd_known)
    return tested(position, case.measured.value, reference)
