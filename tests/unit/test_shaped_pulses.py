"""Shaped pulses on coupled spins against brute force, paper, the figures they are cited with, and ideal pulses."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from scipy.linalg import expm

from fitting.basis import evolution
from fitting.basis.operators import Hamiltonian, hamiltonians, rotation, total_plus, total_z
from fitting.basis.propagators import pulse_propagators, spin_rotations
from fitting.basis.realisations import Realisation, realisations
from fitting.basis.sequences import Protocol, build
from fitting.basis.simulation import lines, simulate
from fitting.basis.spin_system import Coupling, SpinGroup, SpinSystem, spin_systems
from fitting.basis.waveforms import Pulse, Shape, Waveform, waveform
from fitting.errors import UnusableBasis
from fitting.units import ComplexArray, FloatArray

F0 = 123.25e6
PROTOCOLS = {
    name: Protocol(entry.sequence, 0.03, F0, 0.01 if entry.sequence == "STEAM" else None, realisation=entry)
    for name, entry in realisations().items()
}
SYSTEMS = {system.name: system for system in spin_systems()}


def group(ppm: tuple[float, ...], *couplings: tuple[int, int, float]) -> SpinGroup:
    return SpinGroup(("1H",) * len(ppm), ppm, tuple(Coupling(*c) for c in couplings), 1.0)


def metabolite(*groups: SpinGroup) -> SpinSystem:
    return SpinSystem("X", "X", groups, "", "10.0/x", ())


def of(name: str) -> Hamiltonian:
    """The Hamiltonian of a metabolite's last and most coupled group."""
    return hamiltonians(SYSTEMS[name].groups[-1], F0)[0][1]


def by_brute_force(hamiltonian: Hamiltonian, shape: Waveform, position: float) -> ComplexArray:
    """Step after step with the exponential of the whole Hamiltonian, in the frame of WATER_PPM."""
    plus = total_plus(hamiltonian.spins)
    x, y, z = (plus + plus.T) / 2, (plus - plus.T) / 2j, np.diag(total_z(hamiltonian.spins))
    carrier = hamiltonian.frequencies.mean()
    free = (hamiltonian.vectors * hamiltonian.energies) @ hamiltonian.vectors.T - carrier * z
    propagator = np.eye(len(free), dtype=complex)
    for amplitude, gradient in zip(shape.amplitude, shape.gradient, strict=True):
        total = free + gradient * position * z + amplitude.real * x + amplitude.imag * y
        propagator = expm(-2j * np.pi * shape.step * total) @ propagator
    frame = np.exp(-1j * np.pi * carrier * shape.step * shape.amplitude.size * np.diag(z))
    return frame[:, None] * propagator * frame


def effect(pulse: Pulse, frequencies: FloatArray) -> FloatArray:
    """Fraction refocused, or transverse magnetisation after an excitation, over frequency under the gradient."""
    turn = np.eye(2)
    for segment in spin_rotations(waveform(pulse), np.zeros(1), frequencies, 4)[:, :, 0]:
        turn = segment @ turn
    kept, flipped = np.abs(turn[:, 0, 0]), np.abs(turn[:, 1, 0])
    return flipped**2 if pulse.shape.flip == 0 else 2 * kept * flipped


@pytest.mark.parametrize("realisation", PROTOCOLS)
@pytest.mark.parametrize("name", ["Glu", "NAA"])
def test_propagators_are_those_of_the_whole_hamiltonian(realisation: str, name: str):
    """Splitting the couplings off costs less than 0.2 % of an element anywhere in and around the slice."""
    pulse = realisations()[realisation].pulse
    positions = np.array([-0.6, 0.1, 0.45]) * pulse.bandwidth

    split = pulse_propagators(of(name), waveform(pulse), positions)

    for position, propagator in zip(positions, split, strict=True):
        np.testing.assert_allclose(propagator, by_brute_force(of(name), waveform(pulse), position), atol=2e-3)


@pytest.mark.parametrize("realisation", PROTOCOLS)
def test_propagators_are_unitary(realisation: str):
    """No pulse makes or loses coherence."""
    pulse = realisations()[realisation].pulse

    propagators = pulse_propagators(of("mI"), waveform(pulse), np.linspace(-1, 1, 5) * pulse.bandwidth)

    unity = propagators @ propagators.conj().swapaxes(-1, -2)
    np.testing.assert_allclose(unity, np.broadcast_to(np.eye(64), unity.shape), atol=1e-10)


@pytest.mark.parametrize(("cycles", "phase"), [(0.5, 0.0), (0.25, np.pi / 2), (0.25, 1.0)])
def test_a_pulse_without_duration_is_an_ideal_one(cycles: float, phase: float):
    """The hard-pulse limit: a microsecond of any flip and phase is an instantaneous rotation."""
    hard = Waveform(np.full(8, cycles * 1e6 * np.exp(1j * phase)), np.ones(8), 1e-6 / 8)

    (propagator,) = pulse_propagators(of("Glu"), hard, np.zeros(1))

    np.testing.assert_allclose(propagator, rotation(5, 2 * np.pi * cycles, phase), atol=2e-3)


@pytest.mark.parametrize("sequence", ["PRESS", "sLASER", "STEAM"])
def test_sequences_of_pulses_without_duration_are_ideal_sequences(sequence: str, monkeypatch: pytest.MonkeyPatch):
    """In the middle of the slice, where a short pulse is ideal, the shaped engine gives what the ideal one gives."""
    cycles = 0.25 if sequence == "STEAM" else 0.5
    hard = Pulse(Shape("hard", "fourier", 2e-6, cosine=(cycles,)), 1e-6)
    realisation = Realisation("hard", "hard", None, sequence, (1, 4), None, "C", hard, 0.011)
    ideal = Protocol(sequence, 0.03, F0, mixing_time=0.01, first_echo_time=0.011)
    # Two positions in the middle, half a bandwidth apart, instead of the whole slice.
    monkeypatch.setattr(evolution, "slice_positions", lambda *_: np.array([-0.5, 0.5]))
    systems = (SYSTEMS["Glu"], SYSTEMS["mI"], SYSTEMS["Cr"])

    shaped = simulate(systems, replace(ideal, realisation=realisation), 256, 5e-4)

    np.testing.assert_allclose(shaped, simulate(systems, ideal, 256, 5e-4), atol=5e-3)


@pytest.mark.parametrize("realisation", PROTOCOLS)
@pytest.mark.parametrize("ppm", [0.9, 3.027, 4.65])
def test_a_singlet_is_one_proton_whatever_the_pulses(realisation: str, ppm: float):
    """What slices lose is common to all uncoupled protons, so a singlet keeps amplitude 1, phase 0 and its shift."""
    signal = simulate((metabolite(group((ppm,))),), PROTOCOLS[realisation], 300, 5e-4)[0]

    t = np.arange(300) * 5e-4
    np.testing.assert_allclose(signal, np.exp(-2j * np.pi * (ppm - 4.65) * 1e-6 * F0 * t), atol=1e-6)


@pytest.mark.parametrize("realisation", PROTOCOLS)
def test_equivalent_spins_do_not_show_their_coupling(realisation: str):
    """A2 with any J is a singlet of two protons also under shaped pulses."""
    signal = simulate((metabolite(group((2.5, 2.5), (0, 1, -15.0))),), PROTOCOLS[realisation], 64, 5e-4)[0]

    np.testing.assert_allclose(np.abs(signal), 2.0, atol=1e-6)


@pytest.mark.parametrize("realisation", PROTOCOLS)
def test_common_shift_does_not_change_the_response(realisation: str):
    """A group moved as a whole moves its slice, and the response with it: the carrier does not matter."""
    here, there = (metabolite(group((2.0 + by, 3.8 + by), (0, 1, 9.0))) for by in (0.0, 0.7))

    signals = [simulate((system,), PROTOCOLS[realisation], 64, 5e-4)[0] for system in (here, there)]

    t = np.arange(64) * 5e-4
    np.testing.assert_allclose(signals[1], signals[0] * np.exp(-2j * np.pi * 0.7e-6 * F0 * t), atol=1e-6)


def test_a_coupling_is_refocused_where_the_partner_is_outside_the_slice():
    """Product operators: A's doublet evolves as cos(pi J TE) where B is inverted with it and not at all where only
    A is, so with B's slice displaced by a share d of the thickness on both axes, A's in-phase part is the mean
    (1-d)^2 cos(pi J TE) + d (1-d) (cos(pi J TE1) + cos(pi J TE2)) + d^2 of the four regions."""
    j, first = 7.0, 0.014
    realisation = realisations()["siemens-press"]
    shift = 2.2
    protocol = Protocol("PRESS", 0.060, F0, first_echo_time=first, realisation=realisation)

    _, amplitudes = lines(group((2.0, 2.0 + shift), (0, 1, j)), build(protocol), F0)
    _, (whole,) = lines(group((2.0,)), build(protocol), F0)

    second = protocol.echo_time - first
    displaced = shift * 1e-6 * F0 / realisation.pulse.bandwidth
    both, one = (1 - displaced) ** 2, displaced * (1 - displaced)
    expected = (
        both * np.cos(np.pi * j * protocol.echo_time)
        + one * (np.cos(np.pi * j * first) + np.cos(np.pi * j * second))
        + displaced**2
    )
    in_phase = (amplitudes / whole).sum().real / 2
    assert in_phase == pytest.approx(expected, abs=0.02)
    assert abs(in_phase - np.cos(np.pi * j * protocol.echo_time)) > 0.1


@pytest.mark.parametrize("name", realisations())
def test_a_pulse_has_the_bandwidth_it_is_cited_with(name: str):
    """Full width at half the effect within 4 % of the stated one, most of it inside and next to nothing outside."""
    pulse = realisations()[name].pulse
    frequencies = np.linspace(-1, 1, 2001) * pulse.bandwidth

    profile = effect(pulse, frequencies)

    inside = frequencies[profile > 0.5]
    assert inside[-1] - inside[0] == pytest.approx(pulse.bandwidth, rel=0.04)
    assert profile[np.abs(frequencies) < 0.35 * pulse.bandwidth].min() > 0.94
    assert profile[np.abs(frequencies) > 0.7 * pulse.bandwidth].max() < 0.05


@pytest.mark.parametrize("realisation", PROTOCOLS)
def test_twice_the_positions_change_signals_by_less_than_a_hundredth(realisation: str):
    """Grid convergence, of positions and pulse segments together, for the metabolites that shaped pulses act on."""
    systems = tuple(SYSTEMS[name] for name in ("Asp", "Gln", "Lac"))

    usual, fine = (simulate(systems, PROTOCOLS[realisation], 256, 5e-4, refinement) for refinement in (1, 2))

    change = np.linalg.norm(usual - fine, axis=1) / np.linalg.norm(fine, axis=1)
    assert change.max() < 0.005


def test_adiabatic_refocusing_stays_near_ideal_and_press_does_not():
    """Glutamate in sLASER sees nearly ideal pulses; in PRESS a fifth of its slice is displaced."""
    shaped = {
        sequence: simulate((SYSTEMS["Glu"],), PROTOCOLS[name], 512, 5e-4)[0]
        for sequence, name in (("sLASER", "slaser"), ("PRESS", "siemens-press"))
    }
    ideal = {
        "sLASER": simulate((SYSTEMS["Glu"],), Protocol("sLASER", 0.03, F0), 512, 5e-4)[0],
        "PRESS": simulate((SYSTEMS["Glu"],), Protocol("PRESS", 0.03, F0, first_echo_time=0.0164), 512, 5e-4)[0],
    }

    far = {name: np.linalg.norm(shaped[name] - ideal[name]) / np.linalg.norm(ideal[name]) for name in shaped}

    assert far["sLASER"] < 0.05 < 0.1 < far["PRESS"]


def test_a_shape_of_unknown_kind_is_refused():
    """A data file with an unknown pulse is refused by name."""
    with pytest.raises(UnusableBasis, match="unknown kind 'wavelet'"):
        waveform(Pulse(Shape("x", "wavelet", 1.0), 1e-3))
