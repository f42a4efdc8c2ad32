"""What the end of one claimed analysis means: its answer, its problem, or another attempt."""

from __future__ import annotations

from concurrent.futures import CancelledError, Future
from dataclasses import dataclass

import structlog

from fitting.errors import FittingError
from service.documents import PackedAnalysis
from service.errors import DamagedStorage, InternalError, OutOfMemory, WorkerCrashed
from service.jobs.pool_supervisor import PoolSupervisor
from service.jobs.tasks import Defect, MemoryExhausted
from service.metrics import Metrics
from service.problem_documents import ProblemDocument, problem_of
from service.storage.events import EventRepository
from service.storage.queue import Claimed, JobQueue
from service.telemetry import Tracing
from service.workers.executors import is_crash
from service.workers.messages import STARTED

MAX_ATTEMPTS = 2
"""Attempts that may end with the death of the worker, which the analysis may have caused."""
MAX_BEGINNINGS = 6
"""Attempts that a worker began, with those that the death of the service ended: it need not be the analysis' fault."""
MAX_TAKEN = 30
"""Attempts in all, with those that waited for a worker when the service died: it can hardly be the analysis' fault."""

log = structlog.get_logger()


@dataclass(frozen=True, slots=True)
class Outcomes:
    """Stores how analyses ended, on behalf of one dispatcher."""

    queue: JobQueue
    events: EventRepository
    supervisor: PoolSupervisor
    metrics: Metrics
    tracing: Tracing | None
    instance: str
    """Name under which the dispatcher claims."""

    def store(self, row: Claimed, future: Future[PackedAnalysis]) -> None:
        """Store what a worker answered, or what its failure means."""
        try:
            answer = future.result()
        except CancelledError:  # by its owner, which this does not change, or because the executor was closed
            self.release(row)
        except FittingError as error:
            self._fail(row, self.instance, problem_of(error, row.request_id), final=True)
        except MemoryExhausted:
            log.warning("analysis out of memory", analysis_id=row.id, request_id=row.request_id)
            problem = problem_of(out_of_memory(self.supervisor.memory), row.request_id)
            self._fail(row, self.instance, problem, final=False)
        except Defect as error:
            log.error(
                "analysis defect", analysis_id=row.id, request_id=row.request_id, error=error.kind, frames=error.frames
            )
            self.end_by_defect(row)
        except Exception as error:
            if is_crash(error):
                self._retry_victim_or_culprit(row)
                return
            log.error("executor defect", analysis_id=row.id, request_id=row.request_id, error=type(error).__name__)
            self.end_by_defect(row)
        else:
            self._succeed(row, answer)

    def release(self, row: Claimed) -> None:
        """Put an analysis back into the queue; the attempt does not count."""
        self.queue.release(self.instance, row.id, count_attempt=False)

    def retry_or_fail(self, row: Claimed, problem: type[InternalError], what: str) -> None:
        """Give an analysis whose worker was lost another attempt, or end it; ``what`` says how the process ended."""
        log.warning("worker lost", analysis_id=row.id, request_id=row.request_id, attempt=row.attempts)
        if row.attempts < MAX_ATTEMPTS:
            self.queue.release(self.instance, row.id, count_attempt=True)
            return
        detail = f"The process computing this analysis {what}."
        self._fail(row, self.instance, problem_of(problem(detail), row.request_id), final=False)

    def take_over(self, row: Claimed, owner: str) -> None:
        """Take an analysis from a service that died, unless it was begun too often already."""
        log.warning("service died", analysis_id=row.id, request_id=row.request_id, instance=owner)
        begun = self.events.beginnings(row.id, STARTED)
        if begun.computed < MAX_BEGINNINGS and begun.taken < MAX_TAKEN:
            self.queue.release(owner, row.id, count_attempt=False)
            return
        detail = f"The service stopped during {begun.taken} attempts at this analysis, perhaps for lack of memory."
        self._fail(row, owner, problem_of(WorkerCrashed(detail), row.request_id), final=False)

    def end_by_damage(self, row: Claimed, error: DamagedStorage) -> None:
        """End an analysis whose input is not what was stored."""
        log.error("stored file damaged", analysis_id=row.id, **error.data)
        self._fail(row, self.instance, problem_of(error, row.request_id), final=False)

    def end_by_defect(self, row: Claimed) -> None:
        """End an analysis that met a fault of ours or of the disk; the log says which."""
        detail = "The analysis ended with an unexpected error; the operator finds it in the log by the request_id."
        self._fail(row, self.instance, problem_of(InternalError(detail), row.request_id), final=False)

    def _succeed(self, row: Claimed, answer: PackedAnalysis) -> None:
        if self.queue.succeed(row.id, self.instance, answer):
            run = self.supervisor.run_of(row.id)
            self.metrics.finished(answer.seconds, [] if run is None else run.stages)
            if self.tracing is not None and run is not None:
                self.tracing.record(row.id, row.request_id, run.stages, answer.seconds)
            log.info(
                "analysis succeeded", analysis_id=row.id, request_id=row.request_id, seconds=round(answer.seconds, 3)
            )

    def _fail(self, row: Claimed, owner: str, problem: ProblemDocument, *, final: bool) -> None:
        if self.queue.fail(row.id, owner, problem, final=final):
            self.metrics.outcomes.labels(problem.code).inc()
            log.info("analysis failed", analysis_id=row.id, request_id=row.request_id, code=problem.code)

    def _retry_victim_or_culprit(self, row: Claimed) -> None:
        if self.supervisor.note_crash(row.id):
            self.retry_or_fail(row, WorkerCrashed, f"died {row.attempts} times, perhaps for lack of memory")
        else:
            self.release(row)


def out_of_memory(memory: int | None) -> OutOfMemory:
    """The problem of a task that took more memory than its worker may; None where a worker has no limit of its own."""
    allowed = "a worker has" if memory is None else f"the {memory} bytes a worker may take"
    return OutOfMemory(
        f"Reading or analysing the file takes more memory than {allowed}; send one ordinary single-voxel scan, or "
        "have the operator raise MRSQUANT_WORKER_MEMORY_BYTES.",
        limit=memory,
    )
