"""Analyses in processes without a service around them: what the service is measured against."""

from __future__ import annotations

import multiprocessing
import time
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path

from fitting import run
from fitting.io import SourceFile
from fitting.run import Job
from tests.chaos.service import ROOT
from tests.measure.load.page import Alone

EXAMPLE = ROOT / "examples" / "acc_press30.nii.gz"


def bare(cache: Path, count: int) -> Alone:
    """Analyses of the example one after the other in this process."""
    job = Job((SourceFile(EXAMPLE.name, EXAMPLE.read_bytes()),))
    run.analyse(job, cache)
    begin, cpu = time.perf_counter(), time.process_time()
    for _ in range(count):
        run.analyse(job, cache)
    return Alone(count / (time.perf_counter() - begin), (time.process_time() - cpu) / count)


def bare_at_once(cache: Path, count: int, processes: int) -> list[Alone]:
    """The same in several processes at once: what the machine gives when nothing else is asked of it."""
    with ProcessPoolExecutor(processes, mp_context=multiprocessing.get_context("spawn")) as pool:
        list(pool.map(bare, [cache] * processes, [1] * processes))  # imports
        return list(pool.map(bare, [cache] * processes, [count] * processes))
