"""The free induction decay: its axes, what is done to it, and its noise, which is searched once."""

from __future__ import annotations

import ast
from pathlib import Path

import numpy as np
import pytest

from fitting import fid as module
from fitting.fid import Axes, Fid
from tests.data.simulated_brain import Scan


def test_a_line_stands_at_its_ppm() -> None:
    """The highest point of ``spectrum`` is at the line's place on ``ppm``, which descends."""
    scan = Scan(2048)
    fid = scan.fid(scan.line(2.01, 1.0, 3.0))

    assert (np.diff(fid.ppm) < 0).all()
    assert fid.ppm[np.argmax(np.abs(fid.spectrum))] == pytest.approx(2.01, abs=0.01)
    np.testing.assert_array_equal(np.fft.fftshift(fid.axes.fft_ppm), fid.ppm)


def test_shifted_moves_toward_higher_ppm() -> None:
    """12.32 Hz at 123.2 MHz are 0.1 ppm."""
    scan = Scan()
    moved = scan.fid(scan.line(2.0, 1.0, 3.0)).shifted(12.32)

    np.testing.assert_allclose(moved.samples, scan.line(2.1, 1.0, 3.0), atol=1e-9)


def test_phased_turns_every_sample() -> None:
    """By one angle, or by one for each sample."""
    scan = Scan()
    fid = scan.fid(scan.brain())

    np.testing.assert_allclose(fid.phased(0.3).samples, fid.samples * np.exp(0.3j))
    np.testing.assert_allclose(fid.phased(scan.time).samples, fid.samples * np.exp(1j * scan.time))


def test_truncated_keeps_the_first_samples() -> None:
    """And nothing changes where there are no more."""
    scan = Scan()
    fid = scan.fid(scan.brain())

    np.testing.assert_array_equal(fid.truncated(100).samples, fid.samples[:100])
    assert fid.truncated(5000) is fid


def test_noise_is_searched_once_for_each_fid(monkeypatch: pytest.MonkeyPatch) -> None:
    """Asking again, or for the FID times a power of two, searches no silent bins; other samples are searched anew."""
    searches = []
    search = module.silent_differences
    monkeypatch.setattr(module, "silent_differences", lambda *given: searches.append(1) or search(*given))
    scan = Scan()
    fid = scan.fid(scan.noise())

    noise = fid.noise
    assert fid.noise == noise
    assert fid.scaled(4.0).noise == 4.0 * noise
    assert len(searches) == 1
    assert fid.scaled(4.0).noise == scan.fid(4.0 * fid.samples).noise
    assert fid.with_samples(2.0 * fid.samples).noise == 2.0 * noise
    assert len(searches) == 3
    assert fid.with_same_noise(fid.phased(1.0).samples).noise == noise
    assert len(searches) == 3


@pytest.mark.parametrize("change", ["phases turned", "lines taken off"])
def test_noise_that_is_handed_on_equals_a_new_estimate(change: str) -> None:
    """Turned phases and lines taken off leave the noise of a sample as it is, within the error of its estimate."""
    scan = Scan(2048, seed=3)
    clean = scan.brain() + scan.residual_water(0.5)
    fid = scan.fid(clean + 0.5 * scan.noise())
    turning = fid.phased(2.0 * np.exp(-fid.time / 0.05)).samples
    changed = fid.with_same_noise(turning if change == "phases turned" else fid.samples - clean)

    assert changed.noise == fid.noise
    assert fid.with_samples(changed.samples).noise == pytest.approx(fid.noise, rel=0.03)


def test_equal_axes_are_one_key() -> None:
    """What is computed for a grid is found again by another FID of the same grid."""
    one, other = Fid(np.zeros(8, complex), 5e-4, 123e6), Fid(np.ones((2, 8), complex), 5e-4, 123e6)

    assert one.axes == other.axes == Axes(8, 5e-4, 123e6)
    assert len({one.axes, other.axes}) == 1


def test_no_signature_has_dwell_time_beside_frequency() -> None:
    """An FID or its axes are one argument everywhere: functions of ``fitting`` do not take both floats."""
    found = []
    for path in sorted(Path(module.__file__).parent.rglob("*.py")):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.FunctionDef):
                names = {argument.arg for argument in (*node.args.posonlyargs, *node.args.args, *node.args.kwonlyargs)}
                if {"dwell_time", "spectrometer_frequency"} <= names:
                    found.append(f"{path.name}: {node.name}")

    assert not found


@pytest.mark.parametrize(("first", "stop"), [(0, 1), (0, 100), (-7, 40), (-32, 33)])
def test_exponentials_made_of_two_series_are_exponentials(first: int, stop: int) -> None:
    """At every sample, before zero too, to rounding."""
    rates = np.array([3.0 + 40.0j, -1.0 + 0.0j, 80.0 - 900.0j])
    times = np.arange(first, stop) * 5e-4

    np.testing.assert_allclose(
        module.exponentials(rates, 5e-4, first, stop), np.exp(-rates[:, None] * times), rtol=1e-12
    )
