"""Refusals of a caller: unknown, not allowed, too many requests, or from another site."""

from __future__ import annotations

from service.errors.problem import ServiceProblem


class NotAuthenticated(ServiceProblem):
    """Send a valid key as ``Authorization: Bearer …``, or sign in; operators make keys with ``mrsquant keys``."""

    status = 401
    code = "not-authenticated"
    title = "A valid key is needed"


class NotAllowed(ServiceProblem):
    """The key or account is valid but lacks the scope this needs; ``mrsquant keys list`` shows what it has."""

    status = 403
    code = "not-allowed"
    title = "This is not allowed for this key"


class CrossSite(ServiceProblem):
    """A page of another web site sent this; programs send a key, and people use the service's own pages."""

    status = 403
    code = "cross-site"
    title = "The request comes from another web site"


class UnknownHost(ServiceProblem):
    """The ``Host`` header names no trusted host; without keys use ``localhost`` or ``127.0.0.1``."""

    status = 403
    code = "unknown-host"
    title = "The service does not go by this name"


class TooManyRequests(ServiceProblem):
    """More requests than ``MRSQUANT_REQUESTS_PER_MINUTE`` or too many wrong keys; wait ``Retry-After`` seconds."""

    status = 429
    code = "too-many-requests"
    title = "Too many requests"
