"""``/v1/scores``: the position of values that other programs measured."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated

from fastapi import APIRouter, Depends
from pydantic import Field

from fitting import norms
from fitting.analysis import NOTICE
from fitting.errors import ImplausibleParameter
from fitting.norms import Controls, FurtherLaboratory
from fitting.norms.contrasts import Contrast
from fitting.norms.together import RegionProfile
from service.access.route_access import Access
from service.api.dependencies import Caller, SharedNorms, SiteNorms, Sites
from service.api.problems import responses
from service.schemas.bounded import Input, Output
from service.schemas.scores import ScoreOut, ScoreRequest, score_out
from service.storage.shared_norms import SharedNormRepository
from service.storage.site_norms import SiteNormRepository
from service.storage.sites import SiteRepository

router = APIRouter(prefix="/v1", tags=["scores"])


@dataclass(frozen=True, slots=True)
class _Norms:
    """What the caller's project compares values with."""

    sites: SiteRepository
    site_norms: SiteNormRepository
    shared_norms: SharedNormRepository
    project: str

    def controls(self) -> tuple[Controls, ...]:
        """People of the project's scanners and norms, newest scanner first."""
        calibrated = (controls for stored in self.sites.newest(self.project) for controls in stored.site.controls)
        return (*calibrated, *self.site_norms.newest(self.project))

    def laboratories(self) -> tuple[FurtherLaboratory, ...]:
        """Others that shared their norms; the project's own scanners are left out, whose people count themselves."""
        own = {stored.site.name for stored in self.sites.newest(self.project)}
        return tuple(item for item in self.shared_norms.newest_at(self.project) if item.name not in own)


async def _norms(sites: Sites, site_norms: SiteNorms, shared_norms: SharedNorms, caller: Caller) -> _Norms:
    return _Norms(sites, site_norms, shared_norms, caller.project)


Stores = Annotated[_Norms, Depends(_norms)]


@router.post(
    "/scores",
    name="score_value",
    dependencies=[Depends(Access("submit", note="change"))],
    summary="Score a value of any program",
    responses=responses(ImplausibleParameter),
)
def score(request: ScoreRequest, norms_of: Stores) -> ScoreOut:
    """Position of one value among controls given with it, else the site's own, else published ones, else none.

    A z-score that is not justified is absent with the reason. Nothing is stored.
    """
    case = request.case(norms_of.laboratories())
    controls = request.supplied() or norms_of.controls()
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
    name="score_values",
    dependencies=[Depends(Access("submit", note="change"))],
    summary="Score several values together",
    responses=responses(ImplausibleParameter),
)
def score_set(request: ScoreSetRequest, norms_of: Stores) -> ScoreSetOut:
    """Every value's position, how many flags chance alone would raise, and the distance of the whole profile."""
    site, laboratories = norms_of.controls(), norms_of.laboratories()
    cases = [item.case(laboratories) for item in request.scores]
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
