"""``make chaos``: the storm on SQLite and on PostgreSQL; writes docs/chaos.md and fails when anything was lost."""

from __future__ import annotations

import argparse
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tests.chaos.disk import small_disk
from tests.chaos.page import page
from tests.chaos.service import ROOT, Service
from tests.chaos.storm import Outcome, Storm, weather
from tests.servers.cluster import free_port
from tests.servers.postgresql import postgresql


@contextmanager
def database(kind: str) -> Iterator[dict[str, str]]:
    """The environment that names a database of this kind."""
    if kind == "SQLite":
        yield {}
        return
    with postgresql() as server:
        yield {"MRSQUANT_DATABASE_URL": server.new_database()}


def run(kind: str, storm: Storm) -> Outcome:
    """The storm on one kind of database."""
    with tempfile.TemporaryDirectory(prefix="chaos") as name, database(kind) as environment:
        folder = Path(name)
        (folder / "data").mkdir()
        with small_disk(folder / "data") as disk:
            settings = {
                "MRSQUANT_DATA_DIR": str(disk.folder),
                "MRSQUANT_CACHE_DIR": str(folder / "cache"),
                "MRSQUANT_EXECUTOR": "processes:2",
                "MRSQUANT_QUEUE_LIMIT": "40",
                "MRSQUANT_REQUESTS_PER_MINUTE": "1000000",
            }
            service = Service(free_port(), settings | environment, folder / "service.log")
            try:
                outcome = weather(service, disk, storm)
                ended = service.stop()
            except BaseException:
                sys.stderr.write((folder / "service.log").read_text(errors="replace")[-4000:])
                service.kill()
                raise
    if not ended:
        raise SystemExit("the service did not end in order after SIGTERM")
    return outcome


def main() -> int:
    """Run, report, and say by the exit code whether all is sound."""
    arguments = argparse.ArgumentParser(description=__doc__)
    arguments.add_argument("--submissions", type=int, default=Storm.submissions)
    arguments.add_argument("--databases", nargs="+", default=["SQLite", "PostgreSQL"])
    arguments.add_argument("--page", type=Path, help="write the report there")
    chosen = arguments.parse_args()
    outcomes = {kind: run(kind, Storm(submissions=chosen.submissions)) for kind in chosen.databases}
    text = page(outcomes)
    sys.stdout.write(text)
    if chosen.page is not None:
        (ROOT / chosen.page).write_text(text, encoding="utf-8")
    return 0 if all(outcome.is_sound for outcome in outcomes.values()) else 1


if __name__ == "__main__":
    sys.exit(main())
