"""What happens to the service while its clients send, and what must be so in the end."""

from __future__ import annotations

import random
import time
from collections import Counter
from dataclasses import dataclass

from tests.chaos.clients import Told, age_of, ask, events_of, send_all
from tests.chaos.disk import Disk
from tests.chaos.scene import UNFINISHED
from tests.chaos.service import Service


@dataclass(frozen=True)
class Storm:
    """How bad it gets."""

    submissions: int = 500
    clients: int = 8
    service_deaths: int = 5
    worker_deaths: int = 5
    seconds_each: float = 0.1
    full_seconds: float = 5.0


@dataclass(frozen=True)
class Outcome:
    """What is left when it is over."""

    accepted: int
    states: Counter[str]
    results_each: Counter[int]
    """How many analyses were given how many results."""
    foreign: int
    """Answers that are another submission's."""
    unasked: int
    """Analyses in the database that no client was told of."""
    attempts: Counter[int]
    told: Told
    service_deaths: int
    worker_deaths: int
    full_seconds: float
    seconds: float

    @property
    def is_sound(self) -> bool:
        """Whether every accepted analysis has exactly its own result and every refused one a problem."""
        return (
            set(self.states) == {"succeeded"}
            and set(self.results_each) == {1}
            and not (self.foreign or self.unasked or self.told.wrong)
        )


def weather(service: Service, disk: Disk, storm: Storm, seed: int = 1) -> Outcome:
    """Let the clients send while the storm lasts; afterwards count."""
    told, begin, chance = Told(), time.monotonic(), random.Random(seed)
    service.start()
    service.wait("/readyz")
    shares = [list(range(first, storm.submissions, storm.clients)) for first in range(storm.clients)]
    clients = [send_all(service.url, share, told, storm.seconds_each) for share in shares]
    worker_deaths = _rage(service, disk, storm, told, chance)
    for client in clients:
        client.join()
    _settle(service)
    return _count(service, told, storm, worker_deaths, time.monotonic() - begin)


def _rage(service: Service, disk: Disk, storm: Storm, told: Told, chance: random.Random) -> int:
    """Kill the service each time another share was accepted; between its deaths, its workers; fill the disk once."""
    killed = 0
    for death in range(storm.service_deaths):
        _await_accepted(told, storm.submissions * (death + 1) // (storm.service_deaths + 2))
        if death == storm.service_deaths // 2:
            with disk.filled():
                time.sleep(storm.full_seconds)
        if death < storm.worker_deaths:
            killed += _kill_a_worker(service, chance)
        time.sleep(chance.uniform(0.2, 1.0))
        service.kill()
        service.start()
        service.wait()
    return killed


def _await_accepted(told: Told, count: int, seconds: float = 300) -> None:
    deadline = time.monotonic() + seconds
    while len(told.accepted) < count:
        assert time.monotonic() < deadline, f"only {len(told.accepted)} were accepted: {told}"
        time.sleep(0.05)


def _kill_a_worker(service: Service, chance: random.Random) -> int:
    workers = service.workers()
    if not workers:
        return 0
    chance.choice(workers).kill()
    return 1


def _settle(service: Service, seconds: float = 300) -> None:
    deadline = time.monotonic() + seconds
    while any(ask(service.url, f"/v1/analyses?state={state}&limit=1")["items"] for state in UNFINISHED):
        assert time.monotonic() < deadline, "the queue does not get empty"
        time.sleep(0.2)


def _count(service: Service, told: Told, storm: Storm, worker_deaths: int, seconds: float) -> Outcome:
    states: Counter[str] = Counter()
    results: Counter[int] = Counter()
    attempts: Counter[int] = Counter()
    foreign = 0
    for number, analysis_id in told.accepted.items():
        analysis = ask(service.url, f"/v1/analyses/{analysis_id}")
        events = events_of(service.url, analysis_id)
        states[analysis["state"]] += 1
        results[sum(event["state"] == "succeeded" for event in events)] += 1
        attempts[sum(event["state"] == "running" and event["step"] is None for event in events)] += 1
        facts = analysis["acquisition"] or {}
        foreign += facts.get("age_years") != age_of(number) or analysis["subject"] != f"sub-{number}"
    return Outcome(
        accepted=len(told.accepted),
        states=states,
        results_each=results,
        foreign=foreign,
        unasked=len(_all_ids(service) - set(told.accepted.values())),
        attempts=attempts,
        told=told,
        service_deaths=storm.service_deaths,
        worker_deaths=worker_deaths,
        full_seconds=storm.full_seconds,
        seconds=seconds,
    )


def _all_ids(service: Service) -> set[str]:
    ids: set[str] = set()
    cursor = ""
    while True:
        page = ask(service.url, f"/v1/analyses?limit=200{cursor}")
        ids.update(item["id"] for item in page["items"])
        if page["next_cursor"] is None:
            return ids
        cursor = f"&cursor={page['next_cursor']}"
