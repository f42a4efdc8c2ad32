"""``/v1/scores``: the position of values that other programs measured."""

from __future__ import annotations

from fastapi import APIRouter, Depends
from pydantic import Field

from fitting import norms
from fitting.analysis import NOTICE
from fitting.errors import ImplausibleParameter
from fitting.norms import Controls
from fitting.norms.contrasts import Contrast
from fitting.norms.together import RegionProfile
from service.access.route_access import Access
from service.api.dependencies import Caller, SiteNorms, Sites
from service.api.problems import responses
from service.schemas.scores import Input, Output, ScoreOut, ScoreRequest, score_out
from service.storage.site_norms import SiteNormRepository
from service.storage.sites import SiteRepository

router = APIRouter(prefix="/v1", tags=["scores"])


@router.post(
    "/scores",
    dependencies=[Depends(Access("submit", note="change"))],
    summary="Score a value of any program",
    responses=responses(ImplausibleParameter),
)
def score(request: ScoreRequest, site_norms: SiteNorms, sites: Sites, caller: Caller) -> ScoreOut:
    """Position of one value among controls given with it, else the site's own, else published ones, else none.

    A z-score that is not justified is absent with the reason. Nothing is stored.
    """
    case = request.case()
    controls = request.supplied() or _own(site_norms, sites, caller.project)
    return score_out(request, case, norms.score(case, controls))


class ScoreSetRequest(Input):
    """Values of one person that are looked at together: metabolites, regions or both."""

    scores: list[ScoreRequest] = Field(min_length=1, max_length=200)
    """The values."""


class ScoreSetOut(Output):
    """Each value's position, with what so many comparisons mean."""

    items: tuple[ScoreOut, ...]
    """In the order of the request; ``q`` is adjusted among all of them."""
    tests: int
    """Comparisons with a norm."""
    expected_by_chance: float
    """Flags expected if nothing were different."""
    flagged: int
    """Flags raised."""
    flagged_q: int
    """Flags that remain when a false discovery rate of 5 % is kept."""
    profiles: tuple[RegionProfile, ...]
    """Distance of each region's values from own controls, and of all regions' together."""
    contrasts: tuple[Contrast, ...]
    """Contrasts of values of one laboratory that differ in side, region or metabolite: its offset cancels in them. Not
    counted in ``tests``."""
    notice: str = Field(examples=[NOTICE])
    """What this answer must not be used for."""


@router.post(
    "/score-sets",
    dependencies=[Depends(Access("submit", note="change"))],
    summary="Score several values together",
    responses=responses(ImplausibleParameter),
)
def score_set(request: ScoreSetRequest, site_norms: SiteNorms, sites: Sites, caller: Caller) -> ScoreSetOut:
    """Every value's position, how many flags chance alone would raise, and the distance of the whole profile."""
    site = _own(site_norms, sites, caller.project)
    cases = [item.case() for item in request.scores]
    controls = [item.supplied() or site for item in request.scores]
    together = norms.score_together(list(zip(cases, controls, strict=True)))
    answers = zip(request.scores, cases, together.answers, strict=True)
    return ScoreSetOut(
        items=tuple(score_out(*answer) for answer in answers),
        tests=together.tests,
        expected_by_chance=together.expected_by_chance,
        flagged=together.flagged,
        flagged_q=together.flagged_q,
        profiles=together.profiles,
        contrasts=together.contrasts,
        notice=NOTICE,
    )


def _own(site_norms: SiteNormRepository, sites: SiteRepository, project: str) -> tuple[Controls, ...]:
    """People of the project's scanners and norms, newest scanner first."""
    calibrated = (controls for stored in sites.newest(project) for controls in stored.site.controls)
    return (*calibrated, *site_norms.newest(project))
