"""A real scheduler and two workers: the same dispatcher, and nothing is lost when parts of the cluster die."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest

from service.jobs.pool_supervisor import Limits
from service.workers.executors import open_executor
from tests.fake_pipeline import spectrum
from tests.servers.cluster import Cluster, cluster
from tests.servers.office import Office


@pytest.fixture
def two_workers(tmp_path: Path) -> Iterator[Cluster]:
    with cluster(tmp_path, "one", "two") as started:
        yield started


@pytest.fixture
def office(tmp_path: Path) -> Iterator[Office]:
    with ExitStack() as stack:
        yield Office(tmp_path, stack)


def test_a_worker_is_killed_in_mid_run(two_workers: Cluster, office: Office) -> None:
    """Every analysis ends once, with the answer of its own input; refusals come back; stages are reported."""
    ids = [office.submit(spectrum("sleep", seconds=0.2, number=number)) for number in range(24)]
    refused, told = office.submit(spectrum("refuse")), office.submit(spectrum("stages"))
    office.dispatch(two_workers.address)
    office.wait(lambda: sum(office.state(analysis_id) == "succeeded" for analysis_id in ids) >= 4)
    two_workers.kill("one")
    office.wait_for_all()

    assert {office.state(analysis_id) for analysis_id in ids} == {"succeeded"}
    assert office.get(refused).problem["code"] == "missing-parameter"
    assert all(story.count("succeeded") == 1 for story in office.stories(ids))
    steps = [event.step for event in office.events.after(told, 0) if event.step]
    assert steps[0] == "started"
    assert steps[-1] == "comparison"


def test_a_cluster_worker_at_its_memory_limit_fails_that_analysis_alone(two_workers: Cluster, office: Office) -> None:
    """Where the operator sets it, workers of a cluster have the same limit, and end nothing but that analysis."""
    hoarder = office.submit(spectrum("hoard", bytes=2**34))
    others = [office.submit(spectrum("sleep", seconds=0.05, number=number)) for number in range(4)]
    office.dispatch(two_workers.address, Limits(memory=2**31))
    office.wait_for_all()

    assert office.get(hoarder).problem["code"] == "out-of-memory"
    assert office.get(hoarder).attempts == 1
    assert {office.state(other) for other in others} == {"succeeded"}


@pytest.mark.chaos
def test_the_scheduler_is_killed_and_comes_back(two_workers: Cluster, office: Office) -> None:
    """The rows wait; the dispatcher connects again, and so does a new worker."""
    ids = [office.submit(spectrum("sleep", seconds=0.2, number=number)) for number in range(12)]
    office.dispatch(two_workers.address)
    office.wait(lambda: sum(office.state(analysis_id) == "succeeded" for analysis_id in ids) >= 2)
    for name in ("scheduler", "one", "two"):
        two_workers.kill(name)
    time.sleep(0.5)
    two_workers.start_scheduler()
    two_workers.start_worker("three")
    office.wait_for_all(seconds=90)

    assert {office.state(analysis_id) for analysis_id in ids} == {"succeeded"}
    assert {office.get(analysis_id).attempts for analysis_id in ids} == {1}


@pytest.mark.chaos
def test_a_worker_that_hangs_is_restarted(two_workers: Cluster, office: Office) -> None:
    """By its nanny; the analysis that hung fails in the end, the others do not."""
    hung = office.submit(spectrum("sleep", seconds=600))
    others = [office.submit(spectrum("sleep", seconds=0.05, number=number)) for number in range(6)]
    office.dispatch(two_workers.address, Limits(deadline=1.0, grace=0.5))
    office.wait_for_all(seconds=90)

    assert office.get(hung).problem["code"] == "over-deadline"
    assert {(office.state(other), office.get(other).attempts) for other in others} == {("succeeded", 1)}


@pytest.mark.chaos
def test_no_scheduler_there(tmp_path: Path, office: Office, monkeypatch: pytest.MonkeyPatch) -> None:
    """The service starts and is not ready; submissions wait in the database until the cluster is there."""
    monkeypatch.setattr("service.workers.cluster.CONNECT_SECONDS", 1.0)
    absent = Cluster(tmp_path)
    waiting = office.submit(spectrum())
    dispatcher = office.dispatch(absent.address)

    assert not dispatcher.ready
    assert office.state(waiting) == "queued"
    with pytest.raises(OSError, match=r"scheduler|connect|Timed"):
        open_executor(absent.address)
    try:
        absent.start_scheduler()
        absent.start_worker("one")
        office.wait_for_all()
    finally:
        absent.stop()

    assert office.state(waiting) == "succeeded"
