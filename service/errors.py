"""Every way the service can refuse: one {exception: status} table.

ServiceProblem
├── MalformedRequest        the body is not what its content type says
├── InvalidCursor           a page of a list that does not exist
├── CallbackNotAllowed      a callback_url the operator has not listed
├── NotAuthenticated        no valid key, token or session
├── NotAllowed              a valid one that may not do this
├── CrossSite               a browser was sent here by another site
├── UnknownHost             asked under a name the service does not go by
├── TooManyRequests
├── NotFound                no such address
│   ├── UnknownAnalysis
│   ├── UnknownNorm
│   ├── UnknownSite
│   ├── UnknownSubject
│   ├── UnknownReportVersion
│   └── UnknownProblem
├── MethodNotAllowed
├── NotAcceptable           none of the formats the client accepts exists
├── NotFinished             the analysis has no result yet
├── NoResult                the analysis failed or was cancelled and never will have one
├── IdempotencyConflict     a used Idempotency-Key with another request
├── SignOffConflict         a step of the sign-off that is not possible now
├── SignedAnalysis          a signed analysis is removed with the scope ``admin`` only
├── TooLarge
├── OutOfMemory             reading or computing takes more memory than a worker may
├── UnsupportedMediaType
├── InvalidRequest          the request fails its schema
├── InternalError           a defect of ours
│   ├── DamagedStorage          a stored file is missing or not what was stored
│   ├── DamagedSignedReport     a signed report is not what was signed
│   ├── WorkerCrashed       the process computing the analysis died, repeatedly
│   └── OverDeadline        the computation did not come back in time, repeatedly
└── Unavailable             try again later
    ├── QueueFull
    ├── StorageFull         the disk takes no more files
    └── NotReady            database or workers do not answer
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import ClassVar, Literal

from pydantic import BaseModel, ConfigDict
from starlette.exceptions import HTTPException

from fitting import errors as fitting_errors
from fitting.errors import FittingError

Location = Literal["body", "query", "path", "header"]


class SchemaError(BaseModel):
    """One place where a request fails its schema."""

    model_config = ConfigDict(frozen=True, use_attribute_docstrings=True)

    location: Location
    """Part of the request."""
    pointer: str
    """JSON Pointer below that part (RFC 6901, as a URI fragment), such as ``#/tissue/gm``."""
    detail: str
    """What is expected there."""


class ServiceProblem(HTTPException):
    """Base of all refusals by the service; a constant ``code`` and ``title``, and a sentence that helps.

    It is an HTTPException because that is the one kind of exception which body parsing lets through unchanged.
    """

    code: ClassVar[str]
    title: ClassVar[str]

    def __init__(
        self,
        detail: str,
        *,
        headers: Mapping[str, str] | None = None,
        errors: Sequence[SchemaError] = (),
        **data: fitting_errors.Scalar,
    ) -> None:
        super().__init__(STATUS[type(self)], detail, headers)
        self.errors = tuple(errors)
        self.data = data


class MalformedRequest(ServiceProblem):
    """The body does not match its content type: broken JSON or a broken multipart message."""

    code = "malformed-request"
    title = "The request body cannot be parsed"


class InvalidCursor(ServiceProblem):
    """The ``cursor`` of a list was not given out by this service; take it from the ``Link`` header."""

    code = "invalid-cursor"
    title = "The page does not exist"


class NotAuthenticated(ServiceProblem):
    """Send a valid key as ``Authorization: Bearer …``, or sign in; operators make keys with ``mrsquant keys``."""

    code = "not-authenticated"
    title = "A valid key is needed"


class NotAllowed(ServiceProblem):
    """The key or account is valid but lacks the scope this needs; ``mrsquant keys list`` shows what it has."""

    code = "not-allowed"
    title = "This is not allowed for this key"


class CrossSite(ServiceProblem):
    """A page of another web site sent this; programs send a key, and people use the service's own pages."""

    code = "cross-site"
    title = "The request comes from another web site"


class UnknownHost(ServiceProblem):
    """The ``Host`` header names no trusted host; without keys use ``localhost`` or ``127.0.0.1``."""

    code = "unknown-host"
    title = "The service does not go by this name"


class TooManyRequests(ServiceProblem):
    """More requests than ``MRSQUANT_REQUESTS_PER_MINUTE`` or too many wrong keys; wait ``Retry-After`` seconds."""

    code = "too-many-requests"
    title = "Too many requests"


class CallbackNotAllowed(ServiceProblem):
    """The service does not call ``callback_url``; operators list its host in ``MRSQUANT_WEBHOOK_HOSTS``."""

    code = "callback-not-allowed"
    title = "The callback address is not allowed"


class NotFound(ServiceProblem):
    """There is nothing at this address; the addresses are in ``/openapi.json``."""

    code = "not-found"
    title = "There is nothing at this address"


class UnknownAnalysis(NotFound):
    """No analysis has this id; it may have been deleted."""

    code = "analysis-not-found"
    title = "The analysis does not exist"


class UnknownNorm(NotFound):
    """No norm has this id; ``GET /v1/norms`` lists them."""

    code = "norm-not-found"
    title = "The norm does not exist"


class UnknownSite(NotFound):
    """No calibration of a scanner has this id, or it was withdrawn; ``GET /v1/sites`` lists them."""

    code = "site-not-found"
    title = "The calibration does not exist"


class UnknownSubject(NotFound):
    """No analysis names this subject; the pseudonym may be misspelt, or its analyses removed."""

    code = "subject-not-found"
    title = "The subject does not exist"


class UnknownReportVersion(NotFound):
    """That version of the report was not signed, or not kept in this format; the sign-off lists the versions."""

    code = "report-version-not-found"
    title = "The report has no such signed version"


class UnknownProblem(NotFound):
    """No problem has this code; ``GET /problems`` lists them."""

    code = "problem-not-found"
    title = "The problem type does not exist"


class MethodNotAllowed(ServiceProblem):
    """The address exists, but not for this method; ``Allow`` names those it has."""

    code = "method-not-allowed"
    title = "The method is not allowed here"


class NotAcceptable(ServiceProblem):
    """No format named by ``Accept`` or ``format`` is offered."""

    code = "not-acceptable"
    title = "No acceptable format"


class NotFinished(ServiceProblem):
    """The analysis is still queued or running; ask again after ``Retry-After`` seconds."""

    code = "not-finished"
    title = "The analysis is not finished"


class NoResult(ServiceProblem):
    """The analysis failed or was cancelled, so there is no result to show; the analysis itself says why."""

    code = "no-result"
    title = "The analysis has no result"


class IdempotencyConflict(ServiceProblem):
    """The ``Idempotency-Key`` was used before for a different request; a new request needs a new key."""

    code = "idempotency-conflict"
    title = "The idempotency key belongs to another request"


class SignOffConflict(ServiceProblem):
    """The step is not possible in the present state of the sign-off, or another was taken meanwhile; read it again."""

    code = "sign-off-conflict"
    title = "The sign-off has another state"


class SignedAnalysis(ServiceProblem):
    """A report of the analysis was signed, so only the scope ``admin`` may remove it; amend it instead."""

    code = "signed-analysis"
    title = "The analysis has a signed report"


class TooLarge(ServiceProblem):
    """The body is larger than ``MRSQUANT_MAX_UPLOAD_BYTES``, or ``MRSQUANT_MAX_JSON_BYTES`` when it is no upload."""

    code = "too-large"
    title = "The request body is too large"


class OutOfMemory(ServiceProblem):
    """Reading or analysing the file takes more memory than one worker may (``MRSQUANT_WORKER_MEMORY_BYTES``): it is no
    ordinary single-voxel scan, or the operator has to raise the limit. It is not retried.
    """

    code = "out-of-memory"
    title = "The analysis takes too much memory"


class UnsupportedMediaType(ServiceProblem):
    """The ``Content-Type`` is neither ``multipart/form-data`` nor ``application/json``."""

    code = "unsupported-media-type"
    title = "The content type is not supported"


class InvalidRequest(ServiceProblem):
    """The request fails its schema; ``errors`` names each place and what is expected there."""

    code = "invalid-request"
    title = "The request fails its schema"


class InternalError(ServiceProblem):
    """A defect of the program; the ``request_id`` finds it in the log."""

    code = "internal-error"
    title = "Something went wrong inside the service"


class DamagedStorage(InternalError):
    """A stored file is missing or does not match its digest, so it is not used. Upload the same file again to
    replace it; operators find all such files with ``mrsquant doctor --deep`` and restore them from a backup.
    """

    code = "damaged-storage"
    title = "A stored file is missing or damaged"


class DamagedSignedReport(InternalError):
    """The signed report is missing or was changed, so it is not shown; operators restore it from a backup."""

    code = "damaged-signed-report"
    title = "The signed report is damaged"


class WorkerCrashed(InternalError):
    """The process computing the analysis died in every attempt, often for lack of memory."""

    code = "worker-crashed"
    title = "The computation died"


class OverDeadline(InternalError):
    """Every attempt exceeded the deadline of the computation and ``MRSQUANT_GRACE_SECONDS``."""

    code = "over-deadline"
    title = "The computation took too long"


class Unavailable(ServiceProblem):
    """The service cannot answer now; try again after ``Retry-After`` seconds."""

    code = "unavailable"
    title = "The service is not available now"


class QueueFull(Unavailable):
    """More analyses wait than ``MRSQUANT_QUEUE_LIMIT`` allows; submit again after ``Retry-After`` seconds."""

    code = "queue-full"
    title = "Too many analyses are waiting"


class StorageFull(Unavailable):
    """The disk is full; nothing was accepted. Operators free space below ``MRSQUANT_DATA_DIR``."""

    code = "storage-full"
    title = "The storage is full"


class NotReady(Unavailable):
    """The database or the workers do not answer; a load balancer reads this before it routes traffic."""

    code = "not-ready"
    title = "The service is not ready"


STATUS: dict[type[Exception], int] = {
    fitting_errors.InaccessibleFile: 400,
    fitting_errors.UnknownFormat: 415,
    fitting_errors.UnsupportedData: 415,
    fitting_errors.DamagedFile: 400,
    fitting_errors.OversizedFile: 413,
    fitting_errors.MissingParameter: 400,
    fitting_errors.ImplausibleParameter: 400,
    fitting_errors.UnusableSignal: 400,
    fitting_errors.UnusableBasis: 400,
    fitting_errors.UnusableImage: 400,
    fitting_errors.UnusableTable: 400,
    fitting_errors.UnusableControls: 400,
    fitting_errors.UnusableSite: 400,
    fitting_errors.UnusableShare: 400,
    fitting_errors.UnusableCohort: 400,
    fitting_errors.MissingColumn: 400,
    fitting_errors.UnreadableNumber: 400,
    fitting_errors.DuplicateMeasurement: 400,
    fitting_errors.UnknownParticipant: 400,
    fitting_errors.MixedUnits: 400,
    fitting_errors.IdentityInPseudonym: 400,
    fitting_errors.SingleGroup: 400,
    fitting_errors.UnknownGroup: 400,
    fitting_errors.SeveralSessions: 400,
    fitting_errors.UnusablePlan: 400,
    fitting_errors.FilterDependsOnValue: 400,
    fitting_errors.UnreadableSpectrum: 400,
    fitting_errors.FittingError: 400,
    MalformedRequest: 400,
    InvalidCursor: 400,
    CallbackNotAllowed: 400,
    NotAuthenticated: 401,
    NotAllowed: 403,
    CrossSite: 403,
    UnknownHost: 403,
    TooManyRequests: 429,
    NotFound: 404,
    UnknownAnalysis: 404,
    UnknownNorm: 404,
    UnknownSite: 404,
    UnknownSubject: 404,
    UnknownReportVersion: 404,
    UnknownProblem: 404,
    MethodNotAllowed: 405,
    NotAcceptable: 406,
    NotFinished: 409,
    NoResult: 409,
    IdempotencyConflict: 409,
    SignOffConflict: 409,
    SignedAnalysis: 409,
    TooLarge: 413,
    OutOfMemory: 413,
    UnsupportedMediaType: 415,
    InvalidRequest: 422,
    InternalError: 500,
    DamagedStorage: 500,
    DamagedSignedReport: 500,
    WorkerCrashed: 500,
    OverDeadline: 500,
    Unavailable: 503,
    QueueFull: 503,
    StorageFull: 503,
    NotReady: 503,
}
"""The whole policy: which exception is answered with which status."""

BY_CODE: dict[str, type[FittingError | ServiceProblem]] = {
    kind.code: kind for kind in STATUS if issubclass(kind, FittingError | ServiceProblem)
}
