"""``make scale``: what the service asks of its database all the time, with a thousand analyses and with a million."""

from __future__ import annotations

import argparse
import gc
import json
import shutil
import signal
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing, contextmanager
from dataclasses import asdict
from pathlib import Path

import numpy as np
from sqlalchemy import Index
from starlette.testclient import TestClient

from service.app import create_app
from service.settings import Settings
from service.storage.database import Database
from service.storage.tables import ANALYSES, LISTS
from tests import fake_pipeline
from tests.chaos.service import ROOT
from tests.clients import on_this_machine
from tests.measure.load.asked import EXPIRED, Asked, directly, over_http, retention
from tests.measure.load.rows import fill
from tests.measure.load.scale_page import Measured, page
from tests.servers.postgresql import postgresql

DATABASES = ("sqlite", "postgresql")
REPETITIONS = 41
MOST_SECONDS = 20.0
"""Of one measurement, after which fewer repetitions must do."""
SPARE_BYTES = 20e9


@contextmanager
def database(kind: str, folder: Path) -> Iterator[str]:
    """The URL of an empty database of this kind."""
    if kind == "sqlite":
        yield f"sqlite:///{folder}/data/mrsquant.sqlite3"
        return
    with postgresql() as server:
        yield server.new_database()


def measure(kind: str, sizes: Sequence[int], folder: Path) -> Iterator[Measured]:
    """Fill a database step by step, and measure at each size."""
    settings = Settings(data_dir=folder / "data", cache_dir=folder / "cache", executor="inline:", log_level="warning")
    with database(kind, folder) as url:
        settings = settings.model_copy(update={"database_url": url})
        with _client(settings):
            pass  # makes the schema
        before = 0
        for turn, rows in enumerate(sizes):
            begin = time.perf_counter()
            fill(url, range(before, rows), rows)
            filled, before = time.perf_counter() - begin, rows
            opened, blobs = Database(url), folder / "data" / "blobs"
            with closing(opened):
                seconds = timed(directly(opened, blobs, rows))
                with _client(settings) as client:
                    seconds |= timed(over_http(client, rows))
                seconds |= timed(retention(opened, blobs, turn * EXPIRED * REPETITIONS))
                size = _bytes(opened, folder) / rows
                yield Measured(kind, rows, seconds, filled, _remake_indexes(opened), size)


@contextmanager
def _client(settings: Settings) -> Iterator[TestClient]:
    app = create_app(settings, analyse=fake_pipeline.analyse, inspect=fake_pipeline.inspect)
    with on_this_machine(app) as client:
        yield client


def timed(actions: Asked) -> dict[str, float]:
    """Seconds of one call of each: the lower quartile of several, which other work of the machine changes least."""
    return {name: _seconds(action) for name, action in actions.items()}


def _seconds(action: Callable[[int], object]) -> float:
    times: list[float] = []
    gc.collect()
    begin = time.perf_counter()
    for repetition in range(REPETITIONS):
        start = time.perf_counter()
        action(repetition)
        times.append(time.perf_counter() - start)
        if time.perf_counter() - begin > MOST_SECONDS:
            break
    return float(np.quantile(times, 0.25))


def _remake_indexes(opened: Database) -> float:
    indexes: list[Index] = [index for index in ANALYSES.indexes if index.name in LISTS]
    with opened.changing() as connection:
        for index in indexes:
            index.drop(connection)
        begin = time.perf_counter()
        for index in indexes:
            index.create(connection)
    return time.perf_counter() - begin


def _bytes(opened: Database, folder: Path) -> float:
    with opened.asking() as connection:
        if connection.dialect.name != "sqlite":
            return float(connection.exec_driver_sql("SELECT pg_database_size(current_database())").scalar_one())
    return float(sum(path.stat().st_size for path in (folder / "data").glob("*.sqlite3*")))


def main() -> int:
    """Measure and report."""
    arguments = argparse.ArgumentParser(description=__doc__)
    arguments.add_argument("--rows", default="1000,200000,1000000", help="sizes, ascending")
    arguments.add_argument("--database", default=",".join(DATABASES), help="which databases")
    arguments.add_argument("--page", type=Path, help="write the report there")
    arguments.add_argument("--json", type=Path, help="keep the figures there, after each size")
    chosen = arguments.parse_args()
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))  # the folder and the server go in any case
    sizes = sorted(int(rows) for rows in chosen.rows.split(","))
    found: list[Measured] = []
    for kind in chosen.database.split(","):
        with tempfile.TemporaryDirectory(prefix="scale") as name:
            if shutil.disk_usage(name).free < SPARE_BYTES * max(sizes) / 1e6:
                sys.exit(f"{name} is on a disk with too little space: name another in TMPDIR")
            for measured in measure(kind, sizes, Path(name)):
                found.append(measured)
                sys.stderr.write(f"{kind}, {measured.rows} analyses: filled in {measured.fill_seconds:.0f} s\n")
                if chosen.json is not None:
                    chosen.json.write_text(json.dumps([asdict(one) for one in found], indent=1), encoding="utf-8")
    text = page(found)
    sys.stdout.write(text)
    if chosen.page is not None:
        (ROOT / chosen.page).write_text(text, encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
