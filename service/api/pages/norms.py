"""``/norms``: what results are compared with."""

from __future__ import annotations

from fastapi import Request
from fastapi.responses import HTMLResponse

from fitting.norms import norm_catalogue, norm_version, regions
from service.api.pages.frame import page, page_router

router = page_router()


@router.get("/norms")
def norms_page(request: Request) -> HTMLResponse:
    """The shipped norms by region, those included that are too thin for a z-score."""
    labels = {region.name: region.label for region in regions()}
    catalogue = norm_catalogue()
    groups = [
        (name, labels.get(name, name), [norm for norm in catalogue if norm.region == name])
        for name in dict.fromkeys(norm.region for norm in catalogue)
    ]
    return page("norms.html", request=request, groups=groups, version=norm_version())
