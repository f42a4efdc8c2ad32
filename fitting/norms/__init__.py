"""Norms: the position of a person's values among controls, a site's own or published ones, or why there is none."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Literal

from fitting.norms.assessment import Absence, Assessment, NormUsed, ProfileDistance, ZScore
from fitting.norms.case import OWN_SOFTWARE, Case, own_software
from fitting.norms.evidence import evidence
from fitting.norms.literature import Norm, literature_norms
from fitting.norms.matching import UNIT, find_norm, site_conflict
from fitting.norms.multiplicity import FALSE_DISCOVERY_RATE, profile_distance, with_q
from fitting.norms.regions import Region, find_region, regions
from fitting.norms.scoring import UNUSABLE, Scored, score_case
from fitting.norms.site import SiteNorm, site_version
from fitting.norms.tables import norm_version
from fitting.quantification.concentrations import Quantity, Ratio
from fitting.signal import Acquisition
from fitting.subject import Subject

__all__ = [
    "Case",
    "Norm",
    "Region",
    "Scored",
    "SiteNorm",
    "applicable_norms",
    "assess",
    "find_region",
    "norm_catalogue",
    "norm_version",
    "own_software",
    "regions",
    "score",
    "score_case",
]

FLAGS_ONE_IN = 20
"""Healthy people outside a 95 % reference interval: one in this many."""


def assess(
    quantities: tuple[Quantity, ...],
    subject: Subject,
    acquisition: Acquisition,
    usable: Mapping[str, Literal["yes", "limited", "no"]],
    *,
    site_norms: Sequence[SiteNorm] = (),
    software: str = OWN_SOFTWARE,
) -> Assessment:
    """Compare every quantity with the norm that matches, and say why where none is applied.

    ``tests`` counts the z-scores that are given, ``expected_by_chance`` is 5 % of them, ``flagged_q`` those whose
    Benjamini-Hochberg q is below 5 %. Sums and their members are compared separately and all count, though they
    are not independent.

    Parameters
    ----------
    quantities : tuple of Quantity
    subject : Subject
        Region, age, sex and tissue decide; all may be missing.
    acquisition : Acquisition
        Field, echo time and, for own controls, the sequence decide; all may be missing.
    usable : mapping of str to {"yes", "limited", "no"}
        The verdict on each quantity; z-scores are given for ``yes`` only.
    site_norms : sequence of SiteNorm
        The newest versions of the site's own controls; those that match have priority.
    software : str
        What computed the quantities, with version and method.

    Returns
    -------
    Assessment
        With an entry for every quantity.
    """
    whose = Case("", Ratio(1.0, 0.0), UNIT, subject, acquisition, software)
    answers = {
        item.name: _score_quantity(item, replace(whose, usable=usable[item.name]), site_norms) for item in quantities
    }
    scores = with_q({name: answer.position for name, answer in answers.items()})
    given = [position for position in scores.values() if isinstance(position, ZScore)]
    used: dict[str, NormUsed] = {answer.norm.id: answer.norm for answer in answers.values() if answer.norm is not None}
    place = None if subject.region is None else find_region(subject.region)
    return Assessment(
        scores=scores,
        norms=tuple(used.values()),
        norms_not_used=tuple(item for answer in answers.values() for item in answer.not_used),
        norm_version=norm_version() + site_version(site_norms),
        tests=len(given),
        expected_by_chance=len(given) / FLAGS_ONE_IN,
        flagged=sum(position.flag != "within" for position in given),
        flagged_q=sum(position.q is not None and position.q < FALSE_DISCOVERY_RATE for position in given),
        profile=_profile(quantities, scores, site_norms),
        evidence=() if place is None else evidence(place.region.name, frozenset(scores)),
    )


def score(
    metabolite: str, ratio: Ratio, subject: Subject, acquisition: Acquisition
) -> tuple[ZScore | Absence, Norm | None]:
    """Position of one ratio to tCr among published controls, and the norm behind it.

    Parameters
    ----------
    metabolite : str
    ratio : Ratio
        Ratio of concentrations to tCr (not of peak areas) with its standard deviation.
    subject : Subject
    acquisition : Acquisition

    Returns
    -------
    position : ZScore or Absence
    norm : Norm or None
        None when no norm matches; a norm that is too thin for a z-score is returned with the Absence.

    Raises
    ------
    ImplausibleParameter
        When the ratio is not positive or its standard deviation negative, or either is not finite.
    """
    case = Case(metabolite, ratio, UNIT, subject, acquisition)
    answer = score_case(case)
    norm = find_norm(case)
    return answer.position, None if isinstance(norm, Absence) else norm


def norm_catalogue() -> tuple[Norm, ...]:
    """Every published norm with its studies, also those too thin, or in a unit, that no z-score is given for."""
    return literature_norms()


def applicable_norms(
    subject: Subject, acquisition: Acquisition, site_norms: Sequence[SiteNorm] = ()
) -> tuple[str, ...]:
    """Ids of the norms that would be applied to a spectrum: own controls, then best grade and most studies first."""
    whose = Case("", Ratio(1.0, 0.0), UNIT, subject, acquisition, OWN_SOFTWARE)
    own = [norm for norm in site_norms if site_conflict(norm, whose) is None]
    candidates = {norm.metabolite for norm in literature_norms() if norm.unit == UNIT}
    covered = {name for norm in own for name in norm.metabolites}
    found = (find_norm(replace(whose, metabolite=metabolite)) for metabolite in candidates - covered)
    norms = [norm for norm in found if isinstance(norm, Norm) and norm.supports_z]
    published = sorted(norms, key=lambda norm: (norm.grade, -norm.studies, norm.id))
    return tuple(norm.norm_id(name) for norm in own for name in norm.metabolites) + tuple(n.id for n in published)


def _score_quantity(quantity: Quantity, whose: Case, site_norms: Sequence[SiteNorm]) -> Scored:
    if whose.usable in UNUSABLE:
        return Scored(UNUSABLE[whose.usable], None)
    if quantity.ratio_tcr is not None and quantity.detected:
        return score_case(replace(whose, metabolite=quantity.name, measured=quantity.ratio_tcr), site_norms)
    literature = find_norm(replace(whose, metabolite=quantity.name))
    if isinstance(literature, Absence):
        return Scored(literature, None)
    if not quantity.detected:
        sentence = f"{quantity.name} is not distinguishable from zero in this spectrum."
        return Scored(Absence("not-detected", sentence), None)
    return Scored(Absence("tcr-not-available", "tCr was not detected, so there is no ratio to compare."), None)


def _profile(
    quantities: tuple[Quantity, ...], scores: dict[str, ZScore | Absence], site_norms: Sequence[SiteNorm]
) -> ProfileDistance | Absence:
    """The distance from the controls of the one site norm behind the scores; the first if there are several."""
    by_id = {norm.norm_id(name): norm for norm in site_norms for name in norm.metabolites}
    ratios = {item.name: item.ratio_tcr for item in quantities if item.ratio_tcr is not None}
    values: dict[str, dict[str, Ratio]] = {}
    for name, position in scores.items():
        if isinstance(position, ZScore) and position.norm_id in by_id:
            values.setdefault(by_id[position.norm_id].id, {})[name] = ratios[name]
    norm = next((norm for norm in site_norms if norm.id in values), None)
    return profile_distance(() if norm is None else ((norm, values[norm.id]),))
