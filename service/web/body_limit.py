"""A limit of the size of bodies, and of the parts of a JSON body."""

from __future__ import annotations

from starlette.datastructures import Headers
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from service.errors import TooLarge

_WITHOUT_BODY = frozenset({"GET", "HEAD"})
"""No route reads a body of these; a stream of events only waits for its reader to leave."""

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
