"""Every way the service can refuse, and the status each exception is answered with.

A new refusal is one class in the module of its kind; statuses, the page of problems and the OpenAPI description
follow from it.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TypeVar

from fitting import errors as fitting_errors
from fitting.errors import FittingError
from service.errors.callers import (
    CrossSite,
    NotAllowed,
    NotAuthenticated,
    TooManyRequests,
    UnknownHost,
)
from service.errors.failures import (
    DamagedSignedReport,
    DamagedStorage,
    InternalError,
    NotReady,
    OverDeadline,
    QueueFull,
    StorageFull,
    Unavailable,
    WorkerCrashed,
)
from service.errors.problem import (
    Location,
    SchemaError,
    ServiceProblem,
)
from service.errors.requests import (
    CallbackNotAllowed,
    InvalidCursor,
    InvalidRequest,
    MalformedRequest,
    MethodNotAllowed,
    NotAcceptable,
    OutOfMemory,
    TooLarge,
    UnsupportedMediaType,
)
from service.errors.resources import (
    IdempotencyConflict,
    NoResult,
    NotFinished,
    NotFound,
    SignedAnalysis,
    SignOffConflict,
    UnknownAnalysis,
    UnknownCalibration,
    UnknownCohort,
    UnknownNorm,
    UnknownPreset,
    UnknownProblem,
    UnknownReportVersion,
    UnknownSite,
    UnknownSubject,
)

__all__ = [
    "BY_CODE",
    "STATUS",
    "CallbackNotAllowed",
    "CrossSite",
    "DamagedSignedReport",
    "DamagedStorage",
    "IdempotencyConflict",
    "InternalError",
    "InvalidCursor",
    "InvalidRequest",
    "Location",
    "MalformedRequest",
    "MethodNotAllowed",
    "NoResult",
    "NotAcceptable",
    "NotAllowed",
    "NotAuthenticated",
    "NotFinished",
    "NotFound",
    "NotReady",
    "OutOfMemory",
    "OverDeadline",
    "QueueFull",
    "SchemaError",
    "ServiceProblem",
    "SignOffConflict",
    "SignedAnalysis",
    "StorageFull",
    "TooLarge",
    "TooManyRequests",
    "Unavailable",
    "UnknownAnalysis",
    "UnknownCalibration",
    "UnknownCohort",
    "UnknownHost",
    "UnknownNorm",
    "UnknownPreset",
    "UnknownProblem",
    "UnknownReportVersion",
    "UnknownSite",
    "UnknownSubject",
    "UnsupportedMediaType",
    "WorkerCrashed",
]

Kind = TypeVar("Kind", bound=Exception)

FITTING_STATUS: dict[type[FittingError], int] = {
    fitting_errors.UnknownFormat: 415,
    fitting_errors.UnsupportedData: 415,
    fitting_errors.OversizedFile: 413,
}
"""Refusals of an input that are not answered with 400."""


def _kinds(base: type[Kind]) -> Iterator[type[Kind]]:
    """Every subclass of ``base``, each before its own subclasses."""
    for kind in base.__subclasses__():
        yield kind
        yield from _kinds(kind)


STATUS: dict[type[FittingError | ServiceProblem], int] = {
    FittingError: 400,
    **{kind: FITTING_STATUS.get(kind, 400) for kind in _kinds(FittingError)},
    **{kind: kind.status for kind in _kinds(ServiceProblem)},
}
"""Which exception is answered with which status."""

BY_CODE: dict[str, type[FittingError | ServiceProblem]] = {kind.code: kind for kind in STATUS}
"""Every refusal by its stable code."""
