"""``/v1/norms`` and ``/v1/regions``: what results are compared with."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Annotated

from anyio.to_thread import run_sync
from fastapi import APIRouter, Depends, Query, Request, Response
from pydantic import ValidationError

from fitting.errors import ImplausibleParameter, UnusableControls, UnusableShare
from fitting.norms import literature_norms, norm_version, regions
from fitting.sites import kind_of, read_share
from fitting.sites.share import KIND
from service.access.route_access import Access
from service.api.control_analyses import norm_of_analyses
from service.api.dependencies import Caller, Repository, SharedNorms, SiteNorms
from service.api.norm_schemas import (
    CohortOut,
    GapOut,
    NormList,
    NormOut,
    NormWithCohorts,
    RegionList,
    RegionOut,
    SharedNormOut,
    SiteNormOut,
    norm_facts,
    shared_norm_out,
    site_norm_out,
)
from service.api.problems import responses
from service.errors import UnknownAnalysis, UnknownNorm
from service.problem_documents import refused_body
from service.schemas.site_norms import NormRequest
from service.storage.repositories import AnalysisRepository
from service.storage.shared_norms import SharedNormRepository
from service.storage.site_norms import SiteNormRepository

router = APIRouter(prefix="/v1", tags=["norms"])

_SHARE_ID = re.compile(r"[0-9a-f]{64}")
_BODY = {
    "required": True,
    "content": {
        "application/json": {
            "schema": {
                "anyOf": [
                    {"$ref": "#/components/schemas/NormRequest"},
                    {
                        "type": "object",
                        "required": ["kind", "checksum"],
                        "properties": {"kind": {"const": KIND}, "checksum": {"type": "string"}},
                        "description": "Content of a SHARE.json, as mrsquant calibrate --share writes it.",
                    },
                ]
            }
        }
    },
}


@dataclass(frozen=True, slots=True)
class NormStores:
    """The norms of the caller's project."""

    own: SiteNormRepository
    shared: SharedNormRepository
    project: str


async def _stores(site_norms: SiteNorms, shared_norms: SharedNorms, caller: Caller) -> NormStores:
    return NormStores(site_norms, shared_norms, caller.project)


Stores = Annotated[NormStores, Depends(_stores)]


@router.get(
    "/norms", dependencies=[Depends(Access("any", note="refusals"))], summary="List norms", responses=responses()
)
def list_norms(
    site_norms: SiteNorms,
    shared_norms: SharedNorms,
    caller: Caller,
    region: Annotated[str | None, Query(max_length=64, description="Name of a region.")] = None,
    metabolite: Annotated[str | None, Query(max_length=16, description="Name of a metabolite or sum.")] = None,
) -> NormList:
    """Every published norm, those included that are too thin for a z-score, the site's own, and shared ones."""
    found = (
        norm
        for norm in literature_norms()
        if (region is None or norm.region == region) and (metabolite is None or norm.metabolite == metabolite)
    )
    shared = (
        stored
        for stored in shared_norms.newest(caller.project)
        if any(
            region in (None, part.region) and metabolite in (None, *(item.name for item in part.metabolites))
            for part in stored.share.regions
        )
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
        shared=tuple(shared_norm_out(stored) for stored in shared),
    )


@router.post(
    "/norms",
    name="add_norm",
    dependencies=[Depends(Access("admin", note="change"))],
    status_code=201,
    summary="Post a site's own controls, or what another laboratory shared",
    response_description="A new version; `Location` is where to read it.",
    responses={
        200: {
            "model": SiteNormOut | SharedNormOut,
            "description": "The newest version holds the same controls already.",
        },
        **responses(UnusableControls, UnusableShare, ImplausibleParameter, UnknownAnalysis),
    },
    openapi_extra={"requestBody": _BODY},
)
async def post_norm(
    request: Request, response: Response, stores: Stores, repository: Repository
) -> SiteNormOut | SharedNormOut:
    """Make a norm of a site's own controls: individual values, or analyses of healthy people.

    Later analyses of the same region, side, field, sequence, echo time and software version are compared with it
    before published norms. A version is never changed; posting under the same name makes the next one.

    A file of shared norms (``SHARE.json`` of ``mrsquant calibrate --share``) is taken as one more laboratory of the
    control model, for every later comparison with published people.
    """
    content = await request.body()
    answer, is_new = await run_sync(_stored, content, stores, repository)
    response.status_code = 201 if is_new else 200
    response.headers["Location"] = f"/v1/norms/{answer.id}"
    return answer


def _stored(
    content: bytes, stores: NormStores, repository: AnalysisRepository
) -> tuple[SiteNormOut | SharedNormOut, bool]:
    if kind_of(content) is not None:
        stored, is_new = stores.shared.add(read_share(content, "the body"), stores.project)
        return shared_norm_out(stored), is_new
    try:
        asked = NormRequest.model_validate_json(content)
    except ValidationError as error:
        raise refused_body(error) from error
    return stored_norm(asked, stores, repository)


def stored_norm(asked: NormRequest, stores: NormStores, repository: AnalysisRepository) -> tuple[SiteNormOut, bool]:
    """The version that holds these controls, and whether it is new.

    Raises
    ------
    UnusableControls, ImplausibleParameter
        When they make none.
    UnknownAnalysis
        When there is no such analysis.
    """
    if asked.analyses is not None:
        norm = norm_of_analyses([repository.get(str(item), with_result=True) for item in asked.analyses])
    else:
        norm = asked.norm_of_controls()
    row, is_new = stores.own.add(asked.name, norm, stores.project)
    return site_norm_out(row), is_new


@router.get(
    "/norms/{norm_id:path}",
    dependencies=[Depends(Access("any", note="refusals"))],
    summary="Read a norm",
    responses=responses(UnknownNorm),
)
def get_norm(norm_id: str, stores: Stores) -> NormWithCohorts | SiteNormOut | SharedNormOut:
    """A published norm with its studies, any version of a site's own, or what another laboratory shared."""
    for norm in literature_norms():
        if norm.id == norm_id:
            cohorts = tuple(CohortOut.model_validate(cohort) for cohort in norm.cohorts)
            return NormWithCohorts.model_validate({**norm_facts(norm), "cohorts": cohorts})
    if _SHARE_ID.fullmatch(norm_id):
        return shared_norm_out(stores.shared.get(norm_id, stores.project))
    return site_norm_out(stores.own.get(norm_id, stores.project))


@router.delete(
    "/norms/{norm_id:path}",
    dependencies=[Depends(Access("admin", note="change"))],
    status_code=204,
    summary="Withdraw a site's norm, or a shared one",
    responses=responses(UnknownNorm),
)
def withdraw_norm(norm_id: str, stores: Stores) -> None:
    """Forget the controls of one version for good; no later analysis uses it, and its id is never given again."""
    if _SHARE_ID.fullmatch(norm_id):
        stores.shared.withdraw(norm_id, stores.project)
    else:
        stores.own.withdraw(norm_id, stores.project)


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
