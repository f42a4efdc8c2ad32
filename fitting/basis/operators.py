"""Spin operators of protons and the Hamiltonian that governs them in the rotating frame."""

from __future__ import annotations

from functools import cache
from itertools import product

import numpy as np
import numpy.typing as npt
from scipy.linalg import block_diag

from fitting.basis.spin_system import SPINS, SpinGroup
from fitting.units import WATER_PPM, ComplexArray, FloatArray


@cache
def total_z(spins: int) -> FloatArray:
    """Diagonal of F_z of ``spins`` protons, shape (2**spins,)."""
    z: FloatArray = single_z(spins).sum(axis=0)
    z.setflags(write=False)
    return z


@cache
def single_z(spins: int) -> FloatArray:
    """Diagonals of every spin's I_z, shape (spins, 2**spins)."""
    states = np.arange(2**spins)
    z = np.array([0.5 - ((states >> (spins - 1 - spin)) & 1) for spin in range(spins)], dtype=np.float64)
    z.setflags(write=False)
    return z


@cache
def blocks_of_equal_z(spins: int) -> tuple[npt.NDArray[np.intp], ...]:
    """Indices of the states of each value of F_z, highest first; free precession leaves these blocks apart."""
    z = total_z(spins)
    return tuple(np.flatnonzero(z == value) for value in np.unique(z)[::-1])


def multiply_by_blocks(propagator: ComplexArray, operators: ComplexArray) -> ComplexArray:
    """``propagator @ operators`` for a propagator that leaves the blocks of F_z apart; operators may be a stack."""
    product = np.empty_like(operators)
    for block in blocks_of_equal_z(len(propagator).bit_length() - 1):
        product[..., block, :] = propagator[np.ix_(block, block)] @ operators[..., block, :]
    return product


@cache
def total_plus(spins: int) -> FloatArray:
    """F_+ = F_x + i F_y of ``spins`` protons, shape (2**spins, 2**spins)."""
    plus: FloatArray = np.zeros((2**spins, 2**spins))
    states = np.arange(2**spins)
    for spin in range(spins):
        bit = 1 << (spins - 1 - spin)
        lowered = states[(states & bit) != 0]
        plus[lowered ^ bit, lowered] = 1.0
    plus.setflags(write=False)
    return plus


@cache
def rotation(spins: int, angle: float, phase: float) -> ComplexArray:
    """Propagator of a hard pulse of flip ``angle`` about the axis at ``phase`` from x, all protons alike (rad)."""
    cosine, sine = np.cos(angle / 2.0), np.sin(angle / 2.0)
    single = np.array(
        [[cosine, -1j * sine * np.exp(-1j * phase)], [-1j * sine * np.exp(1j * phase), cosine]], dtype=np.complex128
    )
    whole: ComplexArray = np.ones((1, 1), dtype=np.complex128)
    for _ in range(spins):
        whole = np.kron(whole, single).astype(np.complex128)
    whole.setflags(write=False)
    return whole


@cache
def coherence_order(spins: int) -> FloatArray:
    """Order of coherence of each element of the density matrix, shape (2**spins, 2**spins)."""
    z = total_z(spins)
    order = z[:, None] - z[None, :]
    order.setflags(write=False)
    return order


class Hamiltonian:
    """Free precession of the protons of one group, diagonalised block by block of F_z.

    H / 2 pi = sum_i (WATER_PPM - ppm_i) f0 I_iz + sum_i<j J_ij I_i . I_j, in Hz, for one orientation of the
    group's other nuclei: those are only weakly coupled and never pulsed, so each of their states m merely
    shifts the protons by J m (``heteronuclear_states``).

    Parameters
    ----------
    frequencies : array, shape (spins,)
        Offset of each proton from ``WATER_PPM`` in Hz, higher ppm at lower frequency.
    couplings : array, shape (spins, spins)
        J in Hz above the diagonal.
    """

    __slots__ = ("couplings", "energies", "frequencies", "spins", "vectors")

    def __init__(self, frequencies: FloatArray, couplings: FloatArray) -> None:
        self.spins = len(frequencies)
        self.frequencies = frequencies
        self.couplings = couplings
        matrix = _matrix(frequencies, couplings)
        levels, vectors = [], []
        for block in blocks_of_equal_z(self.spins):
            energy, vector = np.linalg.eigh(matrix[np.ix_(block, block)])
            levels.append(energy)
            vectors.append(vector)
        self.energies: FloatArray = np.concatenate(levels)
        self.vectors: FloatArray = np.zeros_like(matrix)
        self.vectors[np.concatenate(blocks_of_equal_z(self.spins))] = block_diag(*vectors)

    def evolve(self, state: ComplexArray, seconds: float) -> ComplexArray:
        """Density matrix, or a stack of them, after free precession for ``seconds``."""
        propagator = (self.vectors * np.exp(-2j * np.pi * self.energies * seconds)) @ self.vectors.T
        evolved: ComplexArray = propagator @ state @ propagator.conj().T
        return evolved

    def coupling_propagator(self, seconds: float) -> ComplexArray:
        """Propagator of the scalar couplings alone for ``seconds``, shape (states, states)."""
        matrix = _matrix(np.zeros(self.spins), self.couplings)
        propagator = np.zeros(matrix.shape, dtype=np.complex128)
        for block in blocks_of_equal_z(self.spins):
            inside = np.ix_(block, block)
            energy, vector = np.linalg.eigh(matrix[inside])
            propagator[inside] = (vector * np.exp(-2j * np.pi * energy * seconds)) @ vector.T
        return propagator


def _matrix(frequencies: FloatArray, couplings: FloatArray) -> FloatArray:
    spins = len(frequencies)
    z = single_z(spins)
    matrix = np.diag(frequencies @ z)
    states = np.arange(2**spins)
    for i, j in zip(*np.nonzero(couplings), strict=True):
        hz = couplings[i, j]
        matrix[states, states] += hz * z[i] * z[j]
        opposite = states[z[i] != z[j]]
        flipped = opposite ^ ((1 << (spins - 1 - i)) | (1 << (spins - 1 - j)))
        matrix[opposite, flipped] += 0.5 * hz
    return matrix


def hamiltonians(group: SpinGroup, spectrometer_frequency: float) -> tuple[tuple[float, Hamiltonian], ...]:
    """One (weight, Hamiltonian) per orientation of the group's unobserved nuclei; weights sum to 1."""
    protons = [index for index, nucleus in enumerate(group.nuclei) if nucleus == "1H"]
    others = [index for index, nucleus in enumerate(group.nuclei) if nucleus != "1H"]
    place = {index: position for position, index in enumerate(protons)}
    shifts = np.array([ppm for ppm in group.ppm if ppm is not None], dtype=np.float64)
    frequencies = (WATER_PPM - shifts) * spectrometer_frequency * 1e-6
    couplings = np.zeros((len(protons), len(protons)))
    mixed = np.zeros((len(protons), len(group.nuclei)))
    for coupling in group.couplings:
        if coupling.i in place and coupling.j in place:
            couplings[place[coupling.i], place[coupling.j]] = coupling.hz
        elif coupling.i in place:
            mixed[place[coupling.i], coupling.j] = coupling.hz
        elif coupling.j in place:
            mixed[place[coupling.j], coupling.i] = coupling.hz
    levels = [np.arange(-SPINS[group.nuclei[index]], SPINS[group.nuclei[index]] + 0.5) for index in others]
    states = list(product(*levels))
    return tuple(
        (
            1.0 / len(states),
            Hamiltonian(frequencies + mixed[:, others] @ np.asarray(state, dtype=np.float64), couplings),
        )
        for state in states
    )
