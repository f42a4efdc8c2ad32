"""Client of a running service: upload, wait, fetch; every failure becomes one line and an exit code."""

from __future__ import annotations

import json
import os
import time
from collections.abc import Callable, Mapping
from types import TracebackType
from typing import Any, Self
from urllib.parse import urljoin
from uuid import uuid4

import httpx2

from fitting.io import Files
from service.cli.failures import CommandFailure, ExitCode

POLL_SECONDS = 1.0
"""Seconds between two polls of a running analysis when the service does not state them."""
BUSY_TRIES = 10
"""How often a submission is repeated while the service answers 429 or 503."""
LONGEST_PAUSE = 60.0
"""Longest wait in seconds before a retry, whatever ``Retry-After`` states."""

KEY_VARIABLE = "MRSQUANT_API_KEY"
"""Environment variable with the key for services that need one; an option would be visible in the process list."""

_TIMEOUT = httpx2.Timeout(120.0, connect=10.0)
_BUSY = (429, 503)
_UNFINISHED = ("queued", "running")


class ServiceClient:
    """One service at one base URL."""

    def __init__(
        self,
        url: str,
        *,
        transport: httpx2.BaseTransport | None = None,
        pause: Callable[[float], None] = time.sleep,
    ) -> None:
        self.url = url.rstrip("/") + "/"
        self.pause = pause
        key = os.environ.get(KEY_VARIABLE)
        headers = {"Authorization": f"Bearer {key}"} if key else {}
        self.http = httpx2.Client(timeout=_TIMEOUT, transport=transport, headers=headers)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.http.close()

    def submit(
        self,
        files: Mapping[str, Files],
        request: Mapping[str, Any],
    ) -> str:
        """Upload the files of one analysis by part, with its request, and return the address of the analysis.

        Raises
        ------
        CommandFailure
            When the service refuses the spectrum, fails or cannot be reached.
        """
        parts = [
            *((name, (file.name, file.content)) for name, several in files.items() for file in several),
            ("request", (None, json.dumps(request).encode(), "application/json")),
        ]
        # a repeated upload with the same key is the same submission, so a retry is safe
        headers = {"Idempotency-Key": str(uuid4())}
        response = self._patiently("POST", "v1/analyses", files=parts, headers=headers)
        return urljoin(self.url, response.headers.get("Location", f"v1/analyses/{_document(response, 'id')['id']}"))

    def wait(self, analysis: str) -> dict[str, Any]:
        """Poll until the analysis is no longer queued or running, as often as ``Retry-After`` allows.

        Raises
        ------
        CommandFailure
            When the service fails or cannot be reached.
        """
        while True:
            response = self._patiently("GET", analysis)
            document = _document(response, "state")
            if document["state"] not in _UNFINISHED:
                return document
            self.pause(_seconds(response))

    def look(self, analysis: str) -> dict[str, Any]:
        """The analysis as it is now.

        Raises
        ------
        CommandFailure
            When the service fails or cannot be reached.
        """
        return _document(self._patiently("GET", analysis), "state")

    def report(self, analysis: str, format: str) -> bytes:
        """The finished analysis in one of the service's report formats.

        Raises
        ------
        CommandFailure
            When the service refuses, fails or cannot be reached.
        """
        return self._patiently("GET", f"{analysis}/report", params={"format": format}).content

    def _patiently(self, method: str, address: str, **request: Any) -> httpx2.Response:
        for _ in range(BUSY_TRIES - 1):
            response = self._send(method, address, **request)
            if response.status_code not in _BUSY:
                return _checked(response)
            self.pause(_seconds(response))
        return _checked(self._send(method, address, **request))

    def _send(self, method: str, address: str, **request: Any) -> httpx2.Response:
        try:
            return self.http.request(method, urljoin(self.url, address), **request)
        except (httpx2.HTTPError, httpx2.InvalidURL) as error:
            reason = str(error) or type(error).__name__
            raise CommandFailure(
                ExitCode.SERVER, "server-unreachable", self.url, f"{reason}; is the service running there?"
            ) from error


def refusal_of(problem: Mapping[str, Any], where: str) -> CommandFailure:
    """A problem document (RFC 9457) as the command's failure: the caller's fault, or the server's."""
    status = problem.get("status")
    by_input = isinstance(status, int) and 400 <= status < 500 and status not in (401, 403, *_BUSY)
    exit_code = ExitCode.REFUSED if by_input else ExitCode.SERVER
    return CommandFailure(exit_code, str(problem["code"]), where, str(problem.get("detail", "")))


def _checked(response: httpx2.Response) -> httpx2.Response:
    if response.is_success:
        return response
    raise refusal_of(_document(response, "code"), str(response.url))


def _document(response: httpx2.Response, key: str) -> dict[str, Any]:
    """The JSON object of the service's answer, recognised by ``key``; a proxy's page is not one."""
    try:
        document = response.json()
    except ValueError:
        document = None
    if isinstance(document, dict) and key in document:
        return document
    detail = f"the answer, HTTP {response.status_code}, is none of mrsquant; check the address."
    raise CommandFailure(ExitCode.SERVER, "server-failed", str(response.url), detail)


def _seconds(response: httpx2.Response) -> float:
    try:
        return min(max(float(response.headers["Retry-After"]), 0.1), LONGEST_PAUSE)
    except (KeyError, ValueError):
        return POLL_SECONDS
