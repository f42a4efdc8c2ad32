"""Pulses and timings that no header tells: what else they may be, and what a fit does about it."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from fitting.basis.basis_set import Grid
from fitting.basis.cache import cached_basis
from fitting.basis.other_pulses import differences, other_ways
from fitting.basis.precompute import common_protocols, with_other_ways
from fitting.basis.sequences import Protocol, as_played_out, first_echo_time
from fitting.fid import Fid, Spectrum, time_axis
from fitting.model.fit import Components, fit
from fitting.model.result import Fit

GRID = Grid(1024, 5e-4)
SIEMENS = as_played_out(Protocol("PRESS", 0.030, 123.25e6), "Siemens")
CONTENT = {"NAA": 10.0, "Cr": 4.0, "PCr": 4.0, "GPC": 1.5, "mI": 6.0, "Glu": 9.0, "Gln": 2.5, "GSH": 1.5, "Tau": 1.5}


@pytest.mark.parametrize(
    ("protocol", "shaped"),
    [
        (SIEMENS, [(True, False), (False, False)]),
        (Protocol("PRESS", 0.030, 298e6), [(False, True), (False, False)]),
        (Protocol("PRESS", 0.007, 123.25e6), [(False, False)]),
        (Protocol("PRESS", 0.0015, 123.25e6, first_echo_time=0.001), []),
        (Protocol("STEAM", 0.011, 298e6, 0.017), [(False, True)]),
        (Protocol("STEAM", 0.004, 298e6, 0.017), []),
        (Protocol("SPECIAL", 0.009, 298e6), [(False, True)]),
        (Protocol("SPECIAL", 0.004, 298e6), []),
    ],
    ids=[
        "a scanner",
        "a field without pulses",
        "no room for pulses",
        "nor for a split",
        "STEAM",
        "short",
        "SPECIAL",
        "SPECIAL without room for pulses",
    ],
)
def test_the_other_ways_are_other_pulses_and_another_split(protocol: Protocol, shaped: list[tuple[bool, bool]]):
    """From known pulses to ideal ones, from ideal to generic ones, an earlier echo; none that cannot be played out."""
    pairs = other_ways(protocol)

    assert [(one.realisation is not None, other.realisation is not None) for one, other in pairs] == shaped
    assert all(one.echo_time == other.echo_time == protocol.echo_time for one, other in pairs)
    if protocol is SIEMENS:
        assert first_echo_time(pairs[0][1]) == first_echo_time(pairs[0][0]) == first_echo_time(SIEMENS)
        assert first_echo_time(pairs[1][0]) - first_echo_time(pairs[1][1]) == pytest.approx(0.003)


def test_differences_lead_from_one_way_to_the_other():
    """Added to the signals of the protocol, the first gives those of ideal pulses; singlets hardly change."""
    basis = cached_basis(SIEMENS, GRID)
    found = differences(SIEMENS, GRID)
    ideal = cached_basis(replace(SIEMENS, realisation=None, first_echo_time=first_echo_time(SIEMENS)), GRID)

    assert found.shape == (2, *basis.signals.shape)
    assert not found.flags.writeable
    np.testing.assert_allclose(basis.signals + found[0], ideal.signals, atol=1e-12)
    size = np.abs(found).max(axis=2) / np.abs(basis.signals).max(axis=1)
    assert size[:, basis.names.index("Scyllo")].max() < 0.01 < 0.05 < size[:, basis.names.index("Glu")].min()
    assert differences(Protocol("SPECIAL", 0.004, 298e6), GRID).shape == (0, *basis.signals.shape)


def test_precomputed_files_hold_the_other_ways():
    """So that no first analysis of a common scan waits for them."""
    played = common_protocols()[:4]
    kept = with_other_ways(played)

    assert len(set(kept)) == len(kept) > len(played)
    assert all({one, other} <= set(kept) for protocol in played for one, other in other_ways(protocol))


def _fitted(truth: Protocol, *, free: bool) -> tuple[tuple[str, ...], Fit]:
    """A brain-like scan whose sequence was played out like ``truth``, fitted with the basis of ``SIEMENS``."""
    basis = cached_basis(SIEMENS, GRID)
    time = time_axis(GRID.points, GRID.dwell_time)
    noise = 0.15 * np.random.default_rng(5).normal(size=(2, GRID.points))
    content = np.array([CONTENT.get(name, 0.0) for name in basis.names])
    clean = content @ cached_basis(truth, GRID).signals * np.exp(-9 * time - 0.5 * (9 * time) ** 2)
    scan = Spectrum(Fid(clean + noise[0] + 1j * noise[1], GRID.dwell_time, SIEMENS.spectrometer_frequency))
    ways = differences(SIEMENS, GRID) if free else None
    return basis.names, fit(scan, Components(basis.names, basis.signals, differences=ways), 0.15)


def test_a_fit_goes_along_as_far_as_the_data_ask_for_it():
    """Ideal pulses and an echo 2 ms earlier, a standard deviation each: without the ways glutamate, glutamine and
    myo-inositol are wrong by several of their errors; with them the errors are smaller, and within what is stated.
    """
    played = replace(SIEMENS, realisation=None, first_echo_time=first_echo_time(SIEMENS) - 0.002)
    z = {}
    for free in (False, True):
        names, found = _fitted(played, free=free)
        sds = np.sqrt(np.diagonal(found.covariance))
        z[free] = [
            (found.amplitudes[k] - CONTENT[n]) / sds[k] for k, n in enumerate(names) if n in ("Glu", "Gln", "mI")
        ]
    rms = {free: float(np.sqrt(np.mean(np.square(values)))) for free, values in z.items()}

    assert rms[False] > 3
    assert np.abs(z[True]).max() < 2.5


def test_ways_that_the_data_do_not_ask_for_cost_little():
    """Data as expected: the values stay within half an error, which grows by less than half."""
    names, bound = _fitted(SIEMENS, free=False)
    _, found = _fitted(SIEMENS, free=True)

    for name in ("NAA", "Glu", "Gln", "mI"):
        k = names.index(name)
        sd = float(np.sqrt(found.covariance[k, k]))
        assert abs(found.amplitudes[k] - bound.amplitudes[k]) < 0.5 * sd
        assert sd < 1.5 * float(np.sqrt(bound.covariance[k, k]))


def test_what_other_pulses_change_belongs_to_the_metabolites():
    """Components and baseline add up to the fit, and the baseline of data that have none stays flat."""
    played = replace(SIEMENS, realisation=None, first_echo_time=first_echo_time(SIEMENS) - 0.002)
    traces = _fitted(played, free=True)[1].traces

    np.testing.assert_allclose(traces.components.sum(axis=0) + traces.baseline, traces.fit, rtol=1e-9, atol=1e-9)
    assert np.abs(traces.baseline).max() < 0.03 * np.abs(traces.fit).max()
