"""What happens around every request: a body limit, an id, a log line, safe headers, and no bare exceptions."""

from __future__ import annotations

import time
import uuid

import structlog
from starlette.datastructures import Headers, MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from service.errors import InternalError, TooLarge
from service.logs import frames_of
from service.metrics import Metrics
from service.responses import problem_response

log = structlog.get_logger()

_METHODS = frozenset({"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"})
_WITHOUT_BODY = frozenset({"GET", "HEAD"})
"""No route reads a body of these; a stream of events only waits for its reader to leave."""
_HEADERS = {
    "Cache-Control": "no-store",
    "Content-Security-Policy": "default-src 'none'; style-src 'self'; img-src 'self' data:; form-action 'self'; "
    "base-uri 'none'; frame-ancestors 'none'",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
}


MOST_JSON_PARTS = 150_000
"""Names, texts, lists and objects of a JSON body: parsed they take a hundredfold their bytes, numbers only tenfold."""


class BodyLimit:
    """Stops reading a body that is larger than allowed, whether its length is declared or not.

    Files are kept on disk as they arrive; everything else is parsed in memory, and so has a smaller limit.
    """

    def __init__(self, app: ASGIApp, max_bytes: int, max_json_bytes: int) -> None:
        self._app = app
        self._max_bytes = max_bytes
        self._max_json_bytes = min(max_json_bytes, max_bytes)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http" or scope["method"] in _WITHOUT_BODY:
            await self._app(scope, receive, send)
            return
        headers = Headers(scope=scope)
        declared = headers.get("content-length", "")
        has_files = headers.get("content-type", "").lower().startswith("multipart/")
        limit = self._max_bytes if has_files else self._max_json_bytes
        setting = "MRSQUANT_MAX_UPLOAD_BYTES" if has_files else "MRSQUANT_MAX_JSON_BYTES"
        received = parts = 0

        async def limited() -> Message:
            nonlocal received, parts
            if _is_more(declared, limit):
                raise _too_large(f"larger than {limit} bytes; operators set {setting}", limit)
            message = await receive()
            chunk = message.get("body", b"")
            received += len(chunk)
            if received > limit:
                raise _too_large(f"larger than {limit} bytes; operators set {setting}", limit)
            if not has_files:
                parts += chunk.count(b'"') // 2 + chunk.count(b"[") + chunk.count(b"{")
                if parts > MOST_JSON_PARTS:
                    what = f"of more than {MOST_JSON_PARTS} names, texts, lists and objects; send large data as files"
                    raise _too_large(what, MOST_JSON_PARTS)
            return message

        await self._app(scope, limited, send)


def _is_more(declared: str, limit: int) -> bool:
    """Whether a declared length is a number above the limit, however many digits it has."""
    digits = declared.lstrip("0")
    if not (digits.isascii() and digits.isdigit()):
        return False
    return len(digits) > len(str(limit)) or int(digits) > limit


def _too_large(what: str, limit: int) -> TooLarge:
    # the rest of the body is not read, so the connection cannot be used again
    return TooLarge(f"The body is {what}.", headers={"Connection": "close"}, limit=limit)


class RequestContext:
    """Gives each request an id, logs and counts it, and turns an unexpected exception into a problem."""

    def __init__(self, app: ASGIApp, metrics: Metrics) -> None:
        self._app = app
        self._metrics = metrics

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        request_id = uuid.uuid4().hex
        scope.setdefault("state", {})["request_id"] = request_id
        status = 0
        begin = time.perf_counter()

        async def send_marked(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
                headers = MutableHeaders(scope=message)
                headers["X-Request-Id"] = request_id
                for name, value in _HEADERS.items():
                    headers.setdefault(name, value)
            await send(message)

        with structlog.contextvars.bound_contextvars(request_id=request_id):
            try:
                await self._app(scope, receive, send_marked)
            except Exception as error:
                log.error("request defect", error=type(error).__name__, frames=frames_of(error))
                if status:
                    raise  # too late for another answer: the server must cut the connection
                detail = "Something went wrong inside the service; the operator finds it in the log by the request_id."
                await problem_response(InternalError(detail), request_id)(scope, receive, send_marked)
            finally:
                self._count(scope, status, time.perf_counter() - begin)

    def _count(self, scope: Scope, status: int, seconds: float) -> None:
        # the route's template and a known method, never what the client wrote
        route = getattr(scope.get("route"), "path", "")
        method = scope["method"] if scope["method"] in _METHODS else "other"
        self._metrics.requests.labels(method, route, str(status)).inc()
        log.info("request", method=method, route=route, status=status, seconds=round(seconds, 4))
