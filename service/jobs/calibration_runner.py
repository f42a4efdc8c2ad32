"""From queued calibrations to sites: one at a time, each of its spectra a task of the worker pool.

A site is the same as that of ``mrsquant calibrate`` with these files. A calibration that a stopping or dying service
leaves unfinished begins again.
"""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import CancelledError, Future
from concurrent.futures import TimeoutError as StillRunning
from contextlib import suppress
from dataclasses import dataclass, field, replace
from functools import partial
from pathlib import Path
from typing import Any

import structlog
from sqlalchemy.exc import SQLAlchemyError

from fitting.errors import FittingError
from fitting.model.site_background import SiteBackground
from fitting.reason import Reason
from fitting.run import Job
from fitting.run.calibration import Tasks, calibrated
from fitting.sites import Candidate
from service.errors import DamagedStorage, NotReady
from service.jobs.dispatcher import Dispatcher
from service.jobs.side_runner import HEARTBEAT_SECONDS, MAX_ATTEMPTS, SideRunner
from service.jobs.tasks import Defect, MemoryExhausted, run_control, run_evidence
from service.logs import frames_of
from service.metrics import Metrics
from service.storage.calibration_queue import CalibrationQueue, ClaimedCalibration, StoredControl
from service.workers.executors import is_crash

STEPS = ("analysing", "learning", "refining", "fitting")
"""Rounds over the spectra: with published macromolecules, two of learning, and with what the other people taught."""
PAUSE_SECONDS = 0.5
"""Between two tries to reach the workers."""
NOT_KEPT = Reason("spectrum-not-kept", "The files of the spectrum are not stored any more; submit it with keep_files.")
_CRASHED = Reason("worker-crashed", "The processes that analysed this spectrum died.")
_DEFECT = Reason("internal-error", "A defect of mrsquant; please report it.")
_NO_MEMORY = Reason("out-of-memory", "Reading or analysing it takes more memory than a worker may.")

log = structlog.get_logger()

_Pair = tuple[StoredControl, SiteBackground | None]
_Order = tuple[Callable[..., Any], tuple[Any, ...]] | Reason
"""A task of a worker with its arguments; a reason when there is nothing that a worker could do."""


class _Left(Exception):
    """The calibration is no longer ours to work on: it was cancelled, or the service is stopping."""


@dataclass(slots=True)
class _Flight:
    """One spectrum at a worker."""

    pair: _Pair
    order: Callable[[_Pair], _Order]
    future: Future[Any] = field(default_factory=Future)
    lost: int = 0
    """Workers that died with it."""


@dataclass(slots=True)
class _Work:
    """One calibration while it is worked on."""

    row: ClaimedCalibration
    sources: dict[str, str] = field(default_factory=dict)
    """Digests of the spectra by analysis."""
    rounds: int = 0
    done: int = 0
    total: int = 0
    tasks: int = 0
    next_heartbeat: float = 0.0


class CalibrationRunner(SideRunner[ClaimedCalibration]):
    """A thread that works on the calibrations of one queue."""

    noun = "calibration"

    def __init__(self, queue: CalibrationQueue, dispatcher: Dispatcher, metrics: Metrics, cache_dir: Path) -> None:
        super().__init__(queue, dispatcher, metrics.calibrations)
        self._queue = queue
        self._cache_dir = cache_dir

    def _claim(self) -> ClaimedCalibration | None:
        return self._queue.claim(self._name)

    def _work(self, row: ClaimedCalibration) -> None:
        begin, work = time.monotonic(), _Work(row)
        tasks = Tasks(analyse=self._to_analyse, evidence_of=self._to_evidence, label=lambda control: control.person)
        try:
            site = calibrated(row.name, self._queue.controls(row), tasks, partial(self._over, work))
        except _Left:
            return
        except FittingError as error:
            self._fail(row, error)
            return
        except (SQLAlchemyError, OSError):
            self._release(row, count_attempt=False)
            raise
        except Exception as error:
            log.error("calibration defect", id=row.id, error=type(error).__name__, frames=frames_of(error))
            self._fail(row, self._defect())
            return
        seconds = time.monotonic() - begin
        if self._queue.succeed(row, self._name, site, work.sources, seconds):
            self._succeeded(row, seconds)
        else:  # an analysis was removed meanwhile, so it begins again without; nothing happens when it was cancelled
            self._release(row, count_attempt=False)

    def _to_analyse(self, pair: _Pair) -> Any:  # an _Order, which _over gives to a worker
        job = self._job(pair[0])
        if isinstance(job, Reason):
            return job
        return run_control, (replace(job, background=pair[1]), pair[0].person, self._cache_dir)

    def _to_evidence(self, pair: _Pair) -> Any:  # an _Order
        job = self._job(pair[0])
        return job if isinstance(job, Reason) else (run_evidence, (job, pair[1], self._cache_dir))

    def _job(self, control: StoredControl) -> Job | Reason:
        """The job of a stored spectrum, compared with nothing, or why there is none."""
        try:
            files = {} if control.request is None else self._queue.files(control)
            if control.request is None or not files.get("metabolite"):
                return NOT_KEPT
            return Job.of(control.request, files)
        except (DamagedStorage, FittingError) as error:
            return Reason(error.code, f"{error.title}.")

    def _over(self, work: _Work, order: Callable[[_Pair], _Order], pairs: Iterable[_Pair]) -> Iterator[Any]:
        """The answers of the workers for each spectrum, in order; no more at once than there are workers."""
        given, flying = list(pairs), deque[_Flight]()
        work.rounds, work.done, work.total, work.next_heartbeat = work.rounds + 1, 0, len(given), 0.0
        self._go_on(work)
        try:
            for pair in given:
                while len(flying) >= self._dispatcher.workers:
                    yield self._answered(work, flying.popleft())
                flying.append(self._sent(work, _Flight(pair, order)))
            while flying:
                yield self._answered(work, flying.popleft())
        finally:
            for flight in flying:
                flight.future.cancel()

    def _sent(self, work: _Work, flight: _Flight) -> _Flight:
        """Give a spectrum to a worker, as soon as there is one."""
        order = flight.order(flight.pair)
        if isinstance(order, Reason):
            flight.future.set_result(order)
            return flight
        call, given = order
        while True:
            work.tasks += 1
            try:
                flight.future = self._dispatcher.compute(f"calibration-{work.row.id}-{work.tasks}", call, *given)
            except NotReady:
                self._go_on(work)
                self._wake.wait(PAUSE_SECONDS)
            else:
                return flight

    def _answered(self, work: _Work, flight: _Flight) -> Any:
        """The answer for a spectrum; one whose worker died three times is left out."""
        answer: Any = None
        while answer is None:
            try:
                answer = self._awaited(work, flight)
            except CancelledError:  # the executor was closed
                self._sent(work, flight)
            except MemoryExhausted:
                answer = _NO_MEMORY
            except Defect as error:
                log.error("calibration defect", id=work.row.id, error=error.kind, frames=error.frames)
                answer = _DEFECT
            except (_Left, SQLAlchemyError):
                raise
            except Exception as error:
                answer = self._retried(work, flight, error)
        work.done += 1
        if isinstance(answer, Candidate) and answer.analysis is not None:
            work.sources[flight.pair[0].analysis_id] = answer.analysis.provenance.input_sha256
        return answer

    def _retried(self, work: _Work, flight: _Flight, error: Exception) -> Reason | None:
        """Why a spectrum has no answer; None when it was given to another worker."""
        if not is_crash(error):
            log.error("executor defect", id=work.row.id, error=type(error).__name__)
            return _DEFECT
        flight.lost += 1
        log.warning("worker lost", id=work.row.id, request_id=work.row.request_id, attempt=flight.lost)
        if flight.lost >= MAX_ATTEMPTS:
            return _CRASHED
        self._sent(work, flight)
        return None

    def _awaited(self, work: _Work, flight: _Flight) -> Any:
        while not flight.future.done():
            self._go_on(work)
            with suppress(StillRunning):
                return flight.future.result(timeout=PAUSE_SECONDS)
        return flight.future.result()

    def _go_on(self, work: _Work) -> None:
        """Record how far it is.

        Raises
        ------
        _Left
            When it was cancelled, or the service is stopping.
        """
        if self._stopping.is_set():
            self._release(work.row, count_attempt=False)
            raise _Left
        if time.monotonic() < work.next_heartbeat:
            return
        work.next_heartbeat = time.monotonic() + HEARTBEAT_SECONDS / 2
        at = {"step": STEPS[min(work.rounds, len(STEPS)) - 1], "done": work.done, "total": work.total}
        if not self._queue.heartbeat(self._name, work.row.id, at):
            log.info("calibration cancelled", id=work.row.id, request_id=work.row.request_id)
            raise _Left
