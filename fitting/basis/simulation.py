"""Density-matrix simulation of a sequence on spin systems: from shifts and couplings to undamped FIDs."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from fitting.basis.evolution import Evolution
from fitting.basis.operators import hamiltonians, total_plus
from fitting.basis.realisations import GRADES
from fitting.basis.sequences import Protocol, Sequence, build, first_echo_time
from fitting.basis.spin_system import SpinGroup, SpinSystem
from fitting.units import WATER_PPM, ComplexArray, FloatArray, field_from_frequency

NEGLIGIBLE = 1e-9
"""Lines weaker than this fraction of one proton are dropped."""


@dataclass(frozen=True, slots=True)
class Lines:
    """A metabolite's resonances when acquisition starts: undamped, zero frequency at ``WATER_PPM``.

    One uncoupled proton has amplitude 1 whatever the sequence: STEAM's loss of half the signal, what imperfect
    pulses lose of every slice, and any phase are common to all protons, the water reference included, and
    divided out. What coupled protons lose beyond that stays.
    """

    frequencies: FloatArray
    """Hz, shape (lines,)."""
    amplitudes: ComplexArray
    """Protons, shape (lines,)."""


def simulate(
    systems: tuple[SpinSystem, ...], protocol: Protocol, points: int, dwell_time: float, refinement: int = 1
) -> ComplexArray:
    """Responses of metabolites to a protocol.

    Parameters
    ----------
    systems : tuple of SpinSystem
    protocol : Protocol
        Sequence, timings, pulses and spectrometer frequency.
    points : int
    dwell_time : float
        s.
    refinement : int
        How many times as many positions and pulse segments as usual; see ``evolution.Evolution``.

    Returns
    -------
    complex array, shape (systems, points)
        Free induction decays of ``Lines``.

    Raises
    ------
    UnusableBasis, MissingParameter, ImplausibleParameter
        See ``sequences.build``.
    """
    return decays(responses(systems, protocol, refinement), points, dwell_time)


def responses(systems: tuple[SpinSystem, ...], protocol: Protocol, refinement: int = 1) -> tuple[Lines, ...]:
    """The lines of each metabolite; arguments and errors as ``simulate``."""
    sequence = build(protocol)
    frequency = protocol.spectrometer_frequency
    singlet = SpinGroup(("1H",), (WATER_PPM,), (), 1.0)
    _, (whole_proton,) = lines(singlet, sequence, frequency, refinement)
    found = []
    for system in systems:
        groups = [lines(group, sequence, frequency, refinement) for group in system.groups]
        found.append(
            Lines(
                np.concatenate([frequencies for frequencies, _ in groups]),
                np.concatenate([amplitudes for _, amplitudes in groups]) / whole_proton,
            )
        )
    return tuple(found)


def decays(metabolites: tuple[Lines, ...], points: int, dwell_time: float, stretch: float = 1.0) -> ComplexArray:
    """Free induction decays of lines, shape (metabolites, points).

    Parameters
    ----------
    metabolites : tuple of Lines
    points : int
    dwell_time : float
        s.
    stretch : float
        Factor of all frequencies: the ratio of the field to the simulated one.
    """
    signals = np.empty((len(metabolites), points), dtype=np.complex128)
    for row, found in enumerate(metabolites):
        signals[row] = _sum_of_exponentials(stretch * found.frequencies, found.amplitudes, points, dwell_time)
    return signals


def describe(protocol: Protocol) -> str:
    """Description of the simulation, for display."""
    timings = f"TE {protocol.echo_time * 1e3:g} ms"
    if protocol.sequence == "STEAM" and protocol.mixing_time is not None:
        timings += f", TM {protocol.mixing_time * 1e3:g} ms"
    if protocol.sequence == "PRESS":
        first = first_echo_time(protocol)
        timings += f" (TE1 {first * 1e3:g} + TE2 {(protocol.echo_time - first) * 1e3:g})"
    field = field_from_frequency(protocol.spectrometer_frequency)
    return f"{protocol.sequence} {timings}, {field:.2f} T, {_pulses(protocol)}"


def _pulses(protocol: Protocol) -> str:
    realisation = protocol.realisation
    if realisation is None:
        return "ideal pulses"
    pulse = realisation.pulse
    return (
        f"pulses and timing of {realisation.title}: {pulse.shape.name}, {pulse.duration * 1e3:g} ms, "
        f"{pulse.bandwidth:.0f} Hz ({GRADES[realisation.grade]})"
    )


def lines(
    group: SpinGroup, sequence: Sequence, spectrometer_frequency: float, refinement: int = 1
) -> tuple[FloatArray, ComplexArray]:
    """Frequencies (Hz) and complex amplitudes of a group's lines when acquisition starts.

    Amplitudes are those of ``group.copies`` groups; a 90 degree pulse on one uncoupled proton gives 1.
    """
    frequencies, amplitudes = [], []
    for weight, hamiltonian in hamiltonians(group, spectrometer_frequency):
        state = Evolution(hamiltonian, refinement).run(sequence)
        vectors, energies = hamiltonian.vectors, hamiltonian.energies
        observed = vectors.T @ total_plus(hamiltonian.spins) @ vectors
        element = (vectors.T @ state @ vectors) * observed.T
        upper, lower = np.nonzero(np.abs(element) > NEGLIGIBLE)
        frequencies.append(energies[lower] - energies[upper])
        amplitudes.append(element[upper, lower] * (group.copies * weight * 4.0 / 2**hamiltonian.spins))
    return np.concatenate(frequencies), np.concatenate(amplitudes)


def _sum_of_exponentials(
    frequencies: FloatArray, amplitudes: ComplexArray, points: int, dwell_time: float
) -> ComplexArray:
    """Sum of a exp(2 pi i f t) on the grid, as one matrix product of coarse and fine time factors."""
    fine_points = int(np.ceil(np.sqrt(points)))
    coarse_points = -(-points // fine_points)
    turn = 2j * np.pi * dwell_time * frequencies
    fine = np.exp(turn[:, None] * np.arange(fine_points))
    coarse = np.exp(turn[:, None] * (fine_points * np.arange(coarse_points))) * amplitudes[:, None]
    signal: ComplexArray = (coarse.T @ fine).reshape(-1)[:points]
    return signal
