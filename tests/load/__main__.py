"""``make load``: analyses per second against one process, latency under that load, and memory over many analyses."""

from __future__ import annotations

import argparse
import json
import sys
import tempfile
import threading
import time
import urllib.request
import uuid
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import numpy as np
import psutil

from fitting import pipeline
from fitting.io import SourceFile
from fitting.pipeline import Job
from tests.chaos.clients import ask
from tests.chaos.service import ROOT, Service
from tests.fake_pipeline import spectrum
from tests.servers.cluster import free_port

EXAMPLE = ROOT / "examples" / "acc_press30.nii.gz"
CLIENTS = 4
READ_SECONDS = 0.2
"""Between two looks of the client that follows: reading costs the service time that it does not have for the rest."""


@contextmanager
def service(kind: str, folder: Path) -> Iterator[Service]:
    """A ready service with two workers."""
    settings = {
        "MRSQUANT_DATA_DIR": str(folder / kind),
        "MRSQUANT_CACHE_DIR": str(folder / "cache"),
        "MRSQUANT_EXECUTOR": "processes:2",
        "MRSQUANT_REQUESTS_PER_MINUTE": "1000000",
        "MRSQUANT_LOG_LEVEL": "warning",
    }
    started = Service(free_port(), settings, folder / f"{kind}.log", "tests.load.service", kind)
    started.start()
    try:
        started.wait("/readyz")
        yield started
    finally:
        started.stop()


def single_rate(cache: Path, count: int) -> tuple[float, float]:
    """Analyses of the example a second, one after the other in this process, and CPU seconds of each."""
    job = Job((SourceFile(EXAMPLE.name, EXAMPLE.read_bytes()),))
    pipeline.analyse(job, cache)
    begin, cpu = time.perf_counter(), time.process_time()
    for _ in range(count):
        pipeline.analyse(job, cache)
    return count / (time.perf_counter() - begin), (time.process_time() - cpu) / count


def post(url: str, name: str, content: bytes, number: int) -> None:
    """Submit a spectrum; the number makes it another analysis."""
    boundary = uuid.uuid4().hex
    request = json.dumps({"subject": f"sub-{number}"}).encode()
    parts = ((f'name="metabolite"; filename="{name}"', content), ('name="request"', request))
    body = b"".join(
        f"--{boundary}\r\nContent-Disposition: form-data; {head}\r\n\r\n".encode() + part + b"\r\n"
        for head, part in parts
    )
    headers = {"Content-Type": f"multipart/form-data; boundary={boundary}"}
    whole = urllib.request.Request(f"{url}/v1/analyses", body + f"--{boundary}--\r\n".encode(), headers)
    with urllib.request.urlopen(whole, timeout=120) as answer:
        answer.read()


def timed(action: Callable[[], object], into: list[float]) -> None:
    """Do it, and keep how long it took."""
    begin = time.perf_counter()
    action()
    into.append(time.perf_counter() - begin)


def burst(
    url: str, name: str, contents: Callable[[int], bytes], numbers: range
) -> tuple[float, list[float], list[float]]:
    """Submit all from several clients while one reads; seconds until all are done, of each POST and of each GET."""
    posts: list[float] = []
    reads: list[float] = []
    begin = time.perf_counter()

    def client(first: int) -> None:
        for number in numbers[first::CLIENTS]:
            timed(lambda number=number: post(url, name, contents(number), number), posts)

    clients = [threading.Thread(target=client, args=(first,)) for first in range(CLIENTS)]
    for one in clients:
        one.start()
    while any(one.is_alive() for one in clients) or _unfinished(url):
        newest = ask(url, "/v1/analyses?limit=1")["items"]
        if newest:
            timed(lambda newest=newest: ask(url, f"/v1/analyses/{newest[0]['id']}"), reads)
        time.sleep(READ_SECONDS)
    return time.perf_counter() - begin, posts, reads


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


def main() -> int:
    """Measure and report."""
    arguments = argparse.ArgumentParser(description=__doc__)
    arguments.add_argument("--fits", type=int, default=100, help="real analyses for the rate")
    arguments.add_argument("--many", type=int, default=5000, help="analyses with stand-ins for the memory")
    chosen = arguments.parse_args()
    with tempfile.TemporaryDirectory(prefix="load") as name:
        folder = Path(name)
        single, single_cpu = single_rate(folder / "cache", max(chosen.fits // 5, 5))
        with service("real", folder) as real:
            content = EXAMPLE.read_bytes()
            burst(real.url, EXAMPLE.name, lambda _: content, range(-4, 0))
            before = cpu_seconds(real)
            seconds, posts, reads = burst(real.url, EXAMPLE.name, lambda _: content, range(chosen.fits))
            service_cpu, worker_cpu = (after - used for after, used in zip(cpu_seconds(real), before, strict=True))
        rate = chosen.fits / seconds
        _say(f"one process: {single:.2f} analyses/s; service with 2 workers: {rate:.2f}/s, {rate / single:.2f} times")
        _say(
            f"CPU of each analysis: {single_cpu:.3f} s in one process; {worker_cpu / chosen.fits:.3f} s in a worker "
            f"and {service_cpu / chosen.fits:.3f} s in the service, whatever else the machine does"
        )
        _say(f"meanwhile p99 of {len(posts)} POST: {_p99(posts)}; of {len(reads)} GET: {_p99(reads)}")
        with service("fake", folder) as fake:
            step = max(chosen.many // 5, 1)
            for first in range(0, chosen.many, step):
                numbers = range(first, first + step)
                seconds, posts, reads = burst(fake.url, "x.json", lambda number: spectrum(number=number), numbers)
                whole, worker = memory(fake)
                _say(f"{first + step} stand-ins: {step / seconds:.1f}/s, p99 POST {_p99(posts)}, GET {_p99(reads)}")
                _say(f"  memory: service {whole:.0f} MB, largest worker {worker:.0f} MB")
    return 0


def _p99(seconds: list[float]) -> str:
    return f"{1000 * float(np.quantile(seconds, 0.99)):.0f} ms (median {1000 * float(np.median(seconds)):.0f})"


def _say(line: str) -> None:
    sys.stdout.write(line + "\n")
    sys.stdout.flush()


if __name__ == "__main__":
    sys.exit(main())
