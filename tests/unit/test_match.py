"""A basis on another grid or a slightly other field equals one simulated there."""

from __future__ import annotations

import numpy as np
import pytest

from fitting.basis.basis_set import BasisSet
from fitting.basis.match import on_axes
from fitting.basis.sequences import Protocol
from fitting.basis.simulation import simulate
from fitting.basis.spin_system import spin_systems
from fitting.errors import UnusableBasis
from fitting.fid import Axes

F0 = 127.75e6
NAMES = ("NAA", "Cr", "mI", "Glu", "GABA", "Lac")
SYSTEMS = tuple(system for name in NAMES for system in spin_systems() if system.name == name)


def basis(points: int = 2048, dwell: float = 5e-4, f0: float = F0, width: float = 2.0) -> BasisSet:
    decay = np.exp(-np.pi * width * np.arange(points) * dwell)
    signals = simulate(SYSTEMS, Protocol("PRESS", 0.03, F0), points, dwell) * decay
    return BasisSet(NAMES, signals, dwell, f0, "key", "made by a test", "lcmodel-basis")


@pytest.mark.parametrize("dwell", [2.5e-4, 4.147e-4, 5.3e-4, 8.333e-4])
def test_resampling_equals_simulating_on_the_new_grid(dwell: float):
    """Band-limited interpolation is exact to 5e-3 of a proton, the first points included."""
    points = int(0.9 / dwell)

    moved = on_axes(basis(), Axes(points, dwell, F0))

    np.testing.assert_allclose(moved.signals, basis(points, dwell).signals, atol=5e-3)
    assert (moved.points, moved.dwell_time) == (points, dwell)
    assert moved.key != "key"


def test_a_slightly_other_field_keeps_every_line_at_its_ppm():
    """A singlet of a 123.2 MHz set lies at the same ppm at 127.75 MHz."""
    f0 = 123.2e6
    t = np.arange(2048) * 5e-4
    line = np.exp(-2j * np.pi * (3.027 - 4.65) * 1e-6 * f0 * t - np.pi * 2 * t)
    supplied = BasisSet(("Cr",), line[None], 5e-4, f0, "key", "", "lcmodel-basis")

    moved = on_axes(supplied, Axes(1024, 5e-4, F0))

    t = t[:1024]
    expected = np.exp(-2j * np.pi * (3.027 - 4.65) * 1e-6 * F0 * t - np.pi * 2 * F0 / f0 * t)
    np.testing.assert_allclose(moved.signals[0], expected, atol=1e-4)


def test_the_same_grid_changes_nothing():
    """Equal grid and frequency give the same object; a shorter grid gives the first points, untouched."""
    original = basis()

    assert on_axes(original, Axes(2048, 5e-4, F0)) is original
    np.testing.assert_array_equal(on_axes(original, Axes(1000, 5e-4, F0)).signals, original.signals[:, :1000])


def test_a_decayed_basis_is_continued_with_nothing():
    """A basis shorter than the data is extended by zeros when it has decayed."""
    longer = on_axes(basis(1024, width=4.0), Axes(2048, 5e-4, F0))

    np.testing.assert_array_equal(longer.signals[:, 1024:], 0)
    np.testing.assert_array_equal(longer.signals[:, :1024], basis(1024, width=4.0).signals)


def test_lines_outside_the_data_band_do_not_fold():
    """A component beyond the new band vanishes instead of aliasing into it."""
    t = np.arange(2048) * 2.5e-4
    outside = np.exp(2j * np.pi * 900.0 * t - np.pi * 3 * t)
    supplied = BasisSet(("MM",), outside[None], 2.5e-4, F0, "key", "", "lcmodel-basis")

    moved = on_axes(supplied, Axes(400, 1e-3, F0))

    assert abs(moved.signals[0, 5:]).max() < 0.02


@pytest.mark.parametrize(
    ("points", "f0", "said"), [(4096, F0, "not decayed"), (512, 297.2e6, "3.00 T"), (512, 63.9e6, "data's field")]
)
def test_basis_of_another_field_or_too_short_is_refused(points: int, f0: float, said: str):
    """Another field, or a basis cut off before it decayed, is refused with the reason."""
    with pytest.raises(UnusableBasis, match=said):
        on_axes(basis(1024, width=0.1), Axes(points, 5e-4, f0))
