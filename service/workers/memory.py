"""Memory limit of a worker process: the operator's setting, or its share of the machine's."""

from __future__ import annotations

import os
import resource
from contextlib import suppress
from pathlib import Path

SHARE = 0.75
"""Share of the machine's memory for all workers; the rest is for the service, the database and the disk cache."""
DEFAULT_LEAST_BYTES = 2 * 1024**3
"""The default on small machines: the largest upload that is accepted by default, 100 MB of raw data, fits."""

_UNLIMITED_BYTES = 2**60
_CGROUPS = Path("/sys/fs/cgroup")


def share_of_machine(workers: int) -> int:
    """Bytes of address space that each of so many workers may take."""
    return max(DEFAULT_LEAST_BYTES, int(machine_bytes() * SHARE / workers))


def machine_bytes() -> int:
    """Memory of the machine, or of the container or unit (cgroup) that this process runs in when that is less."""
    physical = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    return min([physical, *_cgroup_limits(_CGROUPS, Path("/proc/self/cgroup"))])


def _cgroup_limits(root: Path, membership: Path) -> list[int]:
    """Limits of the process's control group and of those above it, version 2, or version 1 as containers see it."""
    files = [root / "memory.max", root / "memory" / "memory.limit_in_bytes"]
    with suppress(OSError):
        for line in membership.read_text(encoding="ascii").splitlines():
            own = Path(line.rpartition(":")[2].lstrip("/"))
            files += [root / group / "memory.max" for group in (own, *own.parents)]
    limits = []
    for file in files:
        with suppress(OSError, ValueError):  # absent, or the word max
            limits.append(int(file.read_text(encoding="ascii")))
    return [limit for limit in limits if 0 < limit < _UNLIMITED_BYTES]


def limit_memory(limit: int) -> None:
    """Let this process have no more than ``limit`` bytes of address space: beyond it, allocations fail.

    Enforced by Linux; other systems may accept the limit and ignore it.
    """
    _, hard = resource.getrlimit(resource.RLIMIT_AS)
    allowed = limit if hard == resource.RLIM_INFINITY else min(limit, hard)
    with suppress(ValueError, OSError):
        resource.setrlimit(resource.RLIMIT_AS, (allowed, allowed))
