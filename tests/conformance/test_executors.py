"""Every executor brings back results and refusals alike; a dispatcher survives what happens to it."""

from __future__ import annotations

import json
import resource
import subprocess
import sys
from collections.abc import Iterator
from concurrent.futures import BrokenExecutor
from contextlib import ExitStack
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path

import pytest
from sqlalchemy import update

from fitting.errors import MissingParameter
from fitting.io import SourceFile
from fitting.request import Options
from fitting.run import Job
from fitting.run.progress import STAGES
from service.documents import load_traces
from service.jobs.dispatcher import STALE_AFTER
from service.jobs.outcomes import MAX_BEGINNINGS
from service.jobs.pool_supervisor import Limits
from service.jobs.tasks import Defect, run_analysis
from service.storage.events import EventRepository
from service.storage.tables import AnalysisRow
from service.workers.executors import Pool, UnusableExecutor, is_crash, open_executor
from service.workers.memory import share_of_machine
from service.workers.messages import STARTED
from tests import fake_pipeline
from tests.fake_pipeline import spectrum
from tests.servers.office import Office

ADDRESSES = ("inline:", "processes:2")


@pytest.fixture(scope="module", params=ADDRESSES)
def pool(request: pytest.FixtureRequest) -> Iterator[Pool]:
    opened = open_executor(request.param)
    yield opened
    opened.close()


def run(pool: Pool, content: bytes) -> object:
    task = partial(run_analysis, cache_dir=None, analyse=fake_pipeline.analyse)
    return pool.executor.submit(task, Job((SourceFile("metabolite.json", content),))).result(timeout=60)


def test_result_comes_back(pool: Pool) -> None:
    """The bytes are the analysis and the traces that the worker computed."""
    answer = run(pool, spectrum())

    assert json.loads(answer.analysis)["outcome"]["code"] == "converged"
    assert load_traces(answer.traces).names == ("NAA", "Cr")
    assert answer.seconds > 0


def test_equal_input_gives_equal_bytes(pool: Pool) -> None:
    """Neither a clock nor a random number gets into an answer."""
    assert run(pool, spectrum())[:2] == run(pool, spectrum())[:2]


def test_refusal_comes_back(pool: Pool) -> None:
    """With its class, its sentence and its data."""
    with pytest.raises(MissingParameter) as refused:
        run(pool, spectrum("refuse"))

    assert refused.value.data["parameter"] == "echo_time"


def test_defect_comes_back_without_its_message(pool: Pool) -> None:
    """The kind and the place of an exception, but not its message, which may quote the input."""
    with pytest.raises(Defect) as defect:
        run(pool, spectrum("defect", quote="MUELLER"))

    assert defect.value.kind == "KeyError"
    assert any("fake_pipeline.py" in frame for frame in defect.value.frames)
    assert "MUELLER" not in repr(defect.value)


def test_worker_crash_is_distinguished_from_a_defect() -> None:
    """A worker that dies is reported to the caller as a crash."""
    pool = open_executor("processes:1")
    with pytest.raises(BrokenExecutor) as crash:
        run(pool, spectrum("crash"))
    pool.close()

    assert is_crash(crash.value)
    assert not is_crash(KeyError())


@pytest.mark.parametrize(
    "address", ["", "processes", "processes:0", "processes:-1", "processes:x", "inline:2", "smoke:"]
)
def test_unusable_address(address: str) -> None:
    """A wrong setting is refused by name."""
    with pytest.raises(UnusableExecutor, match="MRSQUANT_EXECUTOR"):
        open_executor(address)


@pytest.fixture
def office(tmp_path: Path) -> Iterator[Office]:
    with ExitStack() as stack:
        yield Office(tmp_path, stack)


@pytest.mark.parametrize("executor", ADDRESSES)
def test_queue_is_worked_off_whatever_is_in_it(office: Office, executor: str) -> None:
    """Successes, refusals and defects end in their states, each once."""
    expected = {"succeed": "succeeded", "refuse": "failed", "defect": "failed", "nan": "failed"}
    ids = {do: office.submit(spectrum(do, quote="x")) for do in expected}
    office.dispatch(executor)
    office.wait(lambda: not any(office.queue.depths().values()))

    assert {do: office.state(ids[do]) for do in expected} == expected
    assert {office.repository.get(analysis_id).attempts for analysis_id in ids.values()} == {1}


def test_killed_worker_is_replaced_and_only_the_culprit_fails(office: Office) -> None:
    """An analysis that kills its worker fails after two attempts; those beside it succeed."""
    culprit = office.submit(spectrum("crash"))
    others = [office.submit(spectrum("sleep", seconds=0.05, number=number)) for number in range(6)]
    unlucky = office.submit(spectrum("crash once", flag=str(office.folder / "flag")))
    office.dispatch("processes:2")
    office.wait(lambda: not any(office.queue.depths().values()))

    assert office.state(culprit) == "failed"
    assert office.repository.get(culprit).problem["code"] == "worker-crashed"
    assert office.repository.get(culprit).attempts == 2
    assert {office.state(other) for other in (*others, unlucky)} == {"succeeded"}


def test_a_worker_at_its_memory_limit_fails_that_analysis_alone(office: Office) -> None:
    """One problem `out-of-memory` without another attempt; the worker lives, and its neighbours succeed."""
    hoarders = [office.submit(spectrum("hoard", bytes=2**31, number=number)) for number in range(4)]
    others = [office.submit(spectrum("sleep", seconds=0.05, number=number)) for number in range(8)]
    office.dispatch("processes:2", Limits(memory=2**30))
    office.wait_for_all()

    problems = [office.get(hoarder).problem for hoarder in hoarders]
    assert {problem["code"] for problem in problems} == {"out-of-memory"}
    assert all(str(2**30) in problem["detail"] for problem in problems)
    assert {office.get(each).attempts for each in (*hoarders, *others)} == {1}
    assert {office.state(other) for other in others} == {"succeeded"}


def test_workers_share_the_memory_of_the_machine() -> None:
    """The default is an equal share for each worker; an inline executor has no limit."""
    pools = [open_executor(address) for address in ("processes:2", "inline:")]
    try:
        kept = pools[0].executor.submit(resource.getrlimit, resource.RLIMIT_AS).result(timeout=60)

        assert kept == (share_of_machine(2),) * 2
        assert [pool.memory for pool in pools] == [share_of_machine(2), None]
    finally:
        for pool in pools:
            pool.close()


@pytest.mark.parametrize("executor", ADDRESSES)
def test_cancelled_while_running_stays_cancelled(office: Office, executor: str) -> None:
    """A late answer does not bring a cancelled analysis back, and the worker goes on to the next."""
    cancelled = office.submit(spectrum("sleep", seconds=0.5))
    dispatcher = office.dispatch(executor)
    office.wait(lambda: office.state(cancelled) == "running")
    office.repository.delete(cancelled)
    dispatcher.cancel(cancelled)
    after = office.submit(spectrum("sleep", seconds=0.6))
    dispatcher.wake()
    office.wait(lambda: office.state(after) == "succeeded")

    assert office.state(cancelled) == "cancelled"
    assert office.repository.content(cancelled, "traces") == []


def test_work_of_a_silent_claimant_is_taken_over(office: Office) -> None:
    """A service that stopped costs an analysis no attempt; only one that workers began too often fails."""
    once, often = office.submit(spectrum()), office.submit(spectrum(number=2))
    for number in range(MAX_BEGINNINGS):
        assert len(office.queue.claim("dead", 2)) == 2
        office.events.note_steps("dead", [(often, STARTED)])
        if number < MAX_BEGINNINGS - 1:
            office.queue.release("dead", count_attempt=False)
    long_ago = datetime.now(UTC) - timedelta(hours=1)
    with office.database.writing() as session:
        session.execute(update(AnalysisRow).values(heartbeat_at=long_ago))
    office.dispatch("inline:")
    office.wait(lambda: not any(office.queue.depths().values()))

    assert office.state(once) == "succeeded"
    assert office.repository.get(often).problem["code"] == "worker-crashed"
    assert {office.repository.get(analysis_id).attempts for analysis_id in (once, often)} == {1}


def test_a_predecessor_that_was_killed_is_known_at_once(office: Office) -> None:
    """A service that starts again takes its work over without waiting for a silence, but leaves the living alone."""
    code = (
        "import sys, time; from pathlib import Path; from service.jobs.instance import Instance;"
        "print(Instance(Path(sys.argv[1])).name, flush=True); time.sleep(600)"
    )
    command = [sys.executable, "-c", code, str(office.folder / "claimants")]
    left = office.submit(spectrum())
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as predecessor:
        try:
            office.queue.claim(predecessor.stdout.readline().strip(), 1)
            office.dispatch("inline:")
            after = office.submit(spectrum(number=2))
            office.wait(lambda: office.state(after) == "succeeded")

            assert office.state(left) == "running"
        finally:
            predecessor.kill()
    office.wait(lambda: office.state(left) == "succeeded", seconds=STALE_AFTER.total_seconds() / 2)


@pytest.mark.parametrize(("executor", "seconds"), [("inline:", 3), ("processes:2", 600)])
def test_worker_that_hangs_is_ended(office: Office, executor: str, seconds: float) -> None:
    """It counts as an attempt of the analysis that hung; those beside it lose no attempt, and all of them end."""
    others = [office.submit(spectrum("sleep", seconds=0.05, number=number)) for number in range(3)]
    hung = office.submit(spectrum("sleep", seconds=seconds))
    others += [office.submit(spectrum("sleep", seconds=0.1, number=number)) for number in range(3, 9)]
    office.dispatch(executor, Limits(deadline=0.6, grace=0.4))
    office.wait(lambda: not any(office.queue.depths().values()))

    assert office.repository.get(hung).problem["code"] == "over-deadline"
    assert office.repository.get(hung).attempts == 2
    assert {(office.state(other), office.repository.get(other).attempts) for other in others} == {("succeeded", 1)}


def test_the_deadline_of_the_request_counts() -> None:
    """A request may set a longer deadline; the grace period is added to either."""
    limits = Limits(deadline=10, grace=5)

    assert limits.of(Options()) == 15
    assert limits.of(Options(deadline_seconds=60)) == 65


@pytest.mark.parametrize("executor", ADDRESSES)
def test_hung_inspection_is_ended(office: Office, executor: str) -> None:
    """A file whose reading hangs blocks no worker: its inspection fails with a problem, and the queue goes on."""
    dispatcher = office.dispatch(executor, Limits(deadline=0.5, grace=0.5))
    asked = dispatcher.inspect(Job((SourceFile("metabolite.json", spectrum("sleep", seconds=3)),)))
    after = office.submit(spectrum())
    office.wait(lambda: office.state(after) == "succeeded")

    assert executor == "inline:" or isinstance(asked.exception(timeout=10), BrokenExecutor)


@pytest.mark.parametrize("executor", ADDRESSES)
def test_stages_are_events(office: Office, executor: str) -> None:
    """What the pipeline begins is written down between the states, in order, by whatever way it came."""
    followed = office.submit(spectrum("stages"))
    office.dispatch(executor)
    office.wait(lambda: office.state(followed) == "succeeded")
    events = EventRepository(office.database).after(followed, 0)

    assert [event.step or event.state for event in events] == ["queued", "running", "started", *STAGES, "succeeded"]
    assert [event.number for event in events] == list(range(1, len(events) + 1))


def test_work_of_a_living_claimant_is_left_alone(office: Office) -> None:
    """Two dispatchers on one database do not take each other's analyses."""
    claimed = office.submit(spectrum())
    office.queue.claim("alive", 1, retried=False)
    other = office.submit(spectrum(number=2))
    office.dispatch("inline:")
    office.wait(lambda: office.state(other) == "succeeded")

    assert office.state(claimed) == "running"
    assert office.repository.get(claimed).claimed_by == "alive"


def test_stopping_loses_nothing(office: Office) -> None:
    """What had begun is stored, what had not is queued again without counting an attempt."""
    begun = office.folder / "begun"
    ids = [office.submit(spectrum("sleep", seconds=0.4, number=number, flag=str(begun))) for number in range(6)]
    dispatcher = office.dispatch("inline:")
    office.wait(begun.exists)
    dispatcher.stop()
    rows = [office.repository.get(analysis_id) for analysis_id in ids]

    assert rows[0].state == "succeeded"
    assert {(row.state, row.attempts) for row in rows[1:]} == {("queued", 0)}
