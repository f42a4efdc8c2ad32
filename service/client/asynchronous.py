"""The asynchronous client."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping, Sequence
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


class AsyncClient:
    """``Client`` for asyncio: the same parameters, methods, results and exceptions."""

    def __init__(
        self,
        url: str,
        key: str | None = None,
        *,
        transport: httpx2.AsyncBaseTransport | None = None,
        pause: Callable[[float], Awaitable[None]] = asyncio.sleep,
    ) -> None:
        self.url = base_of(url)
        self._pause = pause
        self._http = httpx2.AsyncClient(timeout=TIMEOUT, transport=transport, headers=headers_of(key))

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.close()

    async def close(self) -> None:
        """Close the connection."""
        await self._http.aclose()

    async def submit(self, files: Mapping[str, Sequence[File]], request: Mapping[str, Any] | None = None) -> str:
        """Upload one scan and return the address of its analysis."""
        return await self._run(exchanges.submit(files, request or {}))

    async def look(self, analysis: str) -> Document:
        """The analysis as it is now."""
        return await self._run(exchanges.look(analysis))

    async def wait(self, analysis: str) -> Document:
        """The analysis once it has ended."""
        return await self._run(exchanges.wait(analysis))

    async def report(self, analysis: str, format: ReportFormat = "pdf") -> bytes:
        """The report of a finished analysis."""
        return await self._run(exchanges.report(analysis, format))

    async def export(self, analysis: str, format: ExportFormat, part: ExportPart) -> bytes:
        """One file of a finished analysis for another program, such as ``preproc`` of ``nifti-mrs``."""
        return await self._run(exchanges.export(analysis, format, part))

    async def traces(self, analysis: str) -> Document:
        """Spectra behind a finished analysis: axis, data, fit, baseline, residual and components."""
        return await self._run(exchanges.traces(analysis))

    async def remove(self, analysis: str) -> None:
        """Cancel an unfinished analysis, or remove a finished one with its data."""
        await self._run(exchanges.remove(analysis))

    async def table(self, **filters: str) -> str:
        """CSV rows of everything that the filters of ``GET /v1/analyses`` select."""
        return await self._run(exchanges.table(filters))

    async def score(self, value: Mapping[str, Any]) -> Document:
        """Position of a value that another program measured among controls."""
        return await self._run(exchanges.score(value))

    async def _run(self, exchange: Exchange[Result]) -> Result:
        answer: httpx2.Response | None = None
        while True:
            try:
                step = exchange.send(answer)
            except StopIteration as end:
                return end.value  # type: ignore[no-any-return]  # the exchange's own result
            answer = None
            match step:
                case Pause(seconds):
                    await self._pause(seconds)
                case HttpRequest():
                    answer = await self._send(step)

    async def _send(self, call: HttpRequest) -> httpx2.Response:
        try:
            return await self._http.request(**arguments_of(self.url, call))
        except (httpx2.HTTPError, httpx2.InvalidURL) as error:
            raise unreachable(self.url, error) from error
