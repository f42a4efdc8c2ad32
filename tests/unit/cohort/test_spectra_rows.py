"""Spectra of analyses as features: bins of any grid, without the gain of the receiver."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from fitting.analysis import Analysis
from service.reports.cohort.spectra import BINS, COLUMNS, spectrum_row
from tests.data.controls_of_site import control_analysis
from tests.fake_pipeline import example_traces

PPM = np.arange(4.19351424, 0.2, -0.01014198)
"""Grid of the fit's window at 3 T: it ends just below 4.2 ppm."""


def values(data: np.ndarray, ppm: np.ndarray = PPM, analysis: Analysis | None = None) -> np.ndarray:
    row = spectrum_row("sub-01", None, analysis or control_analysis(1), replace(example_traces(), ppm=ppm, data=data))
    assert row is not None
    return np.array([float(row[name]) for name in COLUMNS[-BINS:]])


def test_bins_are_means_of_the_spectrum() -> None:
    """A straight line has its value in the middle of each bin, also in the first, which the window does not fill."""
    found = values(10.0 - 2.0 * PPM)
    middles = np.array([float(name) for name in COLUMNS[-BINS:]])
    middles[0] = (4.182 + PPM[0]) / 2.0
    expected = 10.0 - 2.0 * middles

    assert found == pytest.approx(expected / np.sqrt(np.mean(expected**2)), abs=2e-3)


def test_gain_of_the_receiver_is_taken_out() -> None:
    data = np.exp(-(((PPM - 2.01) / 0.05) ** 2))
    assert values(3000.0 * data) == pytest.approx(values(data))


def test_spectrum_that_is_not_interpretable_or_too_short_has_no_row() -> None:
    """A row would be a person's spectrum with points that were never measured."""
    traces, made = replace(example_traces(), ppm=PPM, data=np.ones(PPM.size)), control_analysis(1)
    unusable = replace(made, verdict=replace(made.verdict, usable="no"))
    inside = PPM < 4.0

    assert spectrum_row("sub-01", None, unusable, traces) is None
    assert spectrum_row("sub-01", None, made, replace(traces, ppm=PPM[inside], data=traces.data[inside])) is None
