"""``/upload``: a spectrum with what is known of it; what was read is shown before anything is submitted."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

from anyio.to_thread import run_sync
from fastapi import Depends, Request
from fastapi.responses import HTMLResponse, JSONResponse, RedirectResponse, Response
from pydantic import ValidationError
from starlette.datastructures import FormData, UploadFile

from fitting.errors import FittingError
from fitting.io import READERS
from fitting.norms import regions
from fitting.run.check import check_document
from service.access.route_access import Access
from service.api.analyses import validate
from service.api.dependencies import Caller, CurrentSettings, Dispatch, Repository, RequestId, SiteNorms, Sites
from service.api.intake import read_form, refuse_unrecognised, uploaded_files
from service.errors import ServiceProblem
from service.pages import preview
from service.pages.form_fields import FIELDS, GROUPS, FieldGroup, field_at, field_named, request_of
from service.pages.frame import page, page_router, room
from service.pages.region_hint import meant_region
from service.pages.upload_scans import proposed_scans
from service.schemas.analysis_request import AnalysisRequest
from service.storage.files import IMAGE_ROLES, INPUTS, StoredFile
from service.storage.repositories import Submission

_FILES = INPUTS
_IDENTITY = re.compile(r"looks like (a [a-z ]+);")
"""How a refused pseudonym says what it looks like, without repeating it."""
MOST_FILES = 2000

router = page_router()


@dataclass(frozen=True, slots=True)
class _Form:
    """A form as it was sent, and what is wrong with it by field; ``form`` is about all of it."""

    given: Mapping[str, str]
    files: tuple[StoredFile, ...]
    document: dict[str, Any]
    errors: Mapping[str, str]


@router.get("/upload", dependencies=[Depends(Access("read", note="refusals", is_page=True))])
def upload_page(request: Request) -> HTMLResponse:
    """An empty form; a query such as ``?subject=sub-017`` fills in what is known."""
    known = {field.name: request.query_params.get(field.name, "")[:64] for field in FIELDS}
    return _page(request, known, {})


@router.post("/upload", dependencies=[Depends(Access("submit", note="change"))])
async def upload(
    *,
    request: Request,
    repository: Repository,
    dispatcher: Dispatch,
    settings: CurrentSettings,
    request_id: RequestId,
    site_norms: SiteNorms,
    sites: Sites,
    caller: Caller,
) -> Response:
    """Submit; on success the analysis' page, else the form again with what is wrong beside its field."""
    form = await _read(request)
    errors = dict(form.errors)
    try:
        await run_sync(refuse_unrecognised, form.files)
        if not errors:
            read = await validate((form.files, form.document), dispatcher, site_norms, sites, caller)
            errors |= {field_named(name) or "form": room("upload.needed") for name in read.missing}
    except (FittingError, ServiceProblem) as error:
        errors = _errors_of(error) | errors
    if not errors:
        try:
            submission = Submission(form.files, form.document, request_id)
            row, is_new = await run_sync(repository.submit, submission, settings.queue_limit)
        except (FittingError, ServiceProblem) as error:
            errors = _errors_of(error)
        else:
            if is_new:
                dispatcher.wake()
            return RedirectResponse(f"/analyses/{row.id}", status_code=303)
    return _page(request, form.given, errors, status_code=422)


@router.post("/upload/preview", dependencies=[Depends(Access("submit", note="change"))])
async def upload_preview(
    request: Request, dispatcher: Dispatch, site_norms: SiteNorms, sites: Sites, caller: Caller
) -> HTMLResponse:
    """What was read and what is missing, as a part of the page; stores nothing."""
    form = await _read(request)
    errors = dict(form.errors)
    read = None
    if not any(name in errors for name in (*_FILES, "form")):
        try:
            read = preview.summary(await validate((form.files, form.document), dispatcher, site_norms, sites, caller))
        except (FittingError, ServiceProblem) as error:
            errors |= _errors_of(error)
    return page("preview.html", status_code=422 if errors else 200, read=read, errors=errors)


@router.post("/upload/pairing", dependencies=[Depends(Access("submit", note="change"))])
async def upload_pairing(request: Request) -> JSONResponse:
    """Which of many files are one scan, and which water reference belongs to which spectrum; stores nothing."""
    async with read_form(request, max_fields=8) as sent:
        files = [
            (item.filename or "", await item.read())
            for item in sent.getlist("files")
            if isinstance(item, UploadFile) and item.size
        ]
    found = await run_sync(proposed_scans, files[:MOST_FILES])
    return JSONResponse({"scans": [asdict(scan) for scan in found]})


async def _read(request: Request) -> _Form:
    async with read_form(request, max_fields=len(FIELDS) + len(_FILES) + 8) as sent:
        given = {field.name: _text(sent, field.name) for field in FIELDS}
        kept_region = _text(sent, "region_kept").strip()
        document, broken = request_of(given)
        errors = {name: room("upload.no_number") for name in broken}
        try:
            files = await uploaded_files(sent)
        except ServiceProblem as error:
            files, errors = (), errors | _errors_of(error)
    meant = meant_region(given["region"])
    if meant is not None and given["region"].strip() != kept_region:
        errors.setdefault("region", room("upload.region_meant", given=given["region"].strip(), meant=meant))
    if not any(file.role == "metabolite" and file.content for file in files):
        errors.setdefault("metabolite", room("upload.no_file"))
    files = tuple(file for file in files if file.content)
    try:
        document = AnalysisRequest.model_validate(document).model_dump(mode="json", exclude_none=True)
        check_document(document)
    except ValidationError as error:
        document = {}  # a preview shows what was read; nothing is submitted with it
        for item in error.errors(include_input=False, include_url=False, include_context=False):
            place = field_at(tuple(str(step) for step in item["loc"])) or "form"
            errors.setdefault(place, _sentence(place, item["msg"]))
    except FittingError as error:
        errors |= _errors_of(error)
    return _Form(given, files, document, errors)


def _text(sent: FormData, name: str) -> str:
    value = sent.get(name, "")
    return value[:200] if isinstance(value, str) else ""


def _sentence(name: str, message: str) -> str:
    """Our own sentence where there is one: pydantic's speaks of patterns."""
    identity = _IDENTITY.search(message)
    if name in ("subject", "session") and identity is not None:
        return room("upload.identity", kind=identity[1])
    ours = {"subject": "upload.wrong_pseudonym", "session": "upload.wrong_pseudonym", "region": "upload.wrong_region"}
    if name in ours:
        return room(ours[name])
    if message == "Field required":
        return room("upload.all_of_group")
    return message


def _errors_of(error: FittingError | ServiceProblem) -> dict[str, str]:
    """The field a refusal is about, and what it says."""
    if isinstance(error, ServiceProblem) and error.errors:
        return {next((name for name in _FILES if name in item.pointer), "form"): item.detail for item in error.errors}
    parameter = field_named(str(error.data.get("parameter", "")))
    if parameter is not None:
        return {parameter: error.detail}
    file = str(error.data.get("part", error.data.get("file", "")))
    by_file = next((name for name in _FILES if file.startswith(name)), None)
    if by_file is None and isinstance(error, FittingError):
        by_file = "metabolite"
    return {by_file or "form": error.detail}


def _is_needed(group: FieldGroup, given: Mapping[str, str], errors: Mapping[str, str]) -> bool:
    return any(given[f.name] or f.name in errors for f in group.fields) or any(name in errors for name in group.files)


def _page(
    request: Request, given: Mapping[str, str], errors: Mapping[str, str], *, status_code: int = 200
) -> HTMLResponse:
    return page(
        "upload.html",
        status_code=status_code,
        request=request,
        groups=GROUPS,
        opened={group.name for group in GROUPS if _is_needed(group, given, errors)},
        given=given,
        errors=errors,
        images=IMAGE_ROLES,
        image_problem=any(name in errors for name in IMAGE_ROLES),
        regions=regions(),
        formats=[reader.title for reader in READERS],
    )
