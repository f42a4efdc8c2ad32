"""Several values of one person scored together: what chance alone would flag, and the distance of profiles."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from fitting.norms.assessment import Absence, ProfileDistance, ZScore
from fitting.norms.case import Case
from fitting.norms.multiplicity import FALSE_DISCOVERY_RATE, profile_distance, with_q
from fitting.norms.position import LEVEL
from fitting.norms.scoring import Scored, score_case
from fitting.norms.site import SiteNorm
from fitting.norms.supplied import SuppliedControls, SuppliedStudies
from fitting.quantification.concentrations import Ratio


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


def score_together(
    cases: Sequence[tuple[Case, SuppliedControls | SuppliedStudies | None]], site_norms: Sequence[SiteNorm] = ()
) -> ScoredTogether:
    """Score each value and count.

    Parameters
    ----------
    cases : sequence of (Case, supplied controls or None)
        Values of one person: metabolites, regions or both.
    site_norms : sequence of SiteNorm

    Raises
    ------
    ImplausibleParameter
        When a value, its unit or supplied controls cannot be.
    """
    answers = [score_case(case, site_norms, supplied) for case, supplied in cases]
    positions = with_q({str(index): answer.position for index, answer in enumerate(answers)})
    answered = tuple(replace(answer, position=positions[str(index)]) for index, answer in enumerate(answers))
    given = [answer.position for answer in answered if isinstance(answer.position, ZScore)]
    return ScoredTogether(
        answers=answered,
        tests=len(given),
        expected_by_chance=(1.0 - LEVEL) * len(given),
        flagged=sum(position.flag != "within" for position in given),
        flagged_q=sum(position.q is not None and position.q < FALSE_DISCOVERY_RATE for position in given),
        profiles=_profiles([case for case, _ in cases], answered, site_norms),
    )


def _profiles(
    cases: Sequence[Case], answers: Sequence[Scored], site_norms: Sequence[SiteNorm]
) -> tuple[RegionProfile, ...]:
    by_id = {norm.norm_id(name): norm for norm in site_norms for name in norm.metabolites}
    values: dict[str, tuple[SiteNorm, dict[str, Ratio]]] = {}
    for case, answer in zip(cases, answers, strict=True):
        norm = by_id.get(answer.position.norm_id) if isinstance(answer.position, ZScore) else None
        if norm is not None:
            values.setdefault(norm.id, (norm, {}))[1][case.metabolite] = case.measured
    parts = list(values.values())
    found = [_profile(norm.region, ((norm, measured),)) for norm, measured in parts]
    return (*found, _profile(None, parts)) if len(parts) != 1 else tuple(found)


def _profile(region: str | None, parts: Sequence[tuple[SiteNorm, dict[str, Ratio]]]) -> RegionProfile:
    profile = profile_distance(parts)
    if isinstance(profile, Absence):
        return RegionProfile(region, None, profile)
    return RegionProfile(region, profile, None)
