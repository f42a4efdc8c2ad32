"""What a worker does: a pure function from bytes to bytes, without database and without knowing the service."""

from __future__ import annotations

import json
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any, TypeVar

from fitting import run
from fitting.analysis import Analysis
from fitting.errors import FittingError
from fitting.model.result import Traces
from fitting.model.site_background import SiteBackground
from fitting.run import Inspection, Job
from fitting.run.calibration import candidate_of
from fitting.run.learning import SpectrumEvidence, spectrum_evidence
from fitting.run.progress import watched
from fitting.sites import Candidate
from service.documents import PackedAnalysis, PackedCohort, dump_analysis, dump_traces
from service.logs import frames_of
from service.schemas.cohort_source import CohortSource
from service.workers.interruption import Interrupted, Interruption
from service.workers.messages import STARTED, Send, discard

Analyse = Callable[[Job, Path | None], tuple[Analysis, Traces]]
Inspect = Callable[[Job], Inspection]
Answer = TypeVar("Answer")


class Defect(Exception):
    """An analysis ended with an exception that is no refusal: our mistake.

    Carries the exception's kind and place instead of the exception, which may quote the input and may not
    survive the way back to the service.
    """

    def __init__(self, kind: str, frames: list[str]) -> None:
        super().__init__(kind, frames)
        self.kind = kind
        self.frames = frames


class MemoryExhausted(Exception):
    """A task takes more memory than its worker may; it would do so again."""


def run_analysis(
    job: Job, cache_dir: Path | None, analyse: Analyse = run.analyse, task_id: str = "", send: Send = discard
) -> PackedAnalysis:
    """Analyse one spectrum and pack the answer for the way back; ``send`` a message at each stage.

    Raises
    ------
    FittingError
        When the input is refused.
    MemoryExhausted
        When it takes more memory than the worker may.
    Defect
        When anything else went wrong.
    """
    begin = time.perf_counter()
    send(task_id, STARTED)

    def packed() -> PackedAnalysis:
        with watched(partial(send, task_id)):
            analysis, traces = analyse(job, cache_dir)
        return PackedAnalysis(dump_analysis(analysis), dump_traces(traces), time.perf_counter() - begin)

    return answered(packed)


def run_inspection(job: Job, inspect: Inspect = run.inspect, task_id: str = "", send: Send = discard) -> Inspection:
    """Say what would be analysed; in a worker, because reading a file may take all the memory there is.

    Raises
    ------
    FittingError
        When the input is refused.
    MemoryExhausted
        When it takes more memory than the worker may.
    Defect
        When anything else went wrong.
    """
    send(task_id, STARTED)
    return answered(partial(inspect, job))


def run_cohort(document: dict[str, Any], task_id: str = "", send: Send = discard) -> PackedCohort:
    """Analyse one cohort, whose source is the ``document``; ``send`` a message at each section of its plan.

    Raises
    ------
    FittingError
        When its tables and plan do not belong together.
    MemoryExhausted
        When it takes more memory than the worker may.
    Interrupted
        When it was cancelled meanwhile.
    Defect
        When anything else went wrong.
    """
    begin = time.perf_counter()
    send(task_id, STARTED)

    def packed() -> PackedCohort:
        with Interruption.allowed():
            answer = CohortSource.of(document).inputs().answer(partial(send, task_id))
        return PackedCohort(json.dumps(answer, allow_nan=False).encode(), time.perf_counter() - begin)

    return answered(packed)


def run_control(job: Job, person: str, cache_dir: Path | None, task_id: str = "", send: Send = discard) -> Candidate:
    """Analyse the spectrum of one control of a calibration; a refusal becomes the reason to leave it out.

    Raises
    ------
    MemoryExhausted
        When it takes more memory than the worker may.
    Defect
        When anything else went wrong.
    """
    send(task_id, STARTED)
    return answered(partial(candidate_of, job, cache_dir, person))


def run_evidence(
    job: Job, background: SiteBackground | None, cache_dir: Path | None, task_id: str = "", send: Send = discard
) -> SpectrumEvidence:
    """Hear what the spectrum of one control says of the scanner's macromolecules, as seen from a background.

    Raises
    ------
    MemoryExhausted
        When it takes more memory than the worker may.
    Defect
        When anything else went wrong.
    """
    send(task_id, STARTED)
    return answered(partial(spectrum_evidence, job, background, cache_dir))


def answered(compute: Callable[[], Answer]) -> Answer:
    """The answer of a computation, or one of four exceptions that survive the way back to the service.

    Raises
    ------
    FittingError
        When the input is refused.
    MemoryExhausted
        When it takes more memory than the worker may.
    Interrupted
        When nobody waits for it any more.
    Defect
        When anything else went wrong.
    """
    try:
        return compute()
    except Interrupted:
        raise
    except FittingError as error:
        error.forget_causes()
        raise
    except MemoryError:
        pass  # what the failed computation held is free once its error is
    except Exception as error:
        raise Defect(type(error).__name__, frames_of(error)) from None
    raise MemoryExhausted


def warm() -> None:
    """Do nothing, in a worker: the first task of a process waits for its imports."""
