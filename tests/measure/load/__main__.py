"""``make load``: analyses a second against processes without a service, latency under that load, memory over many."""

from __future__ import annotations

import argparse
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import psutil

from tests.chaos.clients import ask, submit
from tests.chaos.service import ROOT, Service
from tests.fake_pipeline import spectrum
from tests.measure.load.bare import EXAMPLE, bare, bare_at_once
from tests.measure.load.page import Latencies, Outcome, Served, Step, page
from tests.servers.cluster import free_port

CLIENTS = 4
WORKERS = 2
READ_SECONDS = 0.2
"""Between two looks of the client that follows: reading costs the service time that it does not have for the rest."""


@contextmanager
def service(kind: str, folder: Path) -> Iterator[Service]:
    """A ready service with two workers."""
    settings = {
        "MRSQUANT_DATA_DIR": str(folder / kind),
        "MRSQUANT_CACHE_DIR": str(folder / "cache"),
        "MRSQUANT_EXECUTOR": f"processes:{WORKERS}",
        "MRSQUANT_REQUESTS_PER_MINUTE": "1000000",
        "MRSQUANT_LOG_LEVEL": "warning",
    }
    started = Service(free_port(), settings, folder / f"{kind}.log", "tests.measure.load.service", kind)
    started.start()
    try:
        started.wait("/readyz")
        yield started
    finally:
        started.stop()


def timed(action: Callable[[], object], into: list[float]) -> None:
    """Do it, and keep how long it took."""
    begin = time.perf_counter()
    action()
    into.append(time.perf_counter() - begin)


def burst(url: str, name: str, contents: Callable[[int], bytes], numbers: range) -> tuple[float, Latencies]:
    """Submit all from several clients while one reads; seconds until all are done, of each POST and of each GET."""
    posts: list[float] = []
    reads: list[float] = []
    begin = time.perf_counter()

    def client(first: int) -> None:
        for number in numbers[first::CLIENTS]:
            request = {"subject": f"sub-{number}"}  # makes it another analysis
            timed(lambda number=number, request=request: submit(url, name, contents(number), request), posts)

    clients = [threading.Thread(target=client, args=(first,)) for first in range(CLIENTS)]
    for one in clients:
        one.start()
    while any(one.is_alive() for one in clients) or _unfinished(url):
        newest = ask(url, "/v1/analyses?limit=1")["items"]
        if newest:
            timed(lambda newest=newest: ask(url, f"/v1/analyses/{newest[0]['id']}"), reads)
        time.sleep(READ_SECONDS)
    return time.perf_counter() - begin, Latencies(tuple(posts), tuple(reads))


def _unfinished(url: str) -> bool:
    return any(ask(url, f"/v1/analyses?limit=1&state={state}")["items"] for state in ("queued", "running"))


def cpu_seconds(started: Service) -> tuple[float, float]:
    """CPU time so far of the service and of its workers."""
    times = [psutil.Process(started.pid).cpu_times(), *(process.cpu_times() for process in started.workers())]
    service_seconds, *worker_seconds = (one.user + one.system for one in times)
    return service_seconds, sum(worker_seconds)


def memory(started: Service) -> tuple[float, float]:
    """Resident megabytes of the service and of its largest worker."""
    service_bytes = psutil.Process(started.pid).memory_info().rss
    return service_bytes / 1e6, max(process.memory_info().rss for process in started.workers()) / 1e6


def serve_real(folder: Path, count: int) -> Served:
    """The service with the real numerics and two workers, after a few analyses that do not count."""
    content = EXAMPLE.read_bytes()
    with service("real", folder) as real:
        burst(real.url, EXAMPLE.name, lambda _: content, range(-8, 0))
        before, own = cpu_seconds(real), time.process_time()
        seconds, latencies = burst(real.url, EXAMPLE.name, lambda _: content, range(count))
        of_service, of_workers = (after - used for after, used in zip(cpu_seconds(real), before, strict=True))
    clients = time.process_time() - own
    return Served(count, count / seconds, of_service / count, of_workers / count, clients / count, latencies)


def serve_many(folder: Path, many: int) -> Iterator[Step]:
    """The service with stand-ins that take no time, looked at after each tenth."""
    with service("fake", folder) as fake:
        step = max(many // 10, 1)
        for first in range(0, many, step):
            numbers = range(first, min(first + step, many))
            seconds, latencies = burst(fake.url, "x.json", lambda number: spectrum(number=number), numbers)
            yield Step(numbers.stop, len(numbers) / seconds, latencies, *memory(fake))


def main() -> int:
    """Measure and report."""
    arguments = argparse.ArgumentParser(description=__doc__)
    arguments.add_argument("--fits", type=int, default=300, help="real analyses for the rate")
    arguments.add_argument("--many", type=int, default=5000, help="analyses with stand-ins for the memory")
    arguments.add_argument("--page", type=Path, help="write the report there")
    chosen = arguments.parse_args()
    busy = psutil.cpu_percent(interval=5)
    with tempfile.TemporaryDirectory(prefix="load") as name:
        folder = Path(name)
        alone = bare(folder / "cache", max(chosen.fits // 5, 5))
        at_once = bare_at_once(folder / "cache", max(chosen.fits // 5, 5), WORKERS)
        served = serve_real(folder, chosen.fits)
        sys.stderr.write(f"{served.rate:.2f}/s of {alone.rate:.2f}/s in one process; {chosen.many} stand-ins follow\n")
        steps = tuple(serve_many(folder, chosen.many))
    text = page(Outcome(busy, alone, tuple(at_once), served, steps))
    sys.stdout.write(text)
    if chosen.page is not None:
        (ROOT / chosen.page).write_text(text, encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
