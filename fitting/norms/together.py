"""Several values of one person scored together: flags expected by chance, and the distance of whole profiles."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Literal, TypeGuard

from fitting.acquisition import Acquisition
from fitting.norms.assessment import Assessment, ProfileDistance, Scored, ZScore
from fitting.norms.case import OWN_SOFTWARE, Case, Context
from fitting.norms.contrasts import Contrast, contrasts
from fitting.norms.controls import Controls, site_version
from fitting.norms.evidence import evidence
from fitting.norms.further_laboratories import FurtherLaboratory, further_version
from fitting.norms.matching import find_norm
from fitting.norms.profile import profile_distance
from fitting.norms.regions import find_region
from fitting.norms.scoring import UNUSABLE, score
from fitting.norms.study_rows import norm_version
from fitting.quantification.concentrations import Quantity, Ratio
from fitting.reason import Absence
from fitting.request import Subject
from fitting.statistics.distributions import LEVEL
from fitting.statistics.multiplicity import FALSE_DISCOVERY_RATE, ONE_IN, q_values

Position = ZScore | Absence


@dataclass(frozen=True, slots=True)
class RegionProfile:
    """The distance of one region's values, or of all regions' together."""

    region: str | None
    """None is all regions together."""
    profile: ProfileDistance | None
    """All values together against own controls."""
    profile_absent: Absence | None
    """Why there is no profile distance."""


@dataclass(frozen=True, slots=True)
class ScoredTogether:
    """Answers in the order of the values, with ``q`` among all of them."""

    answers: tuple[Scored, ...]
    tests: int
    expected_by_chance: float
    flagged: int
    flagged_q: int
    profiles: tuple[RegionProfile, ...]
    contrasts: tuple[Contrast, ...]
    """Side against side, region against region, metabolite against metabolite."""


def assess(
    quantities: tuple[Quantity, ...],
    subject: Subject,
    acquisition: Acquisition,
    usable: Mapping[str, Literal["yes", "limited", "no"]],
    *,
    site_norms: Sequence[Controls] = (),
    laboratories: Sequence[FurtherLaboratory] = (),
    software: str = OWN_SOFTWARE,
) -> Assessment:
    """Compare every quantity of one spectrum with the matching norm, or give the reason when none is applied.

    ``tests`` counts the z-scores that could have seen something (``informative``), ``expected_by_chance`` is 5 % of
    them, ``flagged_q`` those whose Benjamini-Hochberg q is below 5 %. Sums and their members are compared separately
    and all count, though they are not independent.

    Parameters
    ----------
    quantities : tuple of Quantity
    subject : Subject
        Region, age, sex and tissue decide; all may be missing.
    acquisition : Acquisition
        Field, echo time and, for own controls, the sequence decide; all may be missing.
    usable : mapping of str to {"yes", "limited", "no"}
        The verdict on each quantity; z-scores are given for ``yes`` only.
    site_norms : sequence of Controls
        The newest versions of the site's own controls; those that match have priority.
    laboratories : sequence of FurtherLaboratory
        Others that shared their summaries.
    software : str
        Program that computed the quantities, with version and method.

    Returns
    -------
    Assessment
        With an entry for every quantity.
    """
    context = Context(subject, acquisition, software, laboratories=tuple(laboratories))
    answers = {item.name: _score_quantity(item, context, usable[item.name], site_norms) for item in quantities}
    scores = dict(zip(answers, _with_q([answer.position for answer in answers.values()]), strict=True))
    ratios = [(item.name, item.ratio_tcr, scores[item.name]) for item in quantities if item.ratio_tcr is not None]
    parts = _profile_parts(ratios, site_norms)
    first = next((part for site in site_norms for part in parts if part[0].id == site.id), None)
    used = {answer.norm.id: answer.norm for answer in answers.values() if answer.norm is not None}
    place = None if subject.region is None else find_region(subject.region)
    tests, flagged, flagged_q = _counts(scores.values())
    return Assessment(
        scores=scores,
        norms=tuple(used.values()),
        norms_not_used=tuple(item for answer in answers.values() for item in answer.not_used),
        norm_version=norm_version() + site_version(site_norms) + further_version(laboratories),
        tests=tests,
        expected_by_chance=tests / ONE_IN,
        flagged=flagged,
        flagged_q=flagged_q,
        profile=profile_distance(() if first is None else (first,)),
        evidence=() if place is None else evidence(place.region.name, frozenset(scores)),
    )


def score_together(cases: Sequence[tuple[Case, Sequence[Controls]]]) -> ScoredTogether:
    """Score each value and count.

    Parameters
    ----------
    cases : sequence of (Case, controls)
        Values of one person, metabolites, regions or both, each with its controls as :func:`score` takes them.

    Raises
    ------
    ImplausibleParameter
        When a value, its unit or supplied controls are impossible.
    """
    answers = [score(case, controls) for case, controls in cases]
    positions = _with_q([answer.position for answer in answers])
    tests, flagged, flagged_q = _counts(positions)
    site = [item for _, controls in cases for item in controls if item.origin == "site"]
    values = ((case.metabolite, case.measured, at) for (case, _), at in zip(cases, positions, strict=True))
    parts = _profile_parts(values, site)
    profiles = tuple(_profile(controls.region, [(controls, measured)]) for controls, measured in parts)
    return ScoredTogether(
        answers=tuple(replace(answer, position=at) for answer, at in zip(answers, positions, strict=True)),
        tests=tests,
        expected_by_chance=(1.0 - LEVEL) * tests,
        flagged=flagged,
        flagged_q=flagged_q,
        profiles=profiles if len(parts) == 1 else (*profiles, _profile(None, parts)),
        contrasts=contrasts([case for case, _ in cases], list({item.id: item for item in site}.values())),
    )


def _score_quantity(
    quantity: Quantity, context: Context, usable: Literal["yes", "limited", "no"], site: Sequence[Controls]
) -> Scored:
    if usable in UNUSABLE:
        return Scored(UNUSABLE[usable], None)
    if quantity.ratio_tcr is None:
        literature = find_norm(quantity.name, context)
        if isinstance(literature, Absence):
            return Scored(literature, None)
        return Scored(Absence("tcr-not-available", "tCr was not detected, so there is no ratio to compare."), None)
    if quantity.detected:
        return score(Case(quantity.name, quantity.ratio_tcr, context, usable), site)
    bound = _bound(quantity)
    if bound is not None:
        return score(Case(quantity.name, bound, context, usable, censored=True), site)
    sentence = f"{quantity.name} is not distinguishable from zero in this spectrum."
    return Scored(Absence("not-detected", sentence), None)


def _bound(quantity: Quantity) -> Ratio | None:
    """Upper bound of the ratio of a metabolite that was not detected; the error of the measurement is in it."""
    ratio, bound = quantity.ratio_tcr, quantity.upper_bound
    if ratio is None or bound is None or quantity.amplitude <= 0.0 or ratio.value <= 0.0:
        return None
    return Ratio(ratio.value * bound / quantity.amplitude, 0.0)


def _with_q(positions: Sequence[Position]) -> list[Position]:
    """The same positions with ``q`` among all informative ones that have a p value."""
    tested = [position.p for position in positions if _is_tested(position) and position.p is not None]
    q = iter(q_values(tested))
    return [replace(position, q=next(q)) if _is_tested(position) else position for position in positions]


def _is_tested(position: Position) -> TypeGuard[ZScore]:
    """Whether the position has a p value and could have seen something."""
    return isinstance(position, ZScore) and position.p is not None and position.informative is not False


def _counts(positions: Iterable[Position]) -> tuple[int, int, int]:
    """Comparisons that could have seen something, those flagged, and those that remain at the false discovery rate."""
    given = [position for position in positions if isinstance(position, ZScore) and position.informative is not False]
    remaining = (position for position in given if position.q is not None and position.q < FALSE_DISCOVERY_RATE)
    return len(given), sum(position.flag != "within" for position in given), len(list(remaining))


def _profile_parts(
    values: Iterable[tuple[str, Ratio, Position]], site: Sequence[Controls]
) -> list[tuple[Controls, dict[str, Ratio]]]:
    """The values scored by a site's controls, by these controls, in the order of first use."""
    by_norm = {controls.norm_id(name): controls for controls in site for name in controls.metabolites}
    parts: dict[str, tuple[Controls, dict[str, Ratio]]] = {}
    for metabolite, measured, position in values:
        controls = by_norm.get(position.norm_id) if isinstance(position, ZScore) else None
        if controls is not None:
            parts.setdefault(controls.id, (controls, {}))[1][metabolite] = measured
    return list(parts.values())


def _profile(region: str | None, parts: Sequence[tuple[Controls, Mapping[str, Ratio]]]) -> RegionProfile:
    profile = profile_distance(parts)
    if isinstance(profile, Absence):
        return RegionProfile(region, None, profile)
    return RegionProfile(region, profile, None)
