"""The cache gives what simulation gives, survives damage and leaves nothing half-written."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from fitting.basis import cache
from fitting.basis.basis_set import Grid
from fitting.basis.cache import at_nominal_frequency, cached_basis, cached_lines, content_key
from fitting.basis.precompute import main, precompute, with_other_ways
from fitting.basis.realisations import realisations
from fitting.basis.sequences import Protocol
from fitting.basis.simulation import simulate
from fitting.basis.spin_system import spin_systems

PROTOCOL = Protocol("PRESS", 0.03, 123.25e6)
GRID = Grid(64, 5e-4)
STORED = f"{content_key(PROTOCOL)}.npz"


@pytest.fixture(autouse=True)
def _forget(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    """Neither memory nor what may be shipped beside the program takes part."""
    monkeypatch.setattr(cache, "shipped_folder", lambda: tmp_path / "shipped")
    forget()
    yield
    forget()


def forget() -> None:
    cached_basis.cache_clear()
    cached_lines.cache_clear()


def refuse(*_: object) -> None:
    raise AssertionError("simulated although stored")


def test_a_stored_basis_is_the_simulated_one(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    """A hit from the folder is bit for bit what was simulated, without simulating again."""
    first = cached_basis(PROTOCOL, GRID, tmp_path)
    forget()
    monkeypatch.setattr(cache, "responses", refuse)

    second = cached_basis(PROTOCOL, GRID, tmp_path)

    assert second.names == first.names
    assert second.key == first.key
    np.testing.assert_array_equal(second.signals, first.signals)
    np.testing.assert_array_equal(second.signals, simulate(spin_systems(), PROTOCOL, 64, 5e-4))


def test_other_points_and_dwell_times_need_no_simulation(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    """Lines serve every grid."""
    cached_basis(PROTOCOL, GRID, tmp_path)
    monkeypatch.setattr(cache, "responses", refuse)

    other = cached_basis(PROTOCOL, Grid(100, 3e-4), tmp_path)

    np.testing.assert_array_equal(other.signals, simulate(spin_systems(), PROTOCOL, 100, 3e-4))


def test_a_slightly_different_magnet_needs_no_simulation(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    """Lines of the nearest 50 kHz, moved to the scan's frequency, are those of the scan to 3 parts in 1000."""
    scan = replace(PROTOCOL, spectrometer_frequency=123.2301e6)
    exact = simulate(spin_systems(), scan, 512, 5e-4)
    cached_basis(PROTOCOL, GRID, tmp_path)
    monkeypatch.setattr(cache, "responses", refuse)

    basis = cached_basis(scan, Grid(512, 5e-4), tmp_path)

    assert basis.spectrometer_frequency == 123.2301e6
    assert np.all(np.linalg.norm(basis.signals - exact, axis=1) < 3e-3 * np.linalg.norm(exact, axis=1))


def test_what_was_precomputed_beside_the_program_is_used(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    """The second folder asked is the shipped one; a second run of the command finds nothing to do."""
    assert precompute(tmp_path / "shipped", (PROTOCOL,)) == 1
    assert precompute(tmp_path / "shipped", (PROTOCOL,)) == 0
    monkeypatch.setattr(cache, "responses", refuse)

    basis = cached_basis(PROTOCOL, GRID)

    np.testing.assert_array_equal(basis.signals, simulate(spin_systems(), PROTOCOL, 64, 5e-4))


def test_precomputed_basis_sets_are_found_by_an_analysis(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    """``python -m fitting.basis.precompute``, which the Dockerfile runs, fills the folder that the cache reads.

    It holds the protocol, and what a fit may leave it toward.
    """
    monkeypatch.setattr("fitting.basis.precompute.common_protocols", lambda: (PROTOCOL,))

    main(["--output", str(tmp_path / "shipped")])

    found = {path.name for path in (tmp_path / "shipped").iterdir()}
    assert found == {f"{content_key(each)}.npz" for each in with_other_ways((PROTOCOL,))} > {STORED}
    assert "-m fitting.basis.precompute" in (Path(__file__).parents[2] / "Dockerfile").read_text()


def test_only_whole_files_are_left(tmp_path: Path):
    """Writing ends with exactly one file, named by its content."""
    cached_basis(PROTOCOL, GRID, tmp_path / "new")

    assert [path.name for path in (tmp_path / "new").iterdir()] == [STORED]


def test_an_interrupted_write_leaves_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    """A failure while writing removes the temporary file, and the analysis goes on."""

    def fail(*_: object, **__: object) -> None:
        raise OSError("disk full")

    monkeypatch.setattr(cache.np, "savez", fail)

    basis = cached_basis(PROTOCOL, GRID, tmp_path)

    assert basis.points == 64
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("damage", [b"", b"not a zip", None, "truncated", "not finite"])
def test_a_damaged_file_is_simulated_again(tmp_path: Path, damage: bytes | str | None):
    """Empty, foreign, misnamed, truncated and meaningless files are replaced by a sound one."""
    whole = cached_basis(PROTOCOL, GRID, tmp_path)
    path = tmp_path / STORED
    sound = path.read_bytes()
    with np.load(path) as stored:
        content = dict(stored)
    if damage is None:
        np.savez(path, **{**content, "names": np.array(["Cr"])})
    elif damage == "not finite":
        content["amplitudes"][0] = np.nan
        np.savez(path, **content)
    else:
        path.write_bytes(sound[: len(sound) // 2] if damage == "truncated" else bytes(damage))
    forget()

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
    ("other", "shares_lines"),
    [
        ((Protocol("PRESS", 0.031, 123.25e6), GRID), False),
        ((Protocol("SPECIAL", 0.03, 123.25e6), GRID), False),
        ((Protocol("PRESS", 0.03, 127.75e6), GRID), False),
        ((Protocol("PRESS", 0.03, 123.25e6, first_echo_time=0.012), GRID), False),
        ((replace(PROTOCOL, realisation=realisations()["press"]), GRID), False),
        ((replace(PROTOCOL, realisation=realisations()["siemens-press"]), GRID), False),
        ((Protocol("PRESS", 0.03, 123.251e6), GRID), True),
        ((PROTOCOL, Grid(65, 5e-4)), True),
        ((PROTOCOL, Grid(64, 4e-4)), True),
    ],
)
def test_every_input_enters_the_key(other: tuple[Protocol, Grid], shares_lines: bool, monkeypatch: pytest.MonkeyPatch):
    """Whatever changes the signals changes the key of the basis, and whatever changes the lines theirs."""
    monkeypatch.setattr(cache, "responses", lambda *_: ())

    assert cached_basis(*other).key != cached_basis(PROTOCOL, GRID).key
    assert (content_key(at_nominal_frequency(other[0])) == content_key(PROTOCOL)) == shares_lines
