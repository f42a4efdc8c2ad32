"""Editing that no header names is seen in the data: transients of two conditions, and their difference."""

from __future__ import annotations

import json

import numpy as np
import pytest

from fitting import run
from fitting.acquisition import Acquisition, Recording
from fitting.errors import UnsupportedData
from fitting.io import SourceFile
from fitting.preprocessing import preprocess
from fitting.run import Job
from fitting.units import ComplexArray
from tests.data.edited import DWELL, ECHO_TIME, FAR_AWAY, FREQUENCY, GABA, POINTS, difference, transients

ACQUISITION = Acquisition("simulated", FREQUENCY, DWELL, ECHO_TIME, 2.0, "PRESS", "press")
TIME = np.arange(POINTS) * DWELL
IN_TURN, IN_PAIRS = (GABA, FAR_AWAY), (GABA, GABA, FAR_AWAY, FAR_AWAY)
THERE_AND_BACK = (GABA, FAR_AWAY, FAR_AWAY, GABA)


def recording(samples: ComplexArray) -> Recording:
    return Recording(np.atleast_2d(samples)[:, np.newaxis], ACQUISITION)


def blocks(samples: ComplexArray) -> ComplexArray:
    """All edited transients, then all others."""
    return np.concatenate([samples[::2], samples[1::2]])


@pytest.mark.parametrize("pattern", [IN_TURN, IN_PAIRS, THERE_AND_BACK], ids=["in turn", "in pairs", "there and back"])
@pytest.mark.parametrize(("count", "snr"), [(4, 40.0), (16, 8.0), (31, 4.0), (64, 30.0)])
def test_two_conditions_are_refused(pattern: tuple[float, ...], count: int, snr: float) -> None:
    """MEGA-PRESS of GABA, whichever transients are edited, with drift and few or noisy transients."""
    edited = transients(count, pattern, snr=snr, drift_hz=4.0, seed=count)

    with pytest.raises(UnsupportedData, match="alternate between two conditions"):
        preprocess(recording(edited))


@pytest.mark.parametrize("count", [2, 32])
def test_two_blocks_are_refused(count: int) -> None:
    """One condition after the other, down to the two averages that a scanner exports."""
    with pytest.raises(UnsupportedData, match="alternate between two conditions"):
        preprocess(recording(blocks(transients(count, IN_TURN, snr=40.0))))


@pytest.mark.parametrize("seed", range(2))
@pytest.mark.parametrize(("count", "snr"), [(2, 20.0), (8, 3.0), (8, 30.0), (32, 8.0), (128, 2.0)])
def test_repetitions_are_not(count: int, snr: float, seed: int) -> None:
    """Of one condition, whatever the noise."""
    preprocess(recording(transients(count, (FAR_AWAY,), snr=snr, drift_hz=4.0, seed=seed)))


@pytest.mark.parametrize(
    "other",
    [
        lambda odd: 1.0 + 0.5 * odd,
        lambda odd: np.exp(-np.pi * 4.0 * odd * TIME),
        lambda odd: np.exp(2j * np.pi * 9.0 * odd * TIME + 0.5j * odd),
    ],
    ids=["louder", "broader", "moved"],
)
def test_changes_of_all_lines_are_not_editing(other) -> None:
    """Every second transient after motion: louder, with broader lines, or elsewhere."""
    odd = (np.arange(32) % 2)[:, np.newaxis]
    preprocess(recording(transients(32, (FAR_AWAY,), snr=10.0) * other(odd)))


@pytest.mark.parametrize(("ppm", "height", "width"), [(4.65, 500.0, 8.0), (1.3, 100.0, 25.0)], ids=["water", "lipid"])
def test_water_and_lipid_may_alternate(ppm: float, height: float, width: float) -> None:
    """A phase cycle leaves them in every second transient; their feet lie under the metabolites."""
    line = height * np.exp((2j * np.pi * (4.65 - ppm) * FREQUENCY * 1e-6 - np.pi * width) * TIME)
    odd = (np.arange(32) % 2)[:, np.newaxis]

    preprocess(recording(transients(32, (FAR_AWAY,), snr=10.0) + odd * line))


@pytest.mark.parametrize(("seed", "shift_hz"), [(0, -10.0), (1, 0.0), (2, 10.0)])
@pytest.mark.parametrize(("count", "snr"), [(64, 4.0), (64, 8.0), (256, 20.0)])
def test_a_difference_is_refused(count: int, snr: float, seed: int, shift_hz: float) -> None:
    """In any phase and somewhat beside its place: NAA against the edited lines, no creatine."""
    turned = difference(count, snr=snr, seed=seed) * np.exp(1j * seed + 2j * np.pi * shift_hz * TIME)

    with pytest.raises(UnsupportedData, match="difference spectrum"):
        preprocess(recording(turned))


@pytest.mark.parametrize("condition", [GABA, FAR_AWAY])
def test_single_condition_is_averaged_as_unedited(condition: float) -> None:
    """One condition alone is a spectrum with creatine and choline."""
    preprocess(recording(transients(32, (condition,), snr=8.0)))


def test_the_refusal_reaches_the_user() -> None:
    """A scan named PRESS whose transients are edited is no analysis."""
    samples = transients(16, IN_TURN, snr=20.0)
    content = {
        "fid_real": samples.real.tolist(),
        "fid_imag": samples.imag.tolist(),
        "dwell_time": DWELL,
        "spectrometer_frequency": FREQUENCY,
        "echo_time": ECHO_TIME,
        "sequence": "PRESS",
    }
    with pytest.raises(UnsupportedData):
        run.analyse(Job((SourceFile("scan.json", json.dumps(content).encode()),)))
