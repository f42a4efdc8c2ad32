"""MEGA-PRESS by an approximate model: what the two conditions of an edited scan hold, and their difference.

The editing pulses are ideal inversions of the protons within their band, and the MEGA gradients leave nothing of those
protons' own signal (Mescher 1998, doi:10.1002/(SICI)1099-1492(199810)11:6<266::AID-NBM530>3.0.CO;2-J). Pulses of the
localisation are ideal; macromolecules are coupled to what is edited and so are in the difference.
"""

from __future__ import annotations

from functools import cache

import numpy as np

from fitting.basis.operators import Hamiltonian, hamiltonians, rotation
from fitting.basis.spin_system import SpinSystem, spin_systems
from fitting.units import WATER_PPM, ComplexArray
from tests.measure.benchmarks.simulated import CONTENT

FREQUENCY, POINTS, DWELL = 123.2e6, 2048, 5e-4
ECHO_TIME = 0.068
BAND_PPM = 0.35
"""Half of the editing pulse's band."""

GABA, FAR_AWAY = 1.9, 7.5
"""ppm of the editing pulse in the two conditions."""

WIDTH_HZ = 6.0


@cache
def condition(edited_ppm: float, seed: int = 0) -> ComplexArray:
    """A brain's FID (points,) with the editing pulse at ``edited_ppm``, without noise."""
    rng = np.random.default_rng(seed)
    content = {name: value * np.exp(0.15 * rng.standard_normal()) for name, value in CONTENT.items()}
    time = np.arange(POINTS) * DWELL
    fid = sum(content[system.name] * _signal(system, edited_ppm) for system in spin_systems() if system.name in content)
    return np.asarray(fid * np.exp(-np.pi * WIDTH_HZ * time) + _macromolecules(edited_ppm))


def transients(
    count: int, pattern: tuple[float, ...], *, snr: float = 8.0, drift_hz: float = 0.0, seed: int = 0
) -> ComplexArray:
    """Transients (count, points) whose editing frequencies follow ``pattern``, with noise.

    ``snr`` is the height of an unedited transient's NAA over the noise of its spectrum.
    """
    rng = np.random.default_rng(seed)
    signals = np.array([condition(pattern[index % len(pattern)], seed) for index in range(count)])
    time = np.arange(POINTS) * DWELL
    turn = drift_hz * np.arange(count)[:, None] / count * time + rng.normal(scale=0.02, size=(count, 1))
    noise = np.abs(np.fft.fft(condition(FAR_AWAY, seed))).max() / snr / np.sqrt(POINTS)
    return np.asarray(
        signals * np.exp(2j * np.pi * turn)
        + noise / np.sqrt(2) * (rng.normal(size=signals.shape) + 1j * rng.normal(size=signals.shape))
    )


def difference(count: int = 64, *, snr: float = 8.0, seed: int = 0) -> ComplexArray:
    """The mean of the edited transients less that of the others, as a scanner exports it, shape (points,)."""
    pairs = transients(count, (GABA, FAR_AWAY), snr=snr, seed=seed)
    return np.asarray(pairs[::2].mean(axis=0) - pairs[1::2].mean(axis=0))


@cache
def _signal(system: SpinSystem, edited_ppm: float) -> ComplexArray:
    time = np.arange(POINTS) * DWELL
    fid = np.zeros(POINTS, dtype=np.complex128)
    for group in system.groups:
        ppm = np.array([shift for shift in group.ppm if shift is not None])
        inside = np.abs(ppm - edited_ppm) < BAND_PPM
        for weight, hamiltonian in hamiltonians(group, FREQUENCY):
            state = _edited(hamiltonian, inside)
            vectors, energies = hamiltonian.vectors, hamiltonian.energies
            element = (vectors.T @ state @ vectors) * (vectors.T @ _plus(~inside) @ vectors).T
            upper, lower = np.nonzero(np.abs(element) > 1e-9)
            amplitude = element[upper, lower] * group.copies * weight * 4.0 / 2**hamiltonian.spins
            fid += amplitude @ np.exp(2j * np.pi * np.outer(energies[lower] - energies[upper], time))
    return fid


def _edited(hamiltonian: Hamiltonian, inside: np.ndarray) -> ComplexArray:
    """Density matrix at the echo: 90 - 6.5 ms - 180 - edit at TE/4 - 180 at 40.5 ms - edit at 3 TE/4."""
    spins = hamiltonian.spins
    refocus, edit = rotation(spins, np.pi, 0.0), _inversion(inside)
    plus = _plus(~inside)
    state = np.asarray((plus + plus.T) / 2, dtype=np.complex128)
    last = 0.0
    for at, pulse in ((0.0065, refocus), (ECHO_TIME / 4, edit), (0.0405, refocus), (0.75 * ECHO_TIME, edit)):
        state = pulse @ hamiltonian.evolve(state, at - last) @ pulse.conj().T
        last = at
    return hamiltonian.evolve(state, ECHO_TIME - last)


def _inversion(inside: np.ndarray) -> ComplexArray:
    whole = np.ones((1, 1), dtype=np.complex128)
    for spin in inside:
        whole = np.kron(whole, rotation(1, np.pi, 0.0) if spin else np.eye(2))
    return whole


def _plus(of: np.ndarray) -> np.ndarray:
    """Raising operators of some spins, summed."""
    raising = np.array([[0.0, 1.0], [0.0, 0.0]])
    total = np.zeros((2 ** len(of), 2 ** len(of)))
    for spin in np.flatnonzero(of):
        total += np.kron(np.kron(np.eye(2**spin), raising), np.eye(2 ** (len(of) - spin - 1)))
    return total


def _macromolecules(edited_ppm: float) -> ComplexArray:
    """Broad lines; that at 3.0 ppm is coupled to one at 1.7 ppm and turns over when it is edited."""
    time = np.arange(POINTS) * DWELL
    coupled = 1.0 if abs(1.7 - edited_ppm) < BAND_PPM else -0.5
    lines = ((0.92, 12.0, 22.0), (1.4, 8.0, 22.0), (3.0, 3.0 * coupled, 25.0))
    return np.asarray(
        sum(
            height * np.exp((2j * np.pi * (WATER_PPM - ppm) * FREQUENCY * 1e-6 - np.pi * width) * time)
            for ppm, height, width in lines
        )
    )
