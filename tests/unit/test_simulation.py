"""The simulation against cases that have an exact answer on paper."""

from __future__ import annotations

import numpy as np
import pytest

from fitting.basis.sequences import SEQUENCES, Protocol, build
from fitting.basis.simulation import lines, simulate
from fitting.basis.spin_system import Coupling, SpinGroup, SpinSystem, parse_spin_system
from fitting.errors import ImplausibleParameter, MissingParameter, UnusableBasis

F0 = 123.25e6
J = 7.0


def group(ppm: tuple[float, ...], *couplings: tuple[int, int, float], copies: float = 1.0) -> SpinGroup:
    return SpinGroup(("1H",) * len(ppm), ppm, tuple(Coupling(*c) for c in couplings), copies)


def metabolite(*groups: SpinGroup) -> SpinSystem:
    return SpinSystem("X", "X", groups, "", "10.0/x", ())


AX = group((8.0, 1.0), (0, 1, J))
"""Two spins 860 Hz apart, 7 Hz coupled: weak to 1 part in 10^4."""


@pytest.mark.parametrize("sequence", SEQUENCES)
@pytest.mark.parametrize("ppm", [0.9, 3.027, 4.65, 5.2])
def test_a_singlet_is_one_undamped_exponential(sequence: str, ppm: float):
    """An uncoupled proton gives exp(-2 pi i (ppm - 4.65) 1e-6 f0 t) exactly, for any sequence."""
    protocol = Protocol(sequence, 0.03, F0, mixing_time=0.012)
    t = np.arange(500) * 5e-4

    signal = simulate((metabolite(group((ppm,))),), protocol, 500, 5e-4)[0]

    np.testing.assert_allclose(signal, np.exp(-2j * np.pi * (ppm - 4.65) * 1e-6 * F0 * t), atol=1e-9)


@pytest.mark.parametrize(("sequence", "fraction"), [("PRESS", 1.0), ("sLASER", 1.0), ("SPECIAL", 1.0), ("STEAM", 0.5)])
def test_steam_keeps_half_the_signal(sequence: str, fraction: float):
    """Before scaling, a spin echo returns all of a singlet and a stimulated echo half."""
    protocol = Protocol(sequence, 0.03, F0, mixing_time=0.012)

    _, amplitudes = lines(group((2.0,)), build(protocol), F0)

    assert abs(amplitudes).sum() == pytest.approx(fraction, abs=1e-12)


@pytest.mark.parametrize("echo_time", [0.01, 0.03, 0.0714, 0.144])
@pytest.mark.parametrize("sequence", ["PRESS", "SPECIAL"])
def test_a_doublet_evolves_as_cos_pi_j_te(sequence: str, echo_time: float):
    """In a spin echo the in-phase part of a weakly coupled doublet is cos(pi J TE), antiphase sin(pi J TE)."""
    signal = simulate((metabolite(AX),), Protocol(sequence, echo_time, F0), 1, 5e-4)[0, 0]
    _, amplitudes = lines(AX, build(Protocol(sequence, echo_time, F0)), F0)

    assert signal / 2 == pytest.approx(np.cos(np.pi * J * echo_time), abs=2e-2)
    np.testing.assert_allclose(abs(amplitudes), 0.5, atol=2e-2)


def test_a_carr_purcell_train_keeps_strongly_coupled_spins_in_phase():
    """sLASER's four refocusing pulses suppress the modulation of a strongly coupled pair that PRESS shows."""
    strong = metabolite(group((2.0, 2.1), (0, 1, 12.0)))

    press, slaser = (abs(simulate((strong,), Protocol(name, 0.06, F0), 1, 5e-4)[0, 0]) for name in ("PRESS", "sLASER"))

    assert slaser > press + 0.1


def test_equivalent_spins_do_not_show_their_coupling():
    """A2 with any J is a singlet of two protons."""
    signal = simulate((metabolite(group((2.5, 2.5), (0, 1, -15.0))),), Protocol("PRESS", 0.03, F0), 64, 5e-4)[0]

    np.testing.assert_allclose(abs(signal), 2.0, atol=1e-8)


def test_phosphorus_splits_without_being_pulsed():
    """A proton coupled to 31P is a doublet at acquisition, and its coupling is refocused by the echo."""
    coupled = SpinGroup(("1H", "31P"), (4.3, None), (Coupling(0, 1, 6.0),), 1.0)

    frequencies, amplitudes = lines(coupled, build(Protocol("PRESS", 0.03, F0)), F0)

    assert abs(frequencies[0] - frequencies[1]) == pytest.approx(6.0)
    np.testing.assert_allclose(amplitudes, amplitudes[0], atol=1e-12)


def test_nitrogen_splits_into_three():
    """14N has spin 1: three lines of one third."""
    coupled = SpinGroup(("1H", "14N"), (4.3, None), (Coupling(0, 1, 3.0),), 1.0)

    frequencies, amplitudes = lines(coupled, build(Protocol("SPECIAL", 0.01, F0)), F0)

    np.testing.assert_allclose(np.diff(np.sort(frequencies)), 3.0)
    np.testing.assert_allclose(abs(amplitudes), 1 / 3)


def test_order_and_company_change_nothing():
    """A metabolite's signal does not depend on what else is simulated."""
    a, b = metabolite(AX), metabolite(group((3.0,), copies=3.0))
    protocol = Protocol("PRESS", 0.03, F0)

    together, alone = simulate((a, b), protocol, 64, 5e-4), simulate((b,), protocol, 64, 5e-4)

    np.testing.assert_array_equal(together[1], alone[0])


def test_the_split_of_te_acts_on_strong_coupling_only():
    """PRESS with another TE1 leaves weakly coupled spins alone and moves strongly coupled ones."""
    strong = metabolite(group((2.0, 2.1), (0, 1, 12.0)))
    even, uneven = Protocol("PRESS", 0.03, F0), Protocol("PRESS", 0.03, F0, first_echo_time=0.01)

    def change(system: SpinSystem) -> float:
        return float(abs(simulate((system,), even, 64, 5e-4) - simulate((system,), uneven, 64, 5e-4)).max())

    assert change(metabolite(AX)) < 0.02
    assert change(strong) > 0.05


@pytest.mark.parametrize(
    ("protocol", "error"),
    [
        (Protocol("EPSI", 0.03, F0), UnusableBasis),
        (Protocol("STEAM", 0.02, F0), MissingParameter),
        (Protocol("PRESS", 0.03, F0, first_echo_time=0.03), ImplausibleParameter),
    ],
)
def test_impossible_protocols_are_refused_by_name(protocol: Protocol, error: type[Exception]):
    """Sequences that cannot be simulated are refused."""
    with pytest.raises(error):
        build(protocol)


GOOD = """
name = "X"
full_name = "X"
protons = 2
source = "s"
doi = "10.1/x"
[[group]]
copies = 1
spins = [{ nucleus = "1H", ppm = 3.0 }, { nucleus = "1H", ppm = 2.0 }]
couplings = [[1, 2, 7.0]]
"""


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ("protons = 2", "protons = 3", "states 3 protons"),
        ("[1, 2, 7.0]", "[2, 1, 7.0]", "1 <= i < j"),
        ("[1, 2, 7.0]", "[1, 3, 7.0]", "1 <= i < j"),
        ("[[1, 2, 7.0]]", "[[1, 2, 7.0], [1, 2, 6.0]]", "twice"),
        ('nucleus = "1H", ppm = 3.0', 'nucleus = "19F", ppm = 3.0', "19F"),
        ('doi = "10.1/x"', 'doi = ""', "DOI"),
        ("copies = 1", "copies = 0", "positive"),
        ("ppm = 3.0", "shift = 3.0", "ppm"),
        ('name = "X"', "name = ", "cannot be read"),
    ],
)
def test_a_broken_spin_system_names_its_fault(old: str, new: str, said: str):
    """Each contradiction in a file is refused with its reason."""
    assert parse_spin_system(GOOD, "x.toml").protons == 2

    with pytest.raises(UnusableBasis, match=said):
        parse_spin_system(GOOD.replace(old, new, 1), "x.toml")
