"""From a request body to a submission: multipart files or JSON arrays, under neutral file names."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import fields
from typing import Any

from anyio.to_thread import run_sync
from fastapi import Request
from pydantic import ValidationError
from starlette.datastructures import FormData, UploadFile
from starlette.exceptions import HTTPException

from fitting.io import SourceFile
from fitting.io import refuse_unrecognised as refuse_unrecognised_spectrum
from fitting.io.file_names import known_ending
from fitting.io.nifti_image import refuse_other_than_image
from fitting.request import Overrides
from fitting.run.check import check_document
from fitting.run.completion import check_overrides
from service.errors import InvalidRequest, MalformedRequest, SchemaError, ServiceProblem, TooLarge, UnsupportedMediaType
from service.problem_documents import refused_body
from service.schemas.analysis_request import SPECTRUM_FIELDS, AnalysisRequest, ArraySubmission
from service.storage.files import IMAGE_ROLES, INPUTS, StoredFile, by_role
from service.storage.tables import Role

MAX_REQUEST_BYTES = 1_000_000
"""Size of the part ``request``; as a text field it could not be larger either."""
MAX_FILES = 1024
"""Files in one submission; a spectrum has one or two, a scan with one file for each coil and transient more."""

_SPECTRUM_ROLES: tuple[Role, ...] = ("metabolite", "water_reference", "macromolecules")


async def read_submission(request: Request) -> tuple[tuple[StoredFile, ...], dict[str, Any]]:
    """The files and the request document of a POST.

    Raises
    ------
    ServiceProblem
        When the body is too large, broken, of another type, or fails its schema.
    ImplausibleParameter
        When a fact about the person, the scan or the method is impossible.
    """
    content_type = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    match content_type:
        case "multipart/form-data":
            files, document = await _read_multipart(request)
        case "application/json":
            files, document = await run_sync(_read_arrays, await request.body())
        case _:
            raise UnsupportedMediaType(
                "Send the spectrum as multipart/form-data (part 'metabolite') or as application/json (fid_real, ...).",
                headers={"Accept": "multipart/form-data, application/json"},
            )
    check_document(document)
    return files, document


async def _read_multipart(request: Request) -> tuple[tuple[StoredFile, ...], dict[str, Any]]:
    async with read_form(request, max_fields=8) as form:
        if set(form) - {*INPUTS, "request"}:
            raise _invalid("#", f"the parts are {', '.join(INPUTS)} and request; there are others")
        files = await uploaded_files(form)
        if not any(file.role == "metabolite" for file in files):
            raise _invalid("#/metabolite", "this part, the spectrum's file, is required")
        return files, _document(await _request_text(form))


@asynccontextmanager
async def read_form(request: Request, *, max_fields: int) -> AsyncIterator[FormData]:
    """A multipart body, taken apart.

    Raises
    ------
    MalformedRequest, TooLarge
        When it cannot be.
    """
    try:
        form = await request.form(max_files=MAX_FILES, max_fields=max_fields)
    except ServiceProblem:
        raise
    except HTTPException as error:
        raise MalformedRequest(f"The multipart message cannot be parsed: {error.detail}") from error
    try:
        yield form
    finally:
        await form.close()


async def uploaded_files(form: FormData) -> tuple[StoredFile, ...]:
    """The spectrum's files and its images of a form, under neutral names.

    Raises
    ------
    InvalidRequest
        When a part that must be a file is none.
    """
    return tuple(
        [
            StoredFile(role, name, await upload.read())
            for role in INPUTS
            for name, upload in _named(role, _uploads(form, role))
        ]
    )


def _uploads(form: FormData, role: Role) -> list[UploadFile]:
    parts = form.getlist(role)
    if any(not isinstance(part, UploadFile) for part in parts):
        raise _invalid(f"#/{role}", "this part must be a file (with a filename)")
    if len(parts) > 1 and role in IMAGE_ROLES:
        raise _invalid(f"#/{role}", "this part is one image; there are several")
    return [part for part in parts if isinstance(part, UploadFile)]


def _named(role: Role, uploads: Sequence[UploadFile]) -> list[tuple[str, UploadFile]]:
    """The files under neutral names: the role, and what is known of the ending."""
    named: list[tuple[str, UploadFile]] = []
    for upload in uploads:
        suffix = known_ending(upload.filename or "")
        alike = sum(name.endswith(suffix) if suffix else "." not in name for name, _ in named)
        named.append((f"{role}-{alike + 1}{suffix}" if alike else f"{role}{suffix}", upload))
    return named


async def _request_text(form: FormData) -> str | bytes:
    parts = form.getlist("request")
    if len(parts) > 1:
        raise _invalid("#/request", "this part may be there once")
    if not parts:
        return "{}"
    if not isinstance(parts[0], UploadFile):
        return parts[0]
    if (parts[0].size or 0) > MAX_REQUEST_BYTES:
        raise TooLarge(f"The part 'request' is larger than {MAX_REQUEST_BYTES} bytes.", limit=MAX_REQUEST_BYTES)
    return await parts[0].read()


def _document(text: str | bytes) -> dict[str, Any]:
    try:
        request = AnalysisRequest.model_validate_json(text)
    except ValidationError as error:
        raise refused_body(error, "part 'request'", "/request") from error
    document: dict[str, Any] = request.model_dump(mode="json", exclude_none=True)
    return document


def _read_arrays(body: bytes) -> tuple[tuple[StoredFile, ...], dict[str, Any]]:
    try:
        submission = ArraySubmission.model_validate_json(body)
    except ValidationError as error:
        raise refused_body(error) from error
    document = submission.model_dump(mode="json", exclude_none=True)
    spectrum = {name: document.pop(name) for name in SPECTRUM_FIELDS if name in document}
    check_overrides(Overrides(**{item.name: spectrum.get(item.name) for item in fields(Overrides)}))
    return (StoredFile("metabolite", "metabolite.json", json.dumps(spectrum).encode()),), document


def _invalid(pointer: str, detail: str) -> InvalidRequest:
    return InvalidRequest(
        f"body {pointer}: {detail}.", errors=[SchemaError(location="body", pointer=pointer, detail=detail)]
    )


def refuse_unrecognised(files: Sequence[StoredFile]) -> None:
    """Refuse what no reader will read, by a look at its first bytes; reading itself is for workers.

    Raises
    ------
    UnknownFormat, UnsupportedData
        When no reader recognises the content; the second when it is known to be something else.
    DamagedFile
        When the files are empty.
    UnusableImage
        When an image is none.
    """
    for file in files:
        if file.role in IMAGE_ROLES:
            refuse_other_than_image(SourceFile(file.name, file.content), file.role)
    parts = by_role(files)
    for role in _SPECTRUM_ROLES:
        found = parts.get(role, ())
        if found:
            refuse_unrecognised_spectrum(found)
