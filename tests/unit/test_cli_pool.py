"""Worker processes of a batch: order, bounded memory, crashes and interruption, with real processes."""

from __future__ import annotations

import multiprocessing
import os
import signal
import time
from collections.abc import Iterator

import pytest

from service.cli.ordered_map import IN_FLIGHT_PER_WORKER, Crashed, map_in_order


def slower_when_earlier(number: int) -> int:
    time.sleep(0.02 * (5 - number % 6))
    return number * number


def dies_on_multiples_of_five(number: int) -> int:
    if number % 5 == 0:
        os.kill(os.getpid(), signal.SIGKILL)
    return number


def dies_at_seven_while_zero_runs(number: int) -> int:
    if number == 7:
        os.kill(os.getpid(), signal.SIGKILL)
    time.sleep(1.0 if number == 0 else 0.3 if number > 7 else 0.0)
    return number


def environment_and_pid(name: str) -> tuple[str | None, int]:
    return os.environ.get(name), os.getpid()


def sleeps(seconds: float) -> float:
    time.sleep(seconds)
    return seconds


def test_results_come_in_the_order_of_the_items() -> None:
    """Later tasks that finish first wait for their turn."""
    outcomes = list(map_in_order(slower_when_earlier, range(12), workers=2))

    assert outcomes == [(number, number * number) for number in range(12)]


def test_a_dying_worker_costs_only_its_task() -> None:
    """Tasks that went down with a killed worker are repeated; only the killers are lost."""
    outcomes = list(map_in_order(dies_on_multiples_of_five, range(1, 12), workers=2))

    assert outcomes == [(number, number if number % 5 else Crashed()) for number in range(1, 12)]


def test_a_loss_already_known_does_not_disturb_the_tasks_that_run_since() -> None:
    """The killer's turn comes after its loss was found out: those in the new pool by then still answer."""
    outcomes = list(map_in_order(dies_at_seven_while_zero_runs, range(16), workers=2))

    assert outcomes == [(number, Crashed() if number == 7 else number) for number in range(16)]


def test_few_items_are_taken_ahead_of_the_results() -> None:
    """Memory is bounded: the source is not read further than a few tasks for each worker."""
    taken = []

    def source() -> Iterator[int]:
        for number in range(1000):
            taken.append(number)
            yield number

    outcomes = map_in_order(slower_when_earlier, source(), workers=1)
    for _ in range(3):
        next(outcomes)
    outcomes.close()

    assert len(taken) <= 3 + IN_FLIGHT_PER_WORKER


def test_workers_use_one_thread_each() -> None:
    """Numerics libraries in a worker must not start a thread per core each."""
    ((_, (threads, pid)),) = map_in_order(environment_and_pid, ["OMP_NUM_THREADS"], workers=1)

    assert threads == "1"
    assert pid != os.getpid()


def test_closing_the_iterator_ends_the_workers() -> None:
    """Ctrl-C must not wait for the fits that are running."""
    outcomes = map_in_order(sleeps, [0.0, 60.0, 60.0], workers=1)
    next(outcomes)
    begin = time.monotonic()
    outcomes.close()

    while multiprocessing.active_children():
        assert time.monotonic() - begin < 20
        time.sleep(0.05)


def test_an_exception_of_a_task_is_raised_in_its_place() -> None:
    """What a task raises is not mistaken for a crash."""
    outcomes = map_in_order(sleeps, [0.0, -1.0], workers=1)

    assert next(outcomes) == (0.0, 0.0)
    with pytest.raises(ValueError, match="non-negative"):
        next(outcomes)
