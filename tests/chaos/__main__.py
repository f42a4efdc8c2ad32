"""``make chaos``: the storm and every fault, on SQLite and PostgreSQL; fails when something did not hold.

``--page`` writes docs/chaos.md; ``--only NAME`` tries single faults, without the storm.
"""

from __future__ import annotations

import argparse
import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

from tests.chaos.fault import Fault, Trial
from tests.chaos.faults import FAULTS
from tests.chaos.page import fault_table, page
from tests.chaos.scene import DATABASES, Kind, scene
from tests.chaos.service import ROOT
from tests.chaos.storm import Outcome, Storm, weather
from tests.servers.postgresql import PostgreSql, postgresql


@contextmanager
def database_server(kind: Kind) -> Iterator[PostgreSql | None]:
    """The server of this kind of database; SQLite needs none."""
    if kind == "SQLite":
        yield None
        return
    with postgresql() as server:
        yield server


def run(kind: Kind, server: PostgreSql | None, storm: Storm) -> Outcome:
    """The storm on one kind of database."""
    with scene(kind, server) as opened:
        return weather(opened.service, opened.disk, storm)


def tried(fault: Fault, kind: Kind, server: PostgreSql | None) -> Trial:
    """One fault on one kind of database."""
    try:
        with scene(kind, server) as opened:
            fault.run(opened)
    except (AssertionError, OSError, subprocess.SubprocessError) as error:
        return Trial(str(error) or type(error).__name__)
    return Trial(None)


def try_all(
    faults: tuple[Fault, ...], kinds: list[Kind], storm: Storm | None
) -> tuple[dict[Kind, Outcome], dict[Fault, Mapping[Kind, Trial]]]:
    """The storm, when there is one, and these faults on these kinds of database."""
    outcomes: dict[Kind, Outcome] = {}
    trials: dict[Fault, dict[Kind, Trial]] = {fault: {} for fault in faults}
    for kind in kinds:
        with database_server(kind) as server:
            if storm is not None:
                outcomes[kind] = run(kind, server, storm)
            for fault in faults:
                if kind in fault.databases:
                    trials[fault][kind] = tried(fault, kind, server)
                    sys.stderr.write(f"{kind}: {fault.name}: {trials[fault][kind].failure or 'held'}\n")
    return outcomes, dict(trials)


def main() -> int:
    """Run, report, and say by the exit code whether all is sound."""
    arguments = argparse.ArgumentParser(description=__doc__)
    arguments.add_argument("--submissions", type=int, default=Storm.submissions)
    arguments.add_argument("--databases", nargs="+", choices=DATABASES, default=list(DATABASES))
    arguments.add_argument("--only", nargs="+", choices=[fault.name for fault in FAULTS], help="these faults alone")
    arguments.add_argument("--page", type=Path, help="write the report there")
    chosen = arguments.parse_args()
    faults = tuple(fault for fault in FAULTS if chosen.only is None or fault.name in chosen.only)
    storm = Storm(submissions=chosen.submissions) if chosen.only is None else None
    outcomes, trials = try_all(faults, chosen.databases, storm)
    text = fault_table(trials) if storm is None else page(outcomes, trials)
    sys.stdout.write(text)
    if chosen.page is not None:
        (ROOT / chosen.page).write_text(text, encoding="utf-8")
    held = all(trial.failure is None for each in trials.values() for trial in each.values())
    return 0 if held and all(outcome.is_sound for outcome in outcomes.values()) else 1


if __name__ == "__main__":
    sys.exit(main())
