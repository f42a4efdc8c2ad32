"""Position of one value among its own laboratory's controls, else published ones, else a reason for its absence."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from fitting.errors import ImplausibleParameter
from fitting.norms.admission import check_supplied, check_unit
from fitting.norms.assessment import Match, NormMatch, NormNotUsed, NormUsed, ZScore
from fitting.norms.case import RATIO, Case, check_measured
from fitting.norms.controls import SUPPLIED_ID, Controls, Summary
from fitting.norms.expectation import Expectation, expect
from fitting.norms.improvements import MANY_CONTROLS, OWN_CONTROLS, improvements, less_noise
from fitting.norms.literature import Cohort, Norm, pool
from fitting.norms.literature_reference import as_own_controls, literature_reference
from fitting.norms.matching import controls_conflict, find_norm, incomparable_unit, method_match, norm_match
from fitting.norms.z_score import shrunken, z_score
from fitting.reason import Absence
from fitting.statistics.pooling import FEWEST_POOLED

UNUSABLE = {
    "no": Absence("spectrum-not-usable", "The spectrum is not interpretable; see the verdict."),
    "limited": Absence("spectrum-limited", "The value is of limited use; see its verdict."),
}


@dataclass(frozen=True, slots=True)
class Scored:
    """The answer for one value."""

    position: ZScore | Absence
    norm: NormUsed | None
    """The norm behind ``position``; None without a z-score."""
    not_used: tuple[NormNotUsed, ...] = ()
    """The site's norms for this metabolite and region that were not applied."""


def score(case: Case, controls: Sequence[Controls] = ()) -> Scored:
    """Position of one value, also one that another program measured, or the reason why there is none.

    Supplied controls are the only ones considered. Otherwise a site's controls that match in everything have
    priority over published ones; where neither matches there is no z-score.

    Parameters
    ----------
    case : Case
    controls : sequence of Controls
        Controls supplied with the value, or the newest versions of the site's.

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
        outcome = _by_controls(case, supplied) if supplied.studies is None else _by_studies(case, supplied)
        return Scored(outcome, None) if isinstance(outcome, Absence) else outcome
    literature = find_norm(case.metabolite, case.context)
    not_used: list[NormNotUsed] = []
    for site in (item for item in controls if case.metabolite in item.metabolites):
        outcome = _by_controls(case, site, literature)
        if isinstance(outcome, Scored):
            return replace(outcome, not_used=tuple(not_used))
        if outcome.code != "norm-region-mismatch":
            not_used.append(NormNotUsed(site.norm_id(case.metabolite), case.metabolite, outcome.code, outcome.sentence))
    if isinstance(literature, Absence):
        return Scored(literature, None, tuple(not_used))
    return replace(_by_norm(case, literature, norm_match(literature, case.context)), not_used=tuple(not_used))


def _by_controls(case: Case, controls: Controls, literature: Norm | Absence | None = None) -> Scored | Absence:
    """Position among the controls of one laboratory; beside it that of a mean shrunken to a published one."""
    context, measured = case.context, case.measured
    conflict = controls_conflict(controls, context)
    if conflict is not None:
        return conflict
    expected = expect(controls, case.metabolite, context.subject)
    if isinstance(expected, Absence):
        return expected
    reference = expected.reference(measured, sd_known=case.sd_known)
    better = {
        "more-transients": expected.reference(less_noise(measured), sd_known=case.sd_known),
        "more-controls": expected.enlarged(max(expected.n, MANY_CONTROLS)).reference(measured, sd_known=case.sd_known),
    }
    position = replace(
        z_score(measured.value, reference, expected.norm_id),
        improvements=improvements(measured.value, reference, better),
        shrunken=shrunken(measured.value, reference, literature) if isinstance(literature, Norm) else None,
    )
    return Scored(position, _controls_used(case, controls, expected))


def _by_studies(case: Case, controls: Controls) -> Scored | Absence:
    """Position among supplied groups of several laboratories, pooled as published ones are."""
    context = case.context
    conflict = controls_conflict(controls, context)
    if conflict is not None:
        return conflict
    if context.unit != RATIO:
        return incomparable_unit(case.metabolite, context.unit)
    scored = _by_norm(case, _pooled(controls.studies or (), case.metabolite), method_match(controls.method, context))
    if scored.norm is None:
        return scored
    return replace(scored, norm=replace(scored.norm, kind="supplied", region=context.subject.region or ""))


def _pooled(studies: Sequence[Summary], metabolite: str) -> Norm:
    if len(studies) < FEWEST_POOLED:
        raise ImplausibleParameter("Pooling needs two studies or more.", parameter="controls")
    cohorts = tuple(
        Cohort(f"study {number}", "", "given with the value", item.mean, item.sd, item.n, None, False, False, ())
        for number, item in enumerate(studies, start=1)
    )
    return pool(cohorts, None, id=SUPPLIED_ID, region="", metabolite=metabolite, unit=RATIO, field_t=0.0)


def _by_norm(case: Case, norm: Norm, matched: NormMatch) -> Scored:
    """Position in the pooled distribution of several studies, if these are enough."""
    if not norm.supports_z:
        return Scored(_too_thin(norm, case.measured.value), None)
    measured = case.measured
    reference = literature_reference(norm, measured)
    better = {
        "more-transients": literature_reference(norm, less_noise(measured)),
        "own-controls": as_own_controls(norm, OWN_CONTROLS).reference(measured),
    }
    position = replace(
        z_score(measured.value, reference, norm.id), improvements=improvements(measured.value, reference, better)
    )
    return Scored(position, _norm_used(norm, matched))


def _too_thin(norm: Norm, value: float) -> Absence:
    """Position of a value among studies that are too few for a z-score."""
    studies = "1 study" if norm.studies == 1 else f"{norm.studies} studies"
    where = f"of {norm.metabolite} in {norm.region} at {norm.field_t:g} T" if norm.region else f"of {norm.metabolite}"
    sentence = f"Only {studies} ({norm.n} people) {where}: too few to know how far laboratories differ."
    if norm.study_range is not None:
        low, high = norm.study_range
        inside = "inside" if low <= value <= high else "outside"
        sentence += f" The value {value:.3g} is {inside} the study range {low:.3g} to {high:.3g} (means ± 2 sd)."
    return Absence("norm-too-thin", sentence)


def _norm_used(norm: Norm, matched: NormMatch) -> NormUsed:
    if norm.effects is None or norm.sd_within is None:
        raise ValueError(f"norm {norm.id} does not support a z-score")
    source = f"{norm.studies} published studies, random-effects mean"
    if norm.derived:
        source += "; partly ratios of group means"
    if norm.sd_borrowed:
        source += "; spread between people borrowed from other regions"
    return NormUsed(
        id=norm.id,
        kind="literature",
        region=norm.region,
        metabolite=norm.metabolite,
        unit=norm.unit,
        grade=norm.grade,
        source=source,
        studies=norm.studies,
        n=norm.n,
        mean=norm.mean,
        sd_within=norm.sd_within,
        sd_between=norm.effects.tau,
        age_mean=norm.age_mean,
        covariates=(),
        matched=matched,
    )


def _controls_used(case: Case, controls: Controls, expected: Expectation) -> NormUsed:
    context = case.context
    source = "own controls of the site" if controls.origin == "site" else "controls given with the value"
    if expected.covariates:
        names = {"age_years": "age", "sex": "sex", "gm": "grey matter fraction"}
        source += ", adjusted for " + ", ".join(names[name] for name in expected.covariates)
    age: Match = "unknown" if context.subject.age_years is None or expected.age_mean is None else "yes"
    return NormUsed(
        id=expected.norm_id,
        kind=controls.origin,
        region=controls.region or context.subject.region or "",
        metabolite=case.metabolite,
        unit=context.unit,
        grade="own",
        source=source,
        studies=1,
        n=expected.n,
        mean=expected.mean,
        sd_within=expected.sd,
        sd_between=0.0,
        age_mean=expected.age_mean,
        covariates=expected.covariates,
        matched=replace(method_match(controls.method, context), age=age),
    )
