"""Refusals of a request that cannot be read or served as it is."""

from __future__ import annotations

from service.errors.problem import ServiceProblem


class MalformedRequest(ServiceProblem):
    """The body does not match its content type: broken JSON or a broken multipart message."""

    status = 400
    code = "malformed-request"
    title = "The request body cannot be parsed"


class InvalidCursor(ServiceProblem):
    """The ``cursor`` of a list was not given out by this service; take it from the ``Link`` header."""

    status = 400
    code = "invalid-cursor"
    title = "The page does not exist"


class CallbackNotAllowed(ServiceProblem):
    """The service does not call ``callback_url``; operators list its host in ``MRSQUANT_WEBHOOK_HOSTS``."""

    status = 400
    code = "callback-not-allowed"
    title = "The callback address is not allowed"


class MethodNotAllowed(ServiceProblem):
    """The address exists, but not for this method; ``Allow`` names those it has."""

    status = 405
    code = "method-not-allowed"
    title = "The method is not allowed here"


class NotAcceptable(ServiceProblem):
    """No format named by ``Accept`` or ``format`` is offered."""

    status = 406
    code = "not-acceptable"
    title = "No acceptable format"


class TooLarge(ServiceProblem):
    """The body is larger than ``MRSQUANT_MAX_UPLOAD_BYTES``, or ``MRSQUANT_MAX_JSON_BYTES`` when it is no upload."""

    status = 413
    code = "too-large"
    title = "The request body is too large"


class OutOfMemory(ServiceProblem):
    """Reading or analysing the file takes more memory than one worker may (``MRSQUANT_WORKER_MEMORY_BYTES``): it is no
    ordinary single-voxel scan, or the operator has to raise the limit. It is not retried.
    """

    status = 413
    code = "out-of-memory"
    title = "The analysis takes too much memory"


class UnsupportedMediaType(ServiceProblem):
    """The ``Content-Type`` is neither ``multipart/form-data`` nor ``application/json``."""

    status = 415
    code = "unsupported-media-type"
    title = "The content type is not supported"


class InvalidRequest(ServiceProblem):
    """The request fails its schema; ``errors`` names each place and what is expected there."""

    status = 422
    code = "invalid-request"
    title = "The request fails its schema"
