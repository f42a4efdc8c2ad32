"""``/v1/analyses``: submit a spectrum, follow it, read its result, remove it."""

from __future__ import annotations

import uuid
from asyncio import wrap_future
from concurrent.futures import BrokenExecutor
from functools import partial
from typing import Annotated, Any

import anyio
import structlog
from anyio.to_thread import run_sync
from fastapi import APIRouter, Depends, Header, Query, Response
from pydantic import BaseModel, ConfigDict

from fitting import errors as refusals
from fitting.analysis import SiteUsed
from fitting.run import Job
from service.access.route_access import Access
from service.api.analysis_result import (
    AnalysisOut,
    analysis_out,
)
from service.api.callbacks import take_callback_url
from service.api.dependencies import (
    Caller,
    CurrentSettings,
    Dispatch,
    Repository,
    RequestId,
    ServicesDep,
    SiteNorms,
    Sites,
)
from service.api.intake import read_submission, refuse_unrecognised
from service.api.problems import responses
from service.api.reports import RETRY_SECONDS
from service.api.session import Session
from service.errors import (
    CallbackNotAllowed,
    IdempotencyConflict,
    InternalError,
    MalformedRequest,
    OutOfMemory,
    QueueFull,
    SignedAnalysis,
    StorageFull,
    TooLarge,
    UnknownAnalysis,
    UnsupportedMediaType,
    WorkerCrashed,
)
from service.jobs.tasks import Defect, MemoryExhausted
from service.storage.files import StoredFile, by_role
from service.storage.repositories import AnalysisRepository, Submission
from service.storage.tables import UNFINISHED, AnalysisRow
from service.web.negotiation import MAX_WAIT_SECONDS, wait_seconds

_FILE = {"type": "string", "format": "binary", "contentMediaType": "application/octet-stream"}
"""A file: OpenAPI 3.1 says so by its media type, and generators of clients look at ``format``."""
_NIFTI = "NIfTI (.nii or .nii.gz), in the scanner's coordinates; only voxels and their place are used."
_IMAGES = {
    name: {**_FILE, "description": f"{what} {_NIFTI}"}
    for name, what in {
        "anatomy": "T1-weighted image of the same examination, for the picture of the measured volume.",
        "gray_matter": "Probability map of grey matter; all three maps together give the tissue fractions.",
        "white_matter": "Probability map of white matter.",
        "csf": "Probability map of cerebrospinal fluid.",
    }.items()
}
_BODIES = {
    "required": True,
    "content": {
        "multipart/form-data": {
            "schema": {
                "type": "object",
                "required": ["metabolite"],
                "additionalProperties": False,
                "properties": {
                    "metabolite": {
                        "type": "array",
                        "minItems": 1,
                        "items": _FILE,
                        "description": "The spectrum's file, or the files it consists of (SDAT and SPAR). The file's "
                        "name is not kept, for it may identify a person; its ending is.",
                    },
                    "water_reference": {
                        "type": "array",
                        "items": _FILE,
                        "description": "The scan without water suppression, alike.",
                    },
                    "macromolecules": {
                        "type": "array",
                        "items": _FILE,
                        "description": "A scan of the same field with nulled metabolites, alike; it replaces the "
                        "published macromolecular spectra.",
                    },
                    **_IMAGES,
                    "request": {"$ref": "#/components/schemas/AnalysisRequest"},
                },
            },
            "encoding": {"request": {"contentType": "application/json"}},
        },
        "application/json": {"schema": {"$ref": "#/components/schemas/ArraySubmission"}},
    },
}
_INTAKE_PROBLEMS = (MalformedRequest, TooLarge, UnsupportedMediaType)
_READING_PROBLEMS = tuple(
    kind for kind in refusals.PROBLEMS if not issubclass(kind, refusals.InaccessibleFile | refusals.UnusableCohort)
)
"""Problems of reading an upload; uploads are not files of this machine."""

log = structlog.get_logger()

Upload = Annotated[tuple[tuple[StoredFile, ...], dict[str, Any]], Depends(read_submission)]

router = APIRouter(prefix="/v1/analyses", tags=["analyses"])


@router.post(
    "",
    name="submit_analysis",
    dependencies=[Depends(Access("submit", note="own-transaction"))],
    status_code=202,
    summary="Submit a spectrum",
    response_description="Accepted; `Location` is where to follow it and `Retry-After` when to look.",
    responses={
        200: {
            "model": AnalysisOut,
            "description": "Finished within `Prefer: wait`, or the finished analysis of an equal submission.",
        },
        **responses(
            *_INTAKE_PROBLEMS,
            refusals.UnknownFormat,
            refusals.UnsupportedData,
            refusals.DamagedFile,
            refusals.ImplausibleParameter,
            refusals.UnusableImage,
            CallbackNotAllowed,
            IdempotencyConflict,
            QueueFull,
            StorageFull,
        ),
    },
    openapi_extra={"requestBody": _BODIES},
)
async def submit(
    *,
    upload: Upload,
    response: Response,
    repository: Repository,
    dispatcher: Dispatch,
    settings: CurrentSettings,
    services: ServicesDep,
    request_id: RequestId,
    prefer: Annotated[
        str | None,
        Header(description=f"`wait=N`: hold the answer up to N (at most {MAX_WAIT_SECONDS}) seconds for the result."),
    ] = None,
    idempotency_key: Annotated[
        str | None,
        Header(
            min_length=1,
            max_length=255,
            description="Makes repeating this submission safe; a key belongs to one submission.",
        ),
    ] = None,
) -> AnalysisOut:
    """Queue the analysis of a spectrum; an equal submission to the same version gets the analysis there is.

    A format that is not recognised and a parameter that cannot be are refused at once; what else is wrong with a
    file a worker finds out, and the analysis fails with that problem.
    """
    files, document = upload
    callback_url = take_callback_url(document, settings)
    await run_sync(refuse_unrecognised, files)
    submission = Submission(files, document, request_id, idempotency_key, callback_url)
    row, is_new = await run_sync(repository.submit, submission, settings.queue_limit)
    if is_new:
        dispatcher.wake()
    else:
        services.metrics.repeated_submissions.inc()
    seconds = wait_seconds(prefer)
    if seconds or not is_new:  # a new one was read a moment ago
        row = await _awaited(repository, row.id, seconds or 0)
    response.headers["Location"] = f"/v1/analyses/{row.id}"
    if row.state in UNFINISHED:
        response.headers["Retry-After"] = RETRY_SECONDS
    else:
        response.status_code = 200
        if seconds is not None:
            response.headers["Preference-Applied"] = f"wait={seconds}"
    return analysis_out(row)


async def _awaited(repository: AnalysisRepository, analysis_id: str, seconds: float) -> AnalysisRow:
    """The row once it is finished, or as it is after ``seconds``.

    Asks the database instead of the dispatcher, for another process may be computing it.
    """
    deadline = anyio.current_time() + seconds
    pause = 0.02
    while True:
        row = await run_sync(partial(repository.get, analysis_id, with_result=True))
        left = deadline - anyio.current_time()
        if row.state not in UNFINISHED or left <= 0:
            return row
        await anyio.sleep(min(pause, left))
        pause = min(pause * 1.3, 0.5)


class InspectionOut(BaseModel):
    """What would be analysed, and how; nothing of it is kept."""

    model_config = ConfigDict(frozen=True, use_attribute_docstrings=True, from_attributes=True)

    format: str
    """Name of the reader that understands the file."""
    facts: dict[str, str | float | int | None]
    """Acquisition quantities by name (SI), with transients, coils, points and field_t."""
    water_reference: str | None
    """Location of the water reference: ``same file``, ``separate file`` or null."""
    missing: tuple[str, ...]
    """Quantities the analysis needs and neither the header nor the request gives."""
    basis: str | None
    """The basis set that would be used."""
    norms: tuple[str, ...]
    """Ids of the norms that would apply, best first."""
    warnings: tuple[str, ...]
    """Points to check before trusting a result."""
    site: SiteUsed | None
    """The calibration of the scanner that would be applied, or that is near and does not hold."""


@router.post(
    "/validate",
    name="validate_submission",
    dependencies=[Depends(Access("submit", note="change"))],
    summary="Say what would be analysed",
    responses=responses(*_INTAKE_PROBLEMS, *_READING_PROBLEMS, OutOfMemory),
    openapi_extra={"requestBody": _BODIES},
)
async def validate(
    upload: Upload, dispatcher: Dispatch, site_norms: SiteNorms, sites: Sites, caller: Caller
) -> InspectionOut:
    """What was read, what is missing, which basis and norms would apply. Stores nothing."""
    files, document = upload
    own_sites = await run_sync(sites.newest, caller.project)
    own = (await run_sync(site_norms.newest, caller.project), tuple(stored.site for stored in own_sites))
    job = Job.of(document, by_role(files), *own)
    try:
        inspection = await wrap_future(dispatcher.inspect(job))
    except MemoryExhausted as error:
        raise dispatcher.out_of_memory() from error
    except Defect as error:
        log.error("inspection defect", error=error.kind, frames=error.frames)
        raise InternalError("The file could not be inspected because of an unexpected error.") from error
    except BrokenExecutor as error:
        raise WorkerCrashed("The process reading the file died, perhaps for lack of memory.") from error
    return InspectionOut.model_validate(inspection)


@router.get(
    "/{analysis_id}",
    dependencies=[Depends(Access("read", note="one"))],
    summary="Read an analysis",
    responses=responses(UnknownAnalysis),
)
def get_analysis(analysis_id: uuid.UUID, response: Response, repository: Repository, session: Session) -> AnalysisOut:
    """State and, when it succeeded, the result with the contrasts of its session."""
    row = repository.get(str(analysis_id), with_result=True)
    if row.state in UNFINISHED:
        response.headers["Retry-After"] = RETRY_SECONDS
    return analysis_out(row, session.of(row))


@router.delete(
    "/{analysis_id}",
    dependencies=[Depends(Access("admin", note="own-transaction"))],
    summary="Cancel or remove an analysis",
    response_description="It was unfinished and is cancelled now.",
    responses={
        204: {"description": "It was finished and is removed with its data."},
        **responses(UnknownAnalysis, SignedAnalysis),
    },
    response_model=AnalysisOut,
)
def delete_analysis(
    analysis_id: uuid.UUID,
    repository: Repository,
    dispatcher: Dispatch,
    even_signed: Annotated[bool, Query(description="Remove it although a report was signed.")] = False,
) -> AnalysisOut | Response:
    """Cancel an unfinished analysis; remove a finished or cancelled one with its data."""
    if repository.delete(str(analysis_id), even_signed=even_signed) is None:
        return Response(status_code=204)
    dispatcher.cancel(str(analysis_id))
    return analysis_out(repository.get(str(analysis_id), with_result=True))
