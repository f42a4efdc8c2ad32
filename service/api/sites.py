"""``/v1/sites``: scanners that are calibrated with their own healthy people."""

from __future__ import annotations

from typing import Annotated

from anyio.to_thread import run_sync
from fastapi import APIRouter, Depends, Path, Request, Response
from pydantic import ValidationError

from fitting.errors import UnusableControls, UnusableShare, UnusableSite
from fitting.sites import kind_of, read_site, share_of
from fitting.sites.site import KIND
from service.access.route_access import Access
from service.api.dependencies import Caller, Repository, Sites
from service.api.problems import responses
from service.api.site_schemas import ShareProfile, SiteList, SiteOut, SiteProfile, SiteRequest, site_out
from service.errors import UnknownAnalysis, UnknownSite
from service.problem_documents import refused_body
from service.storage.repositories import AnalysisRepository
from service.storage.site_analyses import site_of_analyses
from service.storage.sites import SiteRepository, StoredSite

router = APIRouter(prefix="/v1/sites", tags=["sites"])

SiteId = Annotated[str, Path(pattern=r"^[0-9a-f]{64}$", description="Id of a calibration.")]
_BODY = {
    "required": True,
    "content": {
        "application/json": {
            "schema": {
                "anyOf": [
                    {"$ref": "#/components/schemas/SiteRequest"},
                    {
                        "type": "object",
                        "required": ["kind", "checksum"],
                        "properties": {"kind": {"const": KIND}, "checksum": {"type": "string"}},
                        "description": "Content of a SITE.json, as mrsquant calibrate writes it.",
                    },
                ]
            }
        }
    },
}


@router.get("", dependencies=[Depends(Access("read", note="refusals"))], summary="List scanners", responses=responses())
def list_sites(sites: Sites, caller: Caller) -> SiteList:
    """The calibrated scanners: what each holds for, its controls in numbers and their calibration."""
    return SiteList(items=tuple(site_out(stored) for stored in sites.newest(caller.project)))


@router.post(
    "",
    name="make_site",
    dependencies=[Depends(Access("admin", note="change"))],
    status_code=201,
    summary="Calibrate a scanner",
    response_description="A new calibration; `Location` is where to read it.",
    responses={
        200: {"model": SiteOut, "description": "The newest calibration of this name is the same."},
        **responses(UnusableControls, UnusableSite, UnknownAnalysis),
    },
    openapi_extra={"requestBody": _BODY},
)
async def post_site(
    request: Request, response: Response, sites: Sites, repository: Repository, caller: Caller
) -> SiteOut:
    """Calibrate a scanner with analyses of its own healthy people, or store a file that mrsquant calibrate made.

    Later analyses of the same scanner, protocol and processing are compared with these people. What is no control is
    left out and listed with the reason.
    """
    content = await request.body()
    stored, is_new = await run_sync(_stored, content, sites, repository, caller.project)
    answer = await run_sync(site_out, stored)
    response.status_code = 201 if is_new else 200
    response.headers["Location"] = f"/v1/sites/{answer.id}"
    return answer


@router.get(
    "/{site_id}",
    dependencies=[Depends(Access("read", note="list"))],
    summary="Read a calibration",
    response_model=SiteProfile,
    responses=responses(UnknownSite),
)
def get_site(site_id: SiteId, sites: Sites, caller: Caller) -> Response:
    """The file ``SITE.json``, for ``--site`` of the commands and for other services: its bytes have this SHA-256.

    It holds the values of the controls under their pseudonyms.
    """
    site = sites.get(site_id, caller.project).site
    headers = {"Content-Disposition": f'attachment; filename="{site.name}.json"'}
    return Response(site.content, media_type="application/json", headers=headers)


@router.get(
    "/{site_id}/share",
    name="get_site_share",
    dependencies=[Depends(Access("read", note="refusals"))],
    summary="Read what others may pool",
    response_model=ShareProfile,
    responses=responses(UnknownSite, UnusableShare),
)
def get_share(site_id: SiteId, sites: Sites, caller: Caller) -> Response:
    """Numbers of people, means, spreads and covariances by region: a further laboratory for the norms of others.

    It holds no person; regions with fewer than three controls are not in it.
    """
    share = share_of(sites.get(site_id, caller.project).site)
    headers = {"Content-Disposition": f'attachment; filename="{share.name}-share.json"'}
    return Response(share.content, media_type="application/json", headers=headers)


@router.delete(
    "/{site_id}",
    dependencies=[Depends(Access("admin", note="change"))],
    status_code=204,
    summary="Withdraw a calibration",
    responses=responses(UnknownSite),
)
def withdraw_site(site_id: SiteId, sites: Sites, caller: Caller) -> None:
    """Forget its controls for good; no later analysis uses it."""
    sites.withdraw(site_id, caller.project)


def _stored(
    content: bytes, sites: SiteRepository, repository: AnalysisRepository, project: str
) -> tuple[StoredSite, bool]:
    if kind_of(content) is not None:
        return sites.add(read_site(content, "the body"), {}, project)
    try:
        asked = SiteRequest.model_validate_json(content)
    except ValidationError as error:
        raise refused_body(error) from error
    return calibrated(asked, sites, repository, project)


def calibrated(
    asked: SiteRequest, sites: SiteRepository, repository: AnalysisRepository, project: str
) -> tuple[StoredSite, bool]:
    """The calibration of stored analyses, and whether it is new.

    Raises
    ------
    UnusableControls
        When they make none.
    UnknownAnalysis
        When there is no such analysis.
    """
    rows = [repository.get(str(item), with_result=True) for item in dict.fromkeys(asked.analyses)]
    site, sources = site_of_analyses(asked.name, rows)
    return sites.add(site, sources, project)
