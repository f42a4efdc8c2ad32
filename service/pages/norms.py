"""``/norms``: what results are compared with, published and the site's own, and a form to add controls."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Annotated

from fastapi import Depends, Form, Query, Request
from fastapi.responses import HTMLResponse, RedirectResponse, Response

from fitting.errors import FittingError
from fitting.norms import literature_norms, norm_version, regions
from fitting.run.completion import SEQUENCES
from service.access.route_access import Access
from service.api.dependencies import Repository
from service.api.norm_schemas import shared_norm_out, site_norm_out
from service.api.norms import NormStores, Stores, stored_norm
from service.errors import ServiceProblem
from service.pages.control_form import FACTS, FIELDS, ControlForm, request_of
from service.pages.control_lines import ControlLine, chosen_lines
from service.pages.frame import page, page_router
from service.reports.studies import studies_behind

UNITS = ("tCr", "mM", "IU")

router = page_router()


@dataclass(frozen=True, slots=True)
class _Form:
    """The form as it was sent, the analyses chosen as controls, and what is wrong by field."""

    given: Mapping[str, str]
    lines: Sequence[ControlLine]
    errors: Mapping[str, str]


@router.get("/norms", dependencies=[Depends(Access("read", note="list", is_page=True))])
def norms_page(
    request: Request,
    stores: Stores,
    repository: Repository,
    chosen: Annotated[list[str], Query(alias="with")] = [],  # noqa: B006 (FastAPI copies it)
) -> HTMLResponse:
    """Every norm; ``with`` fills in analyses that were chosen as controls."""
    lines = chosen_lines(repository, [one[:36] for one in chosen])
    return _page(request, stores, _Form(dict.fromkeys(FIELDS, ""), lines, {}))


@router.post("/norms", dependencies=[Depends(Access("admin", note="change"))])
def add_controls(
    request: Request,
    stores: Stores,
    repository: Repository,
    form: Annotated[ControlForm, Form()],
) -> Response:
    """A new version of a site's norm; errors stand beside their fields."""
    given = {name: text.strip() for name, text in form.model_dump(exclude={"chosen"}).items()}
    chosen = [one[:36] for one in form.chosen]
    asked, errors = request_of({**given, "analyses": " ".join([*chosen, given["analyses"]]).strip()})
    if asked is not None:
        try:
            made, _ = stored_norm(asked, stores, repository)
        except (FittingError, ServiceProblem) as error:
            errors = {"analyses" if given["analyses"] or chosen else "csv": error.detail}
        else:
            return RedirectResponse(f"/norms#{made.name}", status_code=303)
    return _page(request, stores, _Form(given, chosen_lines(repository, chosen), errors), status_code=422)


def _page(
    request: Request,
    stores: NormStores,
    form: _Form,
    *,
    status_code: int = 200,
) -> HTMLResponse:
    labels = {region.name: region.label for region in regions()}
    catalogue = literature_norms()
    groups = [
        (name, labels.get(name, name), norms, studies_behind(norms))
        for name in dict.fromkeys(norm.region for norm in catalogue)
        for norms in [[norm for norm in catalogue if norm.region == name]]
    ]
    own = [site_norm_out(stores.own.get(norm.id, stores.project)) for norm in stores.own.newest(stores.project)]
    return page(
        "norms.html",
        status_code=status_code,
        request=request,
        groups=groups,
        version=norm_version(),
        own=own,
        shared=[shared_norm_out(stored) for stored in stores.shared.newest(stores.project)],
        given=form.given,
        errors=form.errors,
        lines=form.lines,
        regions=regions(),
        sequences=SEQUENCES,
        units=UNITS,
        columns=FACTS,
    )
