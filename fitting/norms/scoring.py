"""Which norm a value is held against, and the answer: own controls before published ones before none."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from fitting.errors import ImplausibleParameter
from fitting.norms.assessment import Absence, Match, NormKind, NormMatch, NormNotUsed, NormUsed, ZScore
from fitting.norms.case import RATIO, Case, check_measured
from fitting.norms.controls import OwnReference, own_reference
from fitting.norms.improvements import MANY_CONTROLS, OWN_CONTROLS, improvements, less_noise
from fitting.norms.literature import Norm
from fitting.norms.matching import find_norm, incomparable_unit, norm_match, site_conflict
from fitting.norms.position import position
from fitting.norms.shrinkage import shrunken
from fitting.norms.site import UNITS, SiteNorm
from fitting.norms.supplied import (
    SUPPLIED_ID,
    SuppliedControls,
    SuppliedStudies,
    check_supplied,
    stated_conflict,
    stated_match,
)
from fitting.norms.z_score import as_own_controls, literature_reference
from fitting.quantification.concentrations import Ratio

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


def score_case(
    case: Case, site_norms: Sequence[SiteNorm] = (), supplied: SuppliedControls | SuppliedStudies | None = None
) -> Scored:
    """Position of one value, also one that another program measured, or the reason why there is none.

    Controls that are supplied with the value are the only ones considered. Else a site norm that matches in
    everything has priority over the published one; where neither matches there is no z-score.

    Parameters
    ----------
    case : Case
    site_norms : sequence of SiteNorm
        The newest versions of the site's norms.
    supplied : SuppliedControls or SuppliedStudies, optional

    Raises
    ------
    ImplausibleParameter
        When the value, its unit or the supplied controls cannot be.
    """
    check_measured(case.measured, "value", positive=supplied is None)
    if case.unit not in UNITS:
        raise ImplausibleParameter(f"Unit '{case.unit}' is not one of {', '.join(UNITS)}.", parameter="unit")
    if case.usable in UNUSABLE:
        return Scored(UNUSABLE[case.usable], None)
    if supplied is not None:
        check_supplied(supplied)
        return _by_supplied(case, supplied)
    literature = find_norm(case)
    not_used: list[NormNotUsed] = []
    for norm in site_norms:
        if case.metabolite not in norm.metabolites:
            continue
        outcome = _by_site(case, norm, literature)
        if isinstance(outcome, Scored):
            return replace(outcome, not_used=tuple(not_used))
        if outcome.code != "norm-region-mismatch":
            not_used.append(NormNotUsed(norm.norm_id(case.metabolite), case.metabolite, outcome.code, outcome.sentence))
    if isinstance(literature, Absence):
        return Scored(literature, None, tuple(not_used))
    if not literature.supports_z:
        return Scored(too_thin(literature, case), None, tuple(not_used))
    used = _describe(literature, norm_match(literature, case))
    return Scored(_literature_score(literature, case.measured), used, tuple(not_used))


def _by_site(case: Case, norm: SiteNorm, literature: Norm | Absence) -> Scored | Absence:
    conflict = site_conflict(norm, case)
    if conflict is not None:
        return conflict
    norm_id = norm.norm_id(case.metabolite)
    sample = norm.sample(case.metabolite)
    own = own_reference(norm_id, sample, case.subject)
    if isinstance(own, Absence):
        return own
    score = _own_score(case, own)
    if isinstance(literature, Norm):
        reference = own.reference(case.measured, sd_known=case.sd_known)
        score = replace(score, shrunken=shrunken(case.measured.value, reference, literature))
    age: Match = "unknown" if case.subject.age_years is None or own.age_mean is None else "yes"
    matched = NormMatch("yes", "yes", "yes", age, "yes", "yes")
    return Scored(score, _own_used(case, own, "site", norm.region, matched))


def _by_supplied(case: Case, supplied: SuppliedControls | SuppliedStudies) -> Scored:
    conflict = stated_conflict(supplied.stated, case)
    if conflict is not None:
        return Scored(conflict, None)
    matched = stated_match(supplied.stated, case)
    region = case.subject.region or ""
    if isinstance(supplied, SuppliedStudies):
        if case.unit != RATIO:
            return Scored(incomparable_unit(case), None)
        norm = supplied.norm(case.metabolite)
        if not norm.supports_z:
            return Scored(too_thin(norm, case), None)
        used = replace(_describe(norm, matched), kind="supplied", region=region)
        return Scored(_literature_score(norm, case.measured), used)
    own = own_reference(SUPPLIED_ID, supplied.controls, case.subject)
    if isinstance(own, Absence):
        return Scored(own, None)
    if case.subject.age_years is not None and own.age_mean is not None:
        matched = replace(matched, age="yes")
    return Scored(_own_score(case, own), _own_used(case, own, "supplied", region, matched))


def _own_score(case: Case, own: OwnReference) -> ZScore:
    measured = case.measured
    now = own.reference(measured, sd_known=case.sd_known)
    better = {
        "more-transients": own.reference(less_noise(measured), sd_known=case.sd_known),
        "more-controls": own.enlarged(max(own.n, MANY_CONTROLS)).reference(measured, sd_known=case.sd_known),
    }
    return replace(position(measured.value, now), improvements=improvements(measured.value, now, better))


def _literature_score(norm: Norm, measured: Ratio) -> ZScore:
    now = literature_reference(norm, measured)
    better = {
        "more-transients": literature_reference(norm, less_noise(measured)),
        "own-controls": as_own_controls(norm, OWN_CONTROLS).reference(measured),
    }
    return replace(position(measured.value, now), improvements=improvements(measured.value, now, better))


def too_thin(norm: Norm, case: Case) -> Absence:
    """Where a value lies among studies that are too few for a z-score."""
    studies = "1 study" if norm.studies == 1 else f"{norm.studies} studies"
    where = f"of {norm.metabolite} in {norm.region} at {norm.field_t:g} T" if norm.region else f"of {norm.metabolite}"
    sentence = f"Only {studies} ({norm.n} people) {where}: too few to know how far laboratories differ."
    if norm.study_range is not None:
        low, high = norm.study_range
        inside = "inside" if low <= case.measured.value <= high else "outside"
        sentence += (
            f" The value {case.measured.value:.3g} is {inside} the study range {low:.3g} to {high:.3g} (means ± 2 sd)."
        )
    return Absence("norm-too-thin", sentence)


def _describe(norm: Norm, matched: NormMatch) -> NormUsed:
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


def _own_used(case: Case, own: OwnReference, kind: NormKind, region: str, matched: NormMatch) -> NormUsed:
    whose = "own controls of the site" if kind == "site" else "controls given with the value"
    if own.covariates:
        names = {"age_years": "age", "sex": "sex", "gm": "grey matter fraction"}
        whose += ", adjusted for " + ", ".join(names[name] for name in own.covariates)
    return NormUsed(
        id=own.norm_id,
        kind=kind,
        region=region,
        metabolite=case.metabolite,
        unit=case.unit,
        grade="own",
        source=whose,
        studies=1,
        n=own.n,
        mean=own.mean,
        sd_within=own.sd,
        sd_between=0.0,
        age_mean=own.age_mean,
        covariates=own.covariates,
        matched=matched,
    )
