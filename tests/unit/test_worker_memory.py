"""The memory of the machine as workers share it: physical, or less in a container or a unit with a limit."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from pydantic import ValidationError

from service.settings import Settings
from service.workers import memory

PHYSICAL = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")


def _limits(tmp_path: Path, files: dict[str, str], membership: str = "") -> list[int]:
    for name, content in files.items():
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text(content)
    (tmp_path / "cgroup").write_text(membership)
    return memory._cgroup_limits(tmp_path, tmp_path / "cgroup")


def test_limits_of_control_groups_are_seen(tmp_path: Path) -> None:
    """Of version 2 in a container and in a unit below others, and of version 1; the word max is none."""
    assert _limits(tmp_path / "a", {"memory.max": "1000000\n"}) == [1_000_000]
    assert _limits(tmp_path / "b", {"memory.max": "max\n"}) == []
    assert _limits(tmp_path / "c", {"memory/memory.limit_in_bytes": "9223372036854771712"}) == []
    unit = {"system.slice/memory.max": "5000\n", "system.slice/mrsquant.service/memory.max": "3000\n"}
    assert sorted(_limits(tmp_path / "d", unit, "0::/system.slice/mrsquant.service\n")) == [3000, 5000]


def test_each_worker_gets_an_equal_share(monkeypatch: pytest.MonkeyPatch) -> None:
    """Three quarters of the machine's, never less than raw data of the largest upload need."""
    assert memory.machine_bytes() <= PHYSICAL
    monkeypatch.setattr(memory, "machine_bytes", lambda: 64 * 2**30)
    assert memory.share_of_machine(4) == 12 * 2**30
    assert memory.share_of_machine(64) == 2 * 2**30


def test_a_limit_in_which_no_worker_starts_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    """A worker's libraries alone take 400 MB of address space."""
    monkeypatch.setenv("MRSQUANT_WORKER_MEMORY_BYTES", "500000000")
    with pytest.raises(ValidationError, match="worker_memory_bytes"):
        Settings()
