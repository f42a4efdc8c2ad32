"""The report of a load run, as a page."""

from __future__ import annotations

import os
import platform
from dataclasses import dataclass

import numpy as np

_HEAD = """# Load

`make load` writes this page. `examples/acc_press30.nii.gz` is submitted over HTTP on loopback by four clients, each
time for another subject so that each is computed, while a fifth follows the newest analysis and the queue with four
calls every 0.2 s, whose CPU time counts too; the service has two worker processes and SQLite. Clients, service and
workers share the machine's cores. A process without a service runs the same analysis on the same file, one after the
other; two of them at once show what the machine gives at most. The aim is 1.6 times one process.

Then the numerics are replaced by stand-ins that take no time, which makes the service the bottleneck, and as many
analyses as the last table says go through one service.

"""


@dataclass(frozen=True, slots=True)
class Alone:
    """One process without a service."""

    rate: float
    """Analyses a second."""
    cpu: float
    """CPU seconds of each."""


@dataclass(frozen=True, slots=True)
class Latencies:
    """Seconds of each submission and of each look at an analysis."""

    posts: tuple[float, ...]
    reads: tuple[float, ...]


@dataclass(frozen=True, slots=True)
class Served:
    """The service at work: analyses a second, and CPU seconds of each by who spent them."""

    count: int
    rate: float
    service: float
    workers: float
    clients: float
    latencies: Latencies


@dataclass(frozen=True, slots=True)
class Step:
    """Where a service stands after so many analyses in all."""

    count: int
    rate: float
    latencies: Latencies
    service_mb: float
    worker_mb: float


@dataclass(frozen=True, slots=True)
class Outcome:
    """Everything that was measured."""

    busy_percent: float
    """How busy the cores were before."""
    alone: Alone
    at_once: tuple[Alone, ...]
    served: Served
    steps: tuple[Step, ...]


def page(outcome: Outcome) -> str:
    """What was measured, and where."""
    cores = os.cpu_count() or 1
    busy = f"{outcome.busy_percent:.0f} % busy"
    where = f"Measured on {cores} cores ({platform.machine()}), which were {busy} before it began.\n\n"
    return _HEAD + where + _rates(outcome, cores) + _latencies(outcome.served) + _growth(outcome.steps)


def _rates(outcome: Outcome, cores: int) -> str:
    alone, served = outcome.alone, outcome.served
    together = sum(one.rate for one in outcome.at_once)
    each = float(np.mean([one.cpu for one in outcome.at_once]))
    whole = served.workers + served.service + served.clients
    parts = f"workers {_ms(served.workers)}, service {_ms(served.service)}, clients {_ms(served.clients)}"
    rows = [
        ("", "analyses a second", "of one process", "CPU of each analysis"),
        ("---", "---", "---", "---"),
        ("one process", f"{alone.rate:.2f}", "1", _ms(alone.cpu)),
        ("two processes at once", f"{together:.2f}", f"{together / alone.rate:.2f}", _ms(each)),
        (
            f"the service, {served.count} analyses",
            f"{served.rate:.2f}",
            f"{served.rate / alone.rate:.2f}",
            f"{_ms(whole)}: {parts}",
        ),
    ]
    most = cores / whole
    return (
        f"{_table(rows)}\nWhat else the machine does lowers the rates more than it lengthens the CPU times: by these, "
        f"{cores} cores that do nothing else give {most:.1f} analyses a second, {most / (cores / each):.2f} of what as "
        f"many processes without a service would, and {most * alone.cpu:.2f} times one process.\n\n"
    )


def _latencies(served: Served) -> str:
    rows = [("while that ran", "calls", "median", "p99"), ("---", "---", "---", "---")]
    calls = {"`POST /v1/analyses`": served.latencies.posts, "`GET /v1/analyses/{id}`": served.latencies.reads}
    for name, seconds in calls.items():
        rows.append((name, str(len(seconds)), _ms(_quantile(seconds, 0.5)), _ms(_quantile(seconds, 0.99))))
    return _table(rows) + "\n"


def _growth(steps: tuple[Step, ...]) -> str:
    rows = [
        ("stand-ins in all", "a second", "p99 of POST", "p99 of GET", "memory of the service", "of the largest worker"),
        ("---",) * 6,
    ]
    for step in steps:
        posts, reads = (_ms(_quantile(one, 0.99)) for one in (step.latencies.posts, step.latencies.reads))
        memory = (f"{step.service_mb:.0f} MB", f"{step.worker_mb:.0f} MB")
        rows.append((str(step.count), f"{step.rate:.1f}", posts, reads, *memory))
    return _table(rows)


def _table(rows: list[tuple[str, ...]]) -> str:
    return "".join("| " + " | ".join(row) + " |\n" for row in rows)


def _quantile(seconds: tuple[float, ...], share: float) -> float:
    return float(np.quantile(seconds, share))


def _ms(seconds: float) -> str:
    return f"{1000 * seconds:.0f} ms"
