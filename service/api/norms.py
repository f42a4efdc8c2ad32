"""``/v1/norms`` and ``/v1/regions``: what results are compared with."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Depends, Query, Response

from fitting.errors import ImplausibleParameter, UnusableControls
from fitting.norms import literature_norms, norm_version, regions
from service.access.route_access import Access
from service.api.control_analyses import norm_of_analyses
from service.api.dependencies import Caller, Repository, SiteNorms
from service.api.norm_schemas import (
    CohortOut,
    GapOut,
    NormList,
    NormOut,
    NormWithCohorts,
    RegionList,
    RegionOut,
    SiteNormOut,
    norm_facts,
    site_norm_out,
)
from service.api.problems import responses
from service.errors import UnknownAnalysis, UnknownNorm
from service.schemas.site_norms import NormRequest

router = APIRouter(prefix="/v1", tags=["norms"])


@router.get(
    "/norms", dependencies=[Depends(Access("any", note="refusals"))], summary="List norms", responses=responses()
)
def list_norms(
    site_norms: SiteNorms,
    caller: Caller,
    region: Annotated[str | None, Query(max_length=64, description="Name of a region.")] = None,
    metabolite: Annotated[str | None, Query(max_length=16, description="Name of a metabolite or sum.")] = None,
) -> NormList:
    """Every published norm, those included that are too thin for a z-score, and the site's own."""
    found = (
        norm
        for norm in literature_norms()
        if (region is None or norm.region == region) and (metabolite is None or norm.metabolite == metabolite)
    )
    own = (
        site_norms.get(norm.id, caller.project)
        for norm in site_norms.newest(caller.project)
        if (region is None or norm.region == region) and (metabolite is None or metabolite in norm.metabolites)
    )
    return NormList(
        version=norm_version(),
        items=tuple(NormOut.model_validate(norm_facts(norm)) for norm in found),
        site=tuple(site_norm_out(row) for row in own),
    )


@router.post(
    "/norms",
    dependencies=[Depends(Access("admin", note="change"))],
    status_code=201,
    summary="Post a site's own controls",
    response_description="A new version; `Location` is where to read it.",
    responses={
        200: {"model": SiteNormOut, "description": "The newest version holds the same controls already."},
        **responses(UnusableControls, ImplausibleParameter, UnknownAnalysis),
    },
)
def post_norm(
    request: NormRequest, response: Response, site_norms: SiteNorms, repository: Repository, caller: Caller
) -> SiteNormOut:
    """Make a norm of a site's own controls: individual values, or analyses of healthy people.

    Later analyses of the same region, side, field, sequence, echo time and software version are compared with it
    before published norms. A version is never changed; posting under the same name makes the next one.
    """
    if request.analyses is not None:
        norm = norm_of_analyses([repository.get(str(item), with_result=True) for item in request.analyses])
    else:
        norm = request.norm_of_controls()
    row, is_new = site_norms.add(request.name, norm, caller.project)
    answer = site_norm_out(row)
    response.status_code = 201 if is_new else 200
    response.headers["Location"] = f"/v1/norms/{answer.id}"
    return answer


@router.get(
    "/norms/{norm_id:path}",
    dependencies=[Depends(Access("any", note="refusals"))],
    summary="Read a norm",
    responses=responses(UnknownNorm),
)
def get_norm(norm_id: str, site_norms: SiteNorms, caller: Caller) -> NormWithCohorts | SiteNormOut:
    """A published norm with its studies, or any version of a site's own."""
    for norm in literature_norms():
        if norm.id == norm_id:
            cohorts = tuple(CohortOut.model_validate(cohort) for cohort in norm.cohorts)
            return NormWithCohorts.model_validate({**norm_facts(norm), "cohorts": cohorts})
    return site_norm_out(site_norms.get(norm_id, caller.project))


@router.delete(
    "/norms/{norm_id:path}",
    dependencies=[Depends(Access("admin", note="change"))],
    status_code=204,
    summary="Withdraw a site's norm",
    responses=responses(UnknownNorm),
)
def withdraw_norm(norm_id: str, site_norms: SiteNorms, caller: Caller) -> None:
    """Forget the controls of one version for good; no later analysis uses it, and its id is never given again."""
    site_norms.withdraw(norm_id, caller.project)


@router.get(
    "/regions", dependencies=[Depends(Access("any", note="refusals"))], summary="List regions", responses=responses()
)
def list_regions() -> RegionList:
    """The regions of the brain with norms or known gaps, and the names they go by."""
    items = (
        RegionOut(
            name=region.name,
            label=region.label,
            synonyms=region.synonyms,
            hemispheres=region.hemispheres,
            subregions=tuple(part.name for part in region.subregions),
            gaps=tuple(GapOut.model_validate(gap) for gap in region.gaps),
        )
        for region in regions()
    )
    return RegionList(items=tuple(items))
