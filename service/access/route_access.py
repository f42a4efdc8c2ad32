"""What each route declares: the scope that a caller needs, and what the audit log keeps of a call."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, Protocol, cast
from urllib.parse import quote

from fastapi import HTTPException, Request

from service.access.audit_writer import AuditWriter
from service.access.authentication import Authenticator
from service.access.principal import Scope
from service.errors import NotAllowed, NotAuthenticated

Need = Literal["public", "any"] | Scope
"""``public`` needs no authentication, ``any`` a valid key with any scope, everything else that scope."""

Note = Literal["none", "refusals", "list", "one", "several", "change", "own-transaction"]
"""Calls that the audit log keeps. Each kind but ``none`` includes refused ones (401, 403) of a known caller.

``refusals``
    Nothing else: the route shows no analysis and changes nothing.
``list``
    A look at a list of analyses, as one entry.
``one``
    A look at the analysis of the path's ``analysis_id``.
``several``
    A look at several analyses, as one entry for each; the route sets ``request.state.shown`` to their ids.
``change``
    Every call.
``own-transaction``
    Failed calls: what succeeds is recorded in the transaction of the change itself.
"""


class _Guards(Protocol):
    @property
    def authenticator(self) -> Authenticator: ...
    @property
    def audit_writer(self) -> AuditWriter: ...


@dataclass(frozen=True, slots=True)
class Access:
    """The declaration of a route, ``dependencies=[Depends(Access("read", note="one"))]``: it authorises each call.

    The audit middleware and the OpenAPI description find it on the route with ``access_of``.
    """

    need: Need
    note: Note
    is_page: bool = False
    """A browser that is not signed in is redirected to ``/sign-in``."""
    answers_unrecorded: bool = False
    """Answers even while the audit log cannot be written: the route serves to find out why."""

    def __post_init__(self) -> None:
        if self.need == "public" and self.note in {"list", "one", "several"}:
            raise ValueError("A public route shows no analysis: there is no principal to record.")
        if self.need != "public" and self.note == "none":
            raise ValueError("A guarded route records at least refusals.")

    async def __call__(self, request: Request) -> None:
        """Let the request through, or refuse it before the route reads its body.

        Raises
        ------
        NotAuthenticated, NotAllowed, TooManyRequests
        Unavailable
            When the call could not be recorded.
        """
        if self.note == "none":
            return
        guards = cast("_Guards", request.state.services)
        if not self.answers_unrecorded:
            guards.audit_writer.admit()
        if self.need == "public":
            return
        try:
            principal = await guards.authenticator.principal(request)
        except NotAuthenticated as error:
            if self.is_page and "text/html" in request.headers.get("accept", ""):
                raise HTTPException(303, headers={"Location": _sign_in_address(request)}) from error
            raise
        request.state.principal = principal
        if self.need != "any" and self.need not in principal.scopes:
            raise NotAllowed(f"This needs a key with the scope '{self.need}'.", scope=self.need)


PUBLIC = Access("public", note="none")
"""Public routes: no patient data, no authentication."""


def access_of(route: object) -> Access | None:
    """The declaration of a route; None when it has none, as a request that met no route."""
    declared = (item.dependency for item in getattr(route, "dependencies", ()))
    return next((item for item in declared if isinstance(item, Access)), None)


def _sign_in_address(request: Request) -> str:
    here = request.url.path + (f"?{request.url.query}" if request.url.query else "")
    return f"/sign-in?next={quote(here, safe='/')}"
