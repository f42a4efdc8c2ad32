"""The blocking client."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from types import TracebackType
from typing import Any, Self

import httpx2

from service.client import exchanges
from service.client.connection import TIMEOUT, arguments_of, base_of, headers_of, unreachable
from service.client.exchanges import (
    Document,
    Exchange,
    ExportFormat,
    ExportPart,
    File,
    HttpRequest,
    Pause,
    ReportFormat,
    Result,
)


class Client:
    """One service at one base address; a busy service is asked again, as ``Retry-After`` states.

    An analysis is named by its id or by the address that ``submit`` returned. Every method raises ``Refused``,
    ``ServiceFailed`` or ``Unreachable``.

    Parameters
    ----------
    url : str
        Base address, such as ``http://127.0.0.1:8000``.
    key : str or None
        Key for a service that needs one; by default that of the variable ``MRSQUANT_API_KEY``.
    transport : httpx2.BaseTransport or None
        Another way to the service, as for tests.
    pause : callable
        Waits for a number of seconds.
    """

    def __init__(
        self,
        url: str,
        key: str | None = None,
        *,
        transport: httpx2.BaseTransport | None = None,
        pause: Callable[[float], None] = time.sleep,
    ) -> None:
        self.url = base_of(url)
        self._pause = pause
        self._http = httpx2.Client(timeout=TIMEOUT, transport=transport, headers=headers_of(key))

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """Close the connection."""
        self._http.close()

    def submit(self, files: Mapping[str, Sequence[File]], request: Mapping[str, Any] | None = None) -> str:
        """Upload one scan and return the address of its analysis; repeating a call that failed is safe.

        Parameters
        ----------
        files : mapping of str to sequence of paths or (name, content)
            By part: ``metabolite``, and as the API lists them ``water_reference``, ``macromolecules``, ``anatomy`` …
        request : mapping
            Fields of ``AnalysisRequest``, such as region and age_years.
        """
        return self._run(exchanges.submit(files, request or {}))

    def look(self, analysis: str) -> Document:
        """The analysis as it is now."""
        return self._run(exchanges.look(analysis))

    def wait(self, analysis: str) -> Document:
        """The analysis once it has ended, whether it succeeded, failed or was cancelled."""
        return self._run(exchanges.wait(analysis))

    def report(self, analysis: str, format: ReportFormat = "pdf") -> bytes:
        """The report of a finished analysis."""
        return self._run(exchanges.report(analysis, format))

    def export(self, analysis: str, format: ExportFormat, part: ExportPart) -> bytes:
        """One file of a finished analysis for another program, such as ``preproc`` of ``nifti-mrs``."""
        return self._run(exchanges.export(analysis, format, part))

    def traces(self, analysis: str) -> Document:
        """Spectra behind a finished analysis: axis, data, fit, baseline, residual and components."""
        return self._run(exchanges.traces(analysis))

    def remove(self, analysis: str) -> None:
        """Cancel an unfinished analysis, or remove a finished one with its data."""
        self._run(exchanges.remove(analysis))

    def table(self, **filters: str) -> str:
        """CSV rows of everything that the filters of ``GET /v1/analyses`` select."""
        return self._run(exchanges.table(filters))

    def score(self, value: Mapping[str, Any]) -> Document:
        """Position of a value that another program measured among controls; fields of ``POST /v1/scores``."""
        return self._run(exchanges.score(value))

    def _run(self, exchange: Exchange[Result]) -> Result:
        answer: httpx2.Response | None = None
        while True:
            try:
                step = exchange.send(answer)
            except StopIteration as end:
                return end.value  # type: ignore[no-any-return]  # the exchange's own result
            answer = None
            match step:
                case Pause(seconds):
                    self._pause(seconds)
                case HttpRequest():
                    answer = self._send(step)

    def _send(self, call: HttpRequest) -> httpx2.Response:
        try:
            return self._http.request(**arguments_of(self.url, call))
        except (httpx2.HTTPError, httpx2.InvalidURL) as error:
            raise unreachable(self.url, error) from error
