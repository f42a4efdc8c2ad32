"""Who analyses a stripped scan: workers of the gateway, or a running service."""

from __future__ import annotations

import threading
from collections.abc import Callable
from concurrent.futures import Executor
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Protocol

from fitting.analysis import Analysis
from fitting.errors import FittingError
from fitting.io.source import Files, SourceFile
from fitting.model.result import Traces
from fitting.norms import Controls, FurtherLaboratory
from fitting.request import Document
from fitting.run import analyse
from fitting.run.job import Job
from fitting.sites import Site
from service.client import UNFINISHED, Client, Refused
from service.reports.analysis_document import AnalysisDocument
from service.reports.fetched import Fetched, fetch
from service.workers.executors import open_executor
from service.workers.pool import Pool, is_crash

CRASHES = 2
"""So often a worker may die of one scan before the scan is given up."""


class Rejected(Exception):
    """The scan cannot be analysed, for good; ``code`` is that of the problem."""

    def __init__(self, code: str, detail: str) -> None:
        super().__init__(detail)
        self.code = code
        self.detail = detail


@dataclass(frozen=True, slots=True)
class Parts:
    """A stripped scan and what is said of it."""

    metabolite: tuple[bytes, ...]
    water: tuple[bytes, ...]
    document: Document


class Analyst(Protocol):
    """Analyses a scan in two steps, so that a kill between them repeats nothing."""

    def submit(self, parts: Parts, /) -> str | None:
        """Hand the scan in; the address under which it is known afterwards, if there is one."""

    def result(self, parts: Parts, analysis: str | None, /) -> Fetched | None:
        """The result; None while there is none yet. Raises ``Rejected`` when there will never be one."""

    def close(self) -> None:
        """End workers or connections."""


def run(job: Job, cache_dir: Path) -> tuple[Analysis, Traces]:
    """One analysis, in a worker process."""
    return analyse(job, cache_dir=cache_dir)


class LocalAnalyst:
    """Worker processes of the gateway; a file that kills one is tried once more and then given up."""

    def __init__(
        self,
        *,
        workers: int,
        cache_dir: Path,
        norms: tuple[Controls, ...] = (),
        sites: tuple[Site, ...] = (),
        laboratories: tuple[FurtherLaboratory, ...] = (),
        open_pool: Callable[[], Pool] | None = None,
    ) -> None:
        self._cache = cache_dir
        self._norms, self._sites, self._laboratories = norms, sites, laboratories
        self._open = open_pool or (lambda: open_executor(f"processes:{workers}"))
        self._lock = threading.Lock()
        self._pool = self._open()
        self._is_closed = False

    def submit(self, parts: Parts) -> None:
        """Nothing: the result is made when it is asked for."""

    def result(self, parts: Parts, _analysis: str | None) -> Fetched:
        """Analyse the scan now."""
        files = {"metabolite": _files("scan", parts.metabolite), "water_reference": _files("water", parts.water)}
        try:
            job = replace(Job.of(parts.document, files, self._norms, self._sites), laboratories=self._laboratories)
            analysis, traces = self._run(job)
        except FittingError as error:
            raise Rejected(error.code, error.detail) from None
        except MemoryError:
            raise Rejected("out-of-memory", "The scan takes more memory than a worker may have.") from None
        subject = parts.document.get("subject")
        return Fetched(AnalysisDocument(analysis, subject=subject), traces, None)

    def close(self) -> None:
        """End the workers; who waits for one gets an OSError and tries again at the next start."""
        self._is_closed = True
        self._pool.close()

    def _run(self, job: Job) -> tuple[Analysis, Traces]:
        for _ in range(CRASHES):
            executor = self._pool.executor
            try:
                return executor.submit(run, job, self._cache).result()
            except Exception as error:
                if self._is_closed:
                    raise OSError("the gateway is stopping") from None
                if not is_crash(error):
                    raise
                self._replace(executor)
        raise Rejected("worker-crashed", "The process that analysed the scan died, repeatedly.")

    def _replace(self, dead: Executor) -> None:
        with self._lock:
            if self._pool.executor is dead:
                self._pool.close()
                self._pool = self._open()


class RemoteAnalyst:
    """A running service; it gets stripped copies only. With ``signed`` a result counts once it is signed."""

    def __init__(self, client: Client, *, signed: bool = False) -> None:
        self._client = client
        self._signed = signed

    def submit(self, parts: Parts) -> str:
        """Hand the scan in; equal submissions are one analysis, so that repeating it is safe."""
        files: dict[str, list[tuple[str, bytes]]] = {
            "metabolite": [(file.name, file.content) for file in _files("scan", parts.metabolite)]
        }
        if parts.water:
            files["water_reference"] = [(file.name, file.content) for file in _files("water", parts.water)]
        try:
            return self._client.submit(files, parts.document)
        except Refused as error:
            raise Rejected(error.code, error.detail) from None

    def result(self, _parts: Parts, analysis: str | None) -> Fetched | None:
        """Look at the analysis; None until it has ended, and with ``signed`` until it is signed."""
        if analysis is None:
            raise ValueError("a service's result needs the address of the analysis")
        try:
            state = self._client.look(analysis)
            if state["state"] in UNFINISHED:
                return None
            if state["state"] != "succeeded":
                problem = state.get("problem") or {"code": "cancelled", "detail": "The analysis was cancelled."}
                raise Rejected(problem["code"], problem["detail"])
            found = fetch(self._client, analysis)
        except Refused as error:
            raise Rejected(error.code, error.detail) from None
        return None if self._signed and found.document.status != "signed" else found

    def close(self) -> None:
        """Close the connection."""
        self._client.close()


def _files(name: str, contents: tuple[bytes, ...]) -> Files:
    return tuple(SourceFile(f"{name}-{number}.dcm", content) for number, content in enumerate(contents))
