"""The calls of a client as exchanges of requests and responses, without input or output.

An exchange yields each ``HttpRequest`` to send and each ``Pause`` to keep, receives the response of a call, and returns
its result; the clients run the same exchanges on a blocking and on an asynchronous connection.
"""

from __future__ import annotations

import json
from collections.abc import Generator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal, TypeVar
from urllib.parse import urlsplit
from uuid import uuid4

import httpx2

from service.client.errors import BUSY, ServiceFailed, problem_error

POLL_SECONDS = 1.0
"""Seconds between two polls of a running analysis when the service does not state them."""
BUSY_TRIES = 10
"""How often a call is repeated while the service answers 429 or 503."""
LONGEST_PAUSE = 60.0
"""Longest wait in seconds before a retry, whatever ``Retry-After`` states."""
UNFINISHED = ("queued", "running")
"""States of an analysis that has not ended."""

Document = dict[str, Any]
"""A JSON object as the API describes it; an analysis is an ``AnalysisOut``."""
File = str | Path | tuple[str, bytes]
"""A file by its path, or a name with the content; the service keeps the ending of the name only."""
ReportFormat = Literal["html", "pdf", "json", "csv"]
ExportFormat = Literal["nifti-mrs", "lcmodel"]
ExportPart = Literal["preproc", "fit", "baseline", "residual", "water", "table", "coord", "csv"]


@dataclass(frozen=True, slots=True)
class HttpRequest:
    """One HTTP request; ``arguments`` are those of ``httpx2.Client.request``."""

    method: str
    address: str
    arguments: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Pause:
    """Time to wait before the next step."""

    seconds: float


Result = TypeVar("Result")
Exchange = Generator[HttpRequest | Pause, httpx2.Response | None, Result]
"""Yields calls and pauses, receives responses, returns its result."""


def submit(files: Mapping[str, Sequence[File]], request: Mapping[str, Any]) -> Exchange[str]:
    """Upload one scan; the result is the address of its analysis."""
    parts: list[tuple[str, Any]] = [(name, _content(file)) for name, several in files.items() for file in several]
    parts.append(("request", (None, json.dumps(request).encode(), "application/json")))
    # a repeated upload with the same key is the same submission, so a retry is safe
    arguments = {"files": parts, "headers": {"Idempotency-Key": str(uuid4())}}
    response = yield from _patiently(HttpRequest("POST", "v1/analyses", arguments))
    location = response.headers.get("Location") or f"analyses/{document_of(response, 'id')['id']}"
    return str(response.url.join(location))


def look(analysis: str) -> Exchange[Document]:
    """The analysis as it is now."""
    response = yield from _patiently(HttpRequest("GET", address_of(analysis), {}))
    return document_of(response, "state")


def wait(analysis: str) -> Exchange[Document]:
    """Poll until the analysis has ended, as often as ``Retry-After`` allows."""
    while True:
        response = yield from _patiently(HttpRequest("GET", address_of(analysis), {}))
        found = document_of(response, "state")
        if found["state"] not in UNFINISHED:
            return found
        yield Pause(_seconds(response))


def remove(analysis: str) -> Exchange[None]:
    """Cancel an unfinished analysis, or remove a finished one with its data."""
    yield from _patiently(HttpRequest("DELETE", address_of(analysis), {}))


def report(analysis: str, format: ReportFormat) -> Exchange[bytes]:
    """The report of a finished analysis."""
    arguments = {"params": {"format": format}}
    response = yield from _patiently(HttpRequest("GET", f"{address_of(analysis)}/report", arguments))
    return response.content


def export(analysis: str, format: ExportFormat, part: ExportPart) -> Exchange[bytes]:
    """One file of a finished analysis for another program."""
    arguments = {"params": {"format": format, "part": part}}
    response = yield from _patiently(HttpRequest("GET", f"{address_of(analysis)}/export", arguments))
    return response.content


def traces(analysis: str) -> Exchange[Document]:
    """Spectra behind a finished analysis, as ``GET /v1/analyses/{id}/traces`` answers."""
    response = yield from _patiently(HttpRequest("GET", f"{address_of(analysis)}/traces", {}))
    return document_of(response, "ppm")


def table(filters: Mapping[str, str]) -> Exchange[str]:
    """Rows of RESULTS.csv of everything that the filters of ``GET /v1/analyses`` select."""
    response = yield from _patiently(HttpRequest("GET", "v1/analyses", {"params": {**filters, "format": "csv"}}))
    return response.text


def score(value: Mapping[str, Any]) -> Exchange[Document]:
    """Position of a value among controls (``POST /v1/scores``)."""
    response = yield from _patiently(HttpRequest("POST", "v1/scores", {"json": dict(value)}))
    return document_of(response, "notice")


def address_of(analysis: str) -> str:
    """Address of an analysis named by its id or its address."""
    return analysis if urlsplit(analysis).scheme or "/" in analysis else f"v1/analyses/{analysis}"


def document_of(response: httpx2.Response, key: str) -> Document:
    """The JSON object of the service's answer, recognised by ``key``; a proxy's page is not one.

    Raises
    ------
    ServiceFailed
        When the answer is of another program.
    """
    try:
        document = response.json()
    except ValueError:
        document = None
    if isinstance(document, dict) and key in document:
        return document
    detail = f"the answer, HTTP {response.status_code}, is none of mrsquant; check the address."
    raise ServiceFailed("server-failed", str(response.url), detail)


def _content(file: File) -> tuple[str, bytes]:
    if isinstance(file, tuple):
        return file
    path = Path(file)
    return path.name, path.read_bytes()


def _patiently(call: HttpRequest) -> Exchange[httpx2.Response]:
    for _ in range(BUSY_TRIES - 1):
        response = yield from _answered(call)
        if response.status_code not in BUSY:
            break
        yield Pause(_seconds(response))
    else:
        response = yield from _answered(call)
    if response.is_success:
        return response
    raise problem_error(document_of(response, "code"), str(response.url))


def _answered(call: HttpRequest) -> Exchange[httpx2.Response]:
    response = yield call
    if response is None:
        raise TypeError("a call needs an answer")
    return response


def _seconds(response: httpx2.Response) -> float:
    try:
        return min(max(float(response.headers["Retry-After"]), 0.1), LONGEST_PAUSE)
    except (KeyError, ValueError):
        return POLL_SECONDS
