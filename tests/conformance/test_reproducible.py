"""The same input, request and versions give the same bytes, wherever and however often they are computed."""

from __future__ import annotations

from functools import partial
from pathlib import Path

import pytest

from fitting.io import SourceFile
from fitting.request import Subject
from fitting.run import Job
from service.documents import PackedAnalysis
from service.jobs.tasks import run_analysis
from service.workers.executors import open_executor
from tests.servers.cluster import cluster

EXAMPLE = Path(__file__).parents[2] / "examples" / "acc_press30.nii.gz"
JOB = Job((SourceFile("metabolite.nii.gz", EXAMPLE.read_bytes()),), subject=Subject(region="ACC", age_years=40.0))


def computed(executor: str, cache: Path | None, times: int) -> list[PackedAnalysis]:
    pool = open_executor(executor)
    try:
        task = partial(run_analysis, cache_dir=cache)
        return [future.result(timeout=300) for future in [pool.executor.submit(task, JOB) for _ in range(times)]]
    finally:
        pool.close()


@pytest.fixture(scope="module")
def cache(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("cache")


@pytest.fixture(scope="module")
def first(cache: Path) -> PackedAnalysis:
    """Computed in this process, with an empty cache."""
    return computed("inline:", cache, 1)[0]


@pytest.mark.parametrize("executor", ["inline:", "processes:2"])
def test_same_bytes(first: PackedAnalysis, executor: str, tmp_path: Path) -> None:
    """In other processes, a second time in the same one, with a basis set simulated or read from the cache."""
    answers = computed(executor, tmp_path, 2)

    assert {answer.analysis for answer in answers} == {first.analysis}
    assert {answer.traces for answer in answers} == {first.traces}


def test_same_bytes_on_a_cluster(first: PackedAnalysis, cache: Path, tmp_path: Path) -> None:
    """A dask worker answers what this process answers, in every byte."""
    with cluster(tmp_path, "one") as started:
        (answer,) = computed(started.address, cache, 1)

    assert answer.analysis == first.analysis
    assert answer.traces == first.traces
