"""The cache gives what simulation gives, survives damage and leaves nothing half-written."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from fitting.basis import cache
from fitting.basis.basis_set import Grid
from fitting.basis.cache import cached_basis, content_key
from fitting.basis.sequences import Protocol
from fitting.basis.simulation import simulate
from fitting.basis.spin_system import spin_systems

PROTOCOL = Protocol("PRESS", 0.03, 123.25e6)
GRID = Grid(64, 5e-4)


@pytest.fixture(autouse=True)
def _forget():
    cached_basis.cache_clear()
    yield
    cached_basis.cache_clear()


def refuse(*_: object) -> None:
    raise AssertionError("simulated although stored")


def test_a_stored_basis_is_the_simulated_one(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    """A hit from the folder is bit for bit what was simulated, without simulating again."""
    first = cached_basis(PROTOCOL, GRID, tmp_path)
    cached_basis.cache_clear()
    monkeypatch.setattr(cache, "simulate", refuse)

    second = cached_basis(PROTOCOL, GRID, tmp_path)

    assert second.names == first.names
    assert second.key == first.key
    np.testing.assert_array_equal(second.signals, first.signals)
    np.testing.assert_array_equal(second.signals, simulate(spin_systems(), PROTOCOL, 64, 5e-4))


def test_only_whole_files_are_left(tmp_path: Path):
    """Writing ends with exactly one file, named by its content."""
    cached_basis(PROTOCOL, GRID, tmp_path / "new")

    assert [path.name for path in (tmp_path / "new").iterdir()] == [f"{content_key(PROTOCOL, GRID)}.npz"]


def test_an_interrupted_write_leaves_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    """A failure while writing removes the temporary file, and the analysis goes on."""

    def fail(*_: object, **__: object) -> None:
        raise OSError("disk full")

    monkeypatch.setattr(cache.np, "savez", fail)

    basis = cached_basis(PROTOCOL, GRID, tmp_path)

    assert basis.points == 64
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("damage", [b"", b"not a zip", None, "truncated"])
def test_a_damaged_file_is_simulated_again(tmp_path: Path, damage: bytes | str | None):
    """Empty, foreign, misnamed and truncated files are replaced by a sound one."""
    whole = cached_basis(PROTOCOL, GRID, tmp_path)
    path = tmp_path / f"{whole.key}.npz"
    sound = path.read_bytes()
    if damage is None:
        np.savez(path, names=np.array(["Cr"]), signals=np.ones((1, 64), dtype=complex))
    else:
        path.write_bytes(sound[: len(sound) // 2] if damage == "truncated" else bytes(damage))
    cached_basis.cache_clear()

    again = cached_basis(PROTOCOL, GRID, tmp_path)

    np.testing.assert_array_equal(again.signals, whole.signals)
    assert len(path.read_bytes()) == len(sound)


def test_signals_are_shared_and_read_only():
    """Callers get one array that none can change."""
    first, second = cached_basis(PROTOCOL, GRID), cached_basis(PROTOCOL, GRID)

    assert first.signals is second.signals
    with pytest.raises(ValueError, match="read-only"):
        first.signals[0, 0] = 0


@pytest.mark.parametrize(
    "other",
    [
        (Protocol("PRESS", 0.031, 123.25e6), GRID),
        (Protocol("SPECIAL", 0.03, 123.25e6), GRID),
        (Protocol("PRESS", 0.03, 127.75e6), GRID),
        (Protocol("PRESS", 0.03, 123.25e6, first_echo_time=0.012), GRID),
        (PROTOCOL, Grid(65, 5e-4)),
        (PROTOCOL, Grid(64, 4e-4)),
    ],
)
def test_every_input_enters_the_key(other: tuple[Protocol, Grid]):
    """Whatever changes the signals changes the key."""
    assert content_key(*other) != content_key(PROTOCOL, GRID)
