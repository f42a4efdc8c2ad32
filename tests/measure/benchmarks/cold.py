"""What the first analysis of a new process costs: ``python -m tests.measure.benchmarks.cold`` prints it as JSON.

Everything a process pays once is in it: importing, and simulating the basis set of the example's protocol.
"""

from __future__ import annotations

import json
import time
from pathlib import Path

from fitting.run import Job, analyse

EXAMPLES = Path(__file__).parents[3] / "examples"


def example() -> Job:
    """The shipped example with its water reference."""
    return Job.from_files(EXAMPLES / "acc_press30.nii.gz", water_reference=EXAMPLES / "acc_press30_water.nii.gz")


def measure() -> dict[str, float]:
    """CPU seconds from the start of the process to here, of the first and a second analysis; peak memory in MiB."""
    imported = time.process_time()
    job = example()
    analyse(job)
    first = time.process_time()
    analyse(job)
    second = time.process_time()
    return {"import": imported, "first": first - imported, "second": second - first, "peak_mib": _peak_mib()}


def _peak_mib() -> float:
    """Peak memory of this process: what ``getrusage`` says begins with that of the process it was started from."""
    status = Path("/proc/self/status").read_text(encoding="ascii")
    return next(int(line.split()[1]) for line in status.splitlines() if line.startswith("VmHWM:")) / 1024


if __name__ == "__main__":
    print(json.dumps(measure()))  # noqa: T201 - its output is its answer
