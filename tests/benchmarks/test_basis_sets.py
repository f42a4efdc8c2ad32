"""The measures of docs/basis.md are what they say."""

from __future__ import annotations

import numpy as np
import pytest

from fitting.basis.basis_set import Grid
from fitting.basis.cache import cached_basis
from fitting.basis.sequences import Protocol
from tests.measure.benchmarks.basis_sets import CONTENT, KNOTS, SHOWN, biases, correlation, region, scans, splines


@pytest.mark.parametrize("knots", [0, KNOTS])
def test_a_set_fitted_with_itself_has_no_bias_and_one_with_half_the_signal_twice_the_content(knots: int):
    """Bias in per cent of the content that the mixture holds."""
    basis = cached_basis(Protocol("PRESS", 0.03, 123.25e6), Grid(1024, 5e-4))
    names = [name for name in basis.names if name in CONTENT]
    signals = basis.signals[[basis.names.index(name) for name in names]]

    same, half = (biases(names, signals, factor * signals, basis, knots) for factor in (1.0, 0.5))

    for name in SHOWN:
        assert same[name] == pytest.approx(0.0, abs=0.5)
        assert half[name] == pytest.approx(100.0, abs=1.0)


def test_splines_are_a_partition_of_unity():
    """Every point of the region is covered, the ends too."""
    np.testing.assert_allclose(splines(50, KNOTS).sum(axis=1), 1.0)
    assert splines(50, KNOTS).shape == (50, KNOTS)
    assert splines(50, 0).shape == (50, 0)


def test_correlation_is_of_the_region_and_of_phase():
    """1 with itself at any scale, 0 in quadrature; the region is what the page says."""
    basis = cached_basis(Protocol("PRESS", 0.03, 123.25e6), Grid(1024, 5e-4))
    glutamate = region(basis.signals[basis.names.index("Glu")], basis)

    assert correlation(glutamate, 3 * glutamate) == pytest.approx(1.0)
    assert correlation(glutamate, 1j * glutamate) == pytest.approx(0.0, abs=1e-12)
    assert glutamate.size == pytest.approx(4.0 * 123.25 * 2 * 1024 * 5e-4, abs=1)


def test_every_realisation_is_measured_at_a_scan_it_is_for():
    """The field of the scan is one of the realisation's."""
    for _, protocol in scans():
        entry = protocol.realisation
        assert entry is not None
        assert entry.field_t[0] <= protocol.spectrometer_frequency / 42.577e6 <= entry.field_t[1]
