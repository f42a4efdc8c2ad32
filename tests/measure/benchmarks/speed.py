"""CPU time of the stages, on simulated spectra that anyone can make."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import Any
from unittest import mock

import numpy as np

from fitting.acquisition import Recording
from fitting.basis.simulation import simulate
from fitting.basis.spin_system import spin_systems
from fitting.model.fit import fit
from fitting.model.optimisers import OPTIMISERS
from fitting.preprocessing import preprocess
from fitting.request import Options
from fitting.run import Job, analyse, doubts
from service.cli.ordered_map import map_in_order
from service.reports import FORMATS, AnalysisDocument, render
from tests.data.simulated_brain import Scan, noise_for
from tests.measure.benchmarks.cold import example
from tests.measure.benchmarks.own_model import sums
from tests.measure.benchmarks.simulated import GRID, PROTOCOL
from tests.measure.benchmarks.text import number, table

ROOT = Path(__file__).parents[3]
MATRIX = 1024
"""Rows and columns of the matrices of the reference."""

FitCall = Callable[..., Any]


def cpu_seconds(function: Callable[[], object]) -> float:
    """CPU time of one call, all threads of this process."""
    began = time.process_time()
    function()
    return time.process_time() - began


def reference_gflops(repeats: int = 7) -> float:
    """Rate of double-precision matrix products (dgemm) on this machine now, 1e9 operations per CPU second."""
    matrix = np.random.default_rng(0).standard_normal((MATRIX, MATRIX))
    seconds = sorted(cpu_seconds(lambda: matrix @ matrix) for _ in range(repeats + 1))[repeats // 2]
    return 2 * MATRIX**3 / seconds * 1e-9


@contextmanager
def recorded_fits() -> Iterator[list[FitCall]]:
    """The calls of ``fit`` that analyses make meanwhile, each ready to be repeated alone."""
    calls: list[FitCall] = []

    def record(*arguments: Any, **options: Any) -> Any:
        calls.append(partial(fit, *arguments, **options))
        return fit(*arguments, **options)

    with mock.patch.object(doubts, "fit", record):
        yield calls


def analyses(jobs: Sequence[Job]) -> list[FitCall]:
    """The fits of these jobs, with every basis set in memory afterwards."""
    with recorded_fits() as calls:
        for job in jobs:
            analyse(job)
    return calls


def stages(name: str, jobs: Sequence[Job]) -> list[tuple[str, ...]]:
    """Milliseconds of whole analyses and of their fits alone, with the evaluations."""
    fits = analyses(jobs)
    whole = [1e3 * cpu_seconds(partial(analyse, job)) for job in jobs]
    alone, evaluations = [], []
    for call in fits:
        began = time.process_time()
        result = call()
        alone.append(1e3 * (time.process_time() - began))
        evaluations.append(float(result.evaluations))
    return [
        (f"fit alone, {name}", *_percentiles(alone), "ms"),
        (f"evaluations of a fit, {name}", *_percentiles(evaluations), "evaluations"),
        (f"whole analysis, {name}", *_percentiles(whole), "ms"),
    ]


def _percentiles(values: Sequence[float]) -> tuple[str, str]:
    return number(float(np.percentile(values, 50)), 0), number(float(np.percentile(values, 95)), 0)


def single_figures(repeats: int) -> list[tuple[str, ...]]:
    """Preprocessing of a large scan, simulation of a basis, and what a new process pays once."""
    recording = uncombined()
    simulation = partial(simulate, spin_systems(), PROTOCOL, GRID.points, GRID.dwell_time)
    cold = json.loads(
        subprocess.run(
            [sys.executable, "-m", "tests.measure.benchmarks.cold"],
            cwd=ROOT,
            check=True,
            capture_output=True,
            text=True,
        ).stdout
    )
    once = (
        ("new process: imports", cold["import"]),
        ("new process: first analysis, simulating its basis set", cold["first"]),
        ("new process: second analysis", cold["second"]),
    )
    analysis, traces = analyse(example())
    reports = [
        (f"report of the example as {format}", partial(render, format, AnalysisDocument(analysis), traces))
        for format in FORMATS
    ]
    repeated: tuple[tuple[str, Callable[[], object]], ...] = (
        ("preprocessing 16 coils × 64 transients × 2048 points, with water", partial(preprocess, recording)),
        (f"simulating the basis set ({len(spin_systems())} metabolites × {GRID.points} points)", simulation),
        *reports,
    )
    rows: list[tuple[str, ...]] = []
    for title, function in repeated:
        function()
        rows.append((title, *_percentiles([1e3 * cpu_seconds(function) for _ in range(repeats)]), "ms"))
    rows += [(title, number(1e3 * seconds, 0), "–", "ms") for title, seconds in once]
    return [*rows, ("new process: peak memory after two analyses", number(cold["peak_mib"], 0), "–", "MiB")]


def uncombined() -> Recording:
    """A drifting scan of 16 coils and 64 transients with its water reference."""
    scan = Scan(GRID.points, GRID.dwell_time)
    fid = scan.brain() + scan.residual_water(1.0)
    coils = scan.rng.lognormal(0, 0.5, 16) * np.exp(2j * np.pi * scan.rng.random(16))
    drift = np.exp(-2j * np.pi * np.linspace(-3, 3, 64)[:, None] * scan.time)
    samples = (fid * drift)[:, None] * coils[:, None] + noise_for(4.0, fid, scan) * scan.noise(64, 16)
    water = scan.line(4.65, 2e4, 8.0) * coils[:, None] + scan.noise(2, 16)
    return scan.recording(samples, scan.recording(water))


def throughput(jobs: Sequence[Job]) -> list[str]:
    """A batch in one worker against one worker for each core, from the first answers of the workers on."""
    cores = os.cpu_count() or 1
    rows: list[tuple[str, ...]] = []
    alone = (0.0, 0.0)
    for workers in sorted({1, cores}):
        outcomes = map_in_order(_analysed, jobs, workers)
        for _ in range(workers):
            next(outcomes)
        began = time.perf_counter()
        seconds = [answer for _, answer in outcomes if isinstance(answer, float)]
        clock = time.perf_counter() - began
        rates = (len(seconds) / sum(seconds), len(seconds) / clock)
        alone = alone if rows else rates
        relative = [number(rate / first, 2) for rate, first in zip(rates, alone, strict=True)]
        rows.append((str(workers), *relative, number(sum(seconds) / clock / workers, 2)))
    return table(
        ("workers", "spectra per CPU time of a worker", "spectra per time", "share of a core each worker got"), rows
    )


def _analysed(job: Job) -> float:
    """CPU seconds of one analysis; a worker process runs one at a time."""
    return cpu_seconds(partial(analyse, job))


def optimisers(jobs: Sequence[Job]) -> list[str]:
    """CPU time of every optimiser of the registry on the same fits, and how far their answers are apart."""
    fits = analyses(jobs)
    seconds, answers = {}, {}
    for name in OPTIMISERS:
        began = time.process_time()
        answers[name] = [call(optimiser=name) for call in fits]
        seconds[name] = time.process_time() - began
    default = Options().optimiser
    expected = [sums(result) for result in answers[default]]
    rows = []
    for name, results in answers.items():
        found = [sums(result) for result in results]
        apart = max(
            float(np.abs((mine.values - theirs.values) / theirs.sds).max())
            for mine, theirs in zip(found, expected, strict=True)
        )
        rows.append((f"`{name}`", number(seconds[name] / seconds[default], 2), number(apart, 3)))
    return table(("optimiser", "CPU time relative to the default", "largest difference from the default, sd"), rows)
