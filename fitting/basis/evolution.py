"""Evolution of the density matrix of one spin group through a sequence."""

from __future__ import annotations

from typing import assert_never

import numpy as np

from fitting.basis.operators import Hamiltonian, coherence_order, rotation, total_z
from fitting.basis.propagators import pulse_propagators
from fitting.basis.sequences import (
    AxisPropagation,
    Delay,
    IdealPulse,
    Rephasing,
    Selection,
    Sequence,
    ShapedPulse,
    Step,
)
from fitting.basis.waveforms import Pulse, waveform
from fitting.units import ComplexArray, FloatArray

SPACING = 0.5
"""Distance of positions as a fraction of 1 / pulse duration. What a pulse does varies with frequency no faster than
its duration allows, so a mean over equally spaced positions converges as soon as they resolve that."""
MOST_POSITIONS = 64
"""Positions of a usual slice at the most: the flat slices of adiabatic pulses need fewer than their bandwidth asks."""
REACH = 0.75
"""Half of what is simulated around a slice, in slice thicknesses, before the spread of shifts is added."""


class Evolution:
    """A density matrix: one for all positions or, inside a projection, one for each position.

    Parameters
    ----------
    hamiltonian : Hamiltonian
    refinement : int
        Multiple of the usual number of positions and segments; only to estimate the discretisation error.
    """

    __slots__ = ("_hamiltonian", "_positions", "_propagators", "_refinement", "state")

    def __init__(self, hamiltonian: Hamiltonian, refinement: int = 1) -> None:
        self._hamiltonian = hamiltonian
        self._refinement = refinement
        self._positions: FloatArray = np.zeros(1)
        self._propagators: dict[Pulse, ComplexArray] = {}
        self.state: ComplexArray = np.diag(total_z(hamiltonian.spins)).astype(np.complex128)

    def run(self, sequence: Sequence) -> ComplexArray:
        """The density matrix at the end of a sequence, shape (states, states)."""
        for step in sequence:
            self._apply(step)
        return self.state

    def _apply(self, step: Step) -> None:
        match step:
            case IdealPulse(angle, phase):
                self._turn(rotation(self._hamiltonian.spins, angle, phase))
            case ShapedPulse(pulse):
                self._turn(self._propagator(pulse))
            case Delay(seconds):
                self.state = self._hamiltonian.evolve(self.state, seconds)
            case Rephasing(seconds):
                turn = np.exp(2j * np.pi * seconds * self._positions[:, None] * total_z(self._hamiltonian.spins))
                self.state = turn[:, :, None] * self.state * turn.conj()[:, None, :]
            case Selection(order):
                self.state = np.where(coherence_order(self._hamiltonian.spins) == order, self.state, 0.0)
            case AxisPropagation(steps):
                self._project(steps)
            case _:
                assert_never(step)

    def _project(self, steps: Sequence) -> None:
        """Run the steps at every position of a slice and take the mean, in slice thicknesses."""
        pulses = [step.pulse for step in steps if isinstance(step, ShapedPulse)]
        if not pulses:
            self.run(steps)
            return
        self._positions = slice_positions(pulses[0], self._hamiltonian.frequencies, self._refinement)
        self.run(steps)
        thickness = pulses[0].bandwidth / (self._positions[1] - self._positions[0])
        self.state = self.state.sum(axis=0) / thickness

    def _propagator(self, pulse: Pulse) -> ComplexArray:
        if pulse not in self._propagators:
            self._propagators[pulse] = pulse_propagators(
                self._hamiltonian, waveform(pulse), self._positions, refinement=self._refinement
            )
        return self._propagators[pulse]

    def _turn(self, propagator: ComplexArray) -> None:
        self.state = propagator @ self.state @ propagator.conj().swapaxes(-1, -2)


def slice_positions(pulse: Pulse, frequencies: FloatArray, refinement: int = 1) -> FloatArray:
    """Positions that a slice and what borders on it are simulated at, as frequencies under its gradient (Hz).

    Parameters
    ----------
    pulse : Pulse
    frequencies : array, shape (spins,)
        Of the group, Hz: each spin has a slice of its own, displaced by its shift.
    refinement : int
        How many times as many positions as usual.
    """
    reach = REACH * pulse.bandwidth + float(np.ptp(frequencies)) / 2 + 1.0 / pulse.duration
    spacing = max(SPACING / pulse.duration, 2.0 * reach / MOST_POSITIONS) / refinement
    outermost = int(np.ceil(reach / spacing))
    positions: FloatArray = spacing * np.arange(-outermost, outermost + 1, dtype=np.float64)
    return positions
