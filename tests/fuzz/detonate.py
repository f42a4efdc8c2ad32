"""Sends bombs through a worker as the service does and measures it; ``make bombs`` writes docs/bombs.md from it.

``python -m tests.fuzz.detonate --count 100`` fails when a worker took more than its limit or died, an answer was no
problem with a code, or the next ordinary file was not read.
"""

from __future__ import annotations

import argparse
import re
import sys
import time
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

from fitting import run
from fitting.errors import FittingError
from fitting.io import Files, SourceFile
from fitting.run.job import Job
from service.api.intake import refuse_unrecognised
from service.errors import OutOfMemory, WorkerCrashed
from service.jobs.tasks import Defect, MemoryExhausted, run_analysis, run_inspection
from service.storage.files import StoredFile
from service.workers.executors import Pool, is_crash, open_executor
from tests.fuzz.bombs import KINDS, Bomb, _spectrum, bomb

ROOT = Path(__file__).parents[2]
LIMIT = 1024**3
"""The smallest that the service accepts (``MRSQUANT_WORKER_MEMORY_BYTES``)."""
DOOR_BYTES = 64 * 1024**2
"""What the service's own process may take beside the bytes sent: it looks at beginnings only."""


@dataclass(frozen=True)
class Outcome:
    """What became of one bomb."""

    number: int
    kind: str
    sent: int
    code: str
    """Of the problem that is answered; ``accepted`` when there is none."""
    peak: int
    """Largest resident memory of the worker meanwhile, bytes."""
    door: int
    """What the service's own process took at its door beyond what it had, bytes."""
    seconds: float
    neighbour: str
    """What an ordinary file got from the same worker afterwards; ``accepted`` when all is well."""

    @property
    def held(self) -> bool:
        """Whether it was answered with a problem, within the limits, without effect on other analyses."""
        return (
            self.code not in {"accepted", "internal-error", WorkerCrashed.code}
            and self.peak <= LIMIT
            and self.door <= DOOR_BYTES
            and self.neighbour == "accepted"
        )


def detonated(numbers: Iterable[int], limit: int = LIMIT) -> Iterator[Outcome]:
    """Send these bombs, one after the other; a worker that died is replaced."""
    pool = open_executor("processes:1", limit)
    try:
        for number in numbers:
            sent = bomb(number)
            begin = time.monotonic()
            code, peak, door = _answer(pool, sent)
            seconds = time.monotonic() - begin
            if code == WorkerCrashed.code:
                pool.close()
                pool = open_executor("processes:1", limit)
            neighbour = pool.executor.submit(_read_in_worker, _spectrum()).result(timeout=300)
            yield Outcome(number, sent.kind, sent.size, code, peak, door, seconds, neighbour)
    finally:
        pool.close()


def _answer(pool: Pool, sent: Bomb) -> tuple[str, int, int]:
    try:
        return pool.executor.submit(_in_worker, sent.job).result(timeout=300)
    except Exception as error:
        if not is_crash(error):
            raise
        return WorkerCrashed.code, LIMIT, 0


def _in_worker(job: Job) -> tuple[str, int, int]:
    """Code of the answer, the peak of this process, and what the door of the service takes, measured here too."""
    before = _memory("VmRSS")
    _forget_peak()
    code = _code_at_the_door(job)
    door = max(0, _memory("VmHWM") - before)
    _forget_peak()
    if code == "accepted":
        code = _code(job)
    return code, _memory("VmHWM"), door


def _read_in_worker(files: Files) -> str:
    """Whether this process still reads an ordinary file."""
    return "accepted" if run_inspection(Job(files)).facts["points"] else "nothing"


def _code_at_the_door(job: Job) -> str:
    parts: dict[str, tuple[SourceFile, ...]] = {
        "metabolite": job.metabolite,
        "water_reference": job.water_reference,
        "macromolecules": job.macromolecules,
        **{role: (file,) for role, file in job.images.files.items()},
    }
    files = [StoredFile(role, file.name, file.content) for role, found in parts.items() for file in found]  # type: ignore[arg-type]
    try:
        refuse_unrecognised(files)
    except FittingError as error:
        return error.code
    return "accepted"


def _code(job: Job) -> str:
    try:
        if not job.basis:  # which an inspection does not read
            run_inspection(job)
        run_analysis(job, None, run.analyse)
    except FittingError as error:
        return error.code
    except MemoryExhausted:
        return OutOfMemory.code
    except Defect as error:
        sys.stderr.write(f"{error.kind} {error.frames}\n")
        return "internal-error"
    return "accepted"


def _forget_peak() -> None:
    Path("/proc/self/clear_refs").write_text("5", encoding="ascii")


def _memory(name: str) -> int:
    found = re.search(rf"{name}:\s+(\d+) kB", Path("/proc/self/status").read_text(encoding="ascii"))
    assert found is not None
    return int(found[1]) * 1024


_HEAD = """# Bombs

`make bombs` writes this page. Each file is small as it is sent and would be huge as it is read. It goes through a
worker whose limit is the smallest that is accepted, {limit} MiB of address space (`MRSQUANT_WORKER_MEMORY_BYTES`);
after it the same worker reads an ordinary spectrum. *Peak* is the worker's largest resident memory, *door* what the
service's own process takes to look at the files before it accepts them. What no reader knows as a bomb ends as
`out-of-memory` and affects no other analysis.

{held} of {count} bombs held. The largest peak was {peak:.0f} MiB, the largest at the door {door:.0f} MiB.

| kind | bombs | MiB sent | answer | peak, MiB | door, MiB | seconds | held |
| --- | --- | --- | --- | --- | --- | --- | --- |
"""


def page(outcomes: list[Outcome]) -> str:
    """One row for each kind: its worst."""
    megabyte = 1024**2
    text = _HEAD.format(
        limit=LIMIT // megabyte,
        held=sum(outcome.held for outcome in outcomes),
        count=len(outcomes),
        peak=max(outcome.peak for outcome in outcomes) / megabyte,
        door=max(outcome.door for outcome in outcomes) / megabyte,
    )
    for kind in dict.fromkeys(outcome.kind for outcome in outcomes):
        of_kind = [outcome for outcome in outcomes if outcome.kind == kind]
        codes = ", ".join(f"`{code}`" for code in dict.fromkeys(outcome.code for outcome in of_kind))
        worst = [max(getattr(item, name) for item in of_kind) for name in ("sent", "peak", "door")]
        sent, peak, door = (value / megabyte for value in worst)
        seconds = max(outcome.seconds for outcome in of_kind)
        held = sum(outcome.held for outcome in of_kind)
        text += (
            f"| {kind} | {len(of_kind)} | {sent:.2f} | {codes} | {peak:.0f} | {door:.0f} | {seconds:.1f} "
            f"| {held} of {len(of_kind)} |\n"
        )
    return text


def main() -> int:
    """Send, report, and say by the exit code whether all held."""
    arguments = argparse.ArgumentParser(description=__doc__)
    arguments.add_argument("--first", type=int, default=0)
    arguments.add_argument("--count", type=int, default=3 * len(KINDS))
    arguments.add_argument("--page", type=Path, help="write the report there")
    chosen = arguments.parse_args()
    outcomes = list(detonated(range(chosen.first, chosen.first + chosen.count)))
    text = page(outcomes)
    sys.stdout.write(text)
    for outcome in outcomes:
        if not outcome.held:
            sys.stdout.write(f"NOT HELD {outcome}\n")
    if chosen.page is not None:
        (ROOT / chosen.page).write_text(text, encoding="utf-8")
    return 0 if all(outcome.held for outcome in outcomes) else 1


if __name__ == "__main__":
    sys.exit(main())
