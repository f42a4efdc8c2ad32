"""A guard against cross-site request forgery (CSRF)."""

from __future__ import annotations

from starlette.datastructures import Headers
from starlette.types import ASGIApp, Receive, Scope, Send

from service.errors import CrossSite
from service.web.responses import problem_response

_SAFE_METHODS = frozenset({"GET", "HEAD", "OPTIONS"})


class CsrfGuard:
    """Refuses changes that a browser was led to by another site; a request with a key in its header is none of them."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http" or not _is_forged(scope["method"], Headers(scope=scope)):
            await self._app(scope, receive, send)
            return
        refusal = CrossSite("Another web site made this request; use the service's own pages, or send a key.")
        await problem_response(refusal, scope["state"]["request_id"])(scope, receive, send)


def _is_forged(method: str, headers: Headers) -> bool:
    if method in _SAFE_METHODS or "authorization" in headers:
        return False
    return _is_cross_site(headers, headers.get("host", "").lower())


def _is_cross_site(headers: Headers, host: str) -> bool:
    """Browsers say where a request comes from; programs say nothing and are not led by web sites."""
    site = headers.get("sec-fetch-site")
    if site is not None:
        return site not in {"same-origin", "none"}
    origin = headers.get("origin")
    return origin is not None and origin.lower() not in {f"http://{host}", f"https://{host}"}
