"""Propagators of shaped pulses on coupled spins at many positions of a slice at once.

During a pulse the Hamiltonian is a sum of one-spin terms (shift, gradient, radio frequency) and the scalar
couplings. One-spin terms are integrated exactly, as 2 x 2 rotations; the couplings, which commute with whatever
acts on all spins alike, are split off symmetrically (Strang 1968, doi:10.1137/0705041) in a few segments. The
error of a segment grows with J, the squared difference of shifts and the cubed duration only, however strong the
pulse and the gradient, so a pulse of hundreds of steps needs some ten products of large matrices.
"""

from __future__ import annotations

import numpy as np

from fitting.basis.operators import Hamiltonian, multiply_by_blocks, total_z
from fitting.basis.waveforms import Waveform
from fitting.units import ComplexArray, FloatArray

SEGMENTS = 12
"""Pieces of a pulse between which the couplings act; doubling them changes signals by less than 0.1 %."""


def pulse_propagators(
    hamiltonian: Hamiltonian, waveform: Waveform, positions: FloatArray, refinement: int = 1
) -> ComplexArray:
    """Propagator of a pulse at each position, shape (positions, states, states).

    Parameters
    ----------
    hamiltonian : Hamiltonian
        Of the spins without pulse and gradient.
    waveform : Waveform
    positions : array, shape (positions,)
        Frequency (Hz) that the gradient at its largest gives a spin there. The carrier is in the middle of the
        group's frequencies: in a homogeneous voxel another carrier moves the slice and changes no signal.
    refinement : int
        How many times ``SEGMENTS``.
    """
    segments = refinement * SEGMENTS
    carrier = float(np.mean(hamiltonian.frequencies))
    rotations = spin_rotations(waveform, hamiltonian.frequencies - carrier, positions, segments)
    duration = waveform.step * waveform.amplitude.size
    half, whole = (hamiltonian.coupling_propagator(duration / segments * part) for part in (0.5, 1.0))
    states = 2**hamiltonian.spins
    propagator: ComplexArray = np.broadcast_to(half, (len(positions), states, states))
    for segment in range(segments):
        propagator = _rotate(rotations[segment], propagator)
        propagator = multiply_by_blocks(half if segment == segments - 1 else whole, propagator)
    # Back to the frame of WATER_PPM, in which the phase of the pulse is that of its middle.
    frame = np.exp(-1j * np.pi * carrier * duration * total_z(hamiltonian.spins))
    framed: ComplexArray = frame[:, None] * propagator * frame
    return framed


def spin_rotations(waveform: Waveform, offsets: FloatArray, positions: FloatArray, segments: int) -> ComplexArray:
    """Exact rotation of each spin at each position by each segment, shape (segments, positions, spins, 2, 2).

    Parameters
    ----------
    waveform : Waveform
    offsets : array, shape (spins,)
        Hz from the carrier.
    positions : array, shape (positions,)
        Hz at the largest gradient.
    segments : int
    """
    ends = np.linspace(0, waveform.amplitude.size, segments + 1).round().astype(int)
    rotations = np.empty((segments, len(positions), len(offsets), 2, 2), dtype=np.complex128)
    for segment in range(segments):
        # Cayley-Klein parameters of the product of steps: [[a, -b*], [b, a*]].
        a = np.ones((len(positions), len(offsets)), dtype=np.complex128)
        b = np.zeros_like(a)
        for step in range(ends[segment], ends[segment + 1]):
            nutation = complex(waveform.amplitude[step])
            offset = offsets + waveform.gradient[step] * positions[:, None]
            # Far below any frequency that matters, the last term keeps sin(x)/x finite where nothing acts.
            effective = np.sqrt(offset**2 + (abs(nutation) ** 2 + 1e-12))
            angle = (np.pi * waveform.step) * effective
            scale = np.sin(angle) / effective
            step_a = np.cos(angle) - 1j * (offset * scale)
            step_b = -1j * nutation * scale
            a, b = step_a * a - np.conj(step_b) * b, step_b * a + np.conj(step_a) * b
        rotations[segment, :, :, 0, 0], rotations[segment, :, :, 0, 1] = a, -np.conj(b)
        rotations[segment, :, :, 1, 0], rotations[segment, :, :, 1, 1] = b, np.conj(a)
    return rotations


def _rotate(rotations: ComplexArray, operator: ComplexArray) -> ComplexArray:
    """Direct product of one-spin rotations times an operator, by halves of the spins, shape of ``operator``."""
    positions, spins = rotations.shape[:2]
    front = _direct_product(rotations[:, : spins // 2])
    back = _direct_product(rotations[:, spins // 2 :])
    states = operator.shape[-1]
    left, right = front.shape[-1], back.shape[-1]
    turned = np.matmul(back[:, None], operator.reshape(positions, left, right, states))
    result: ComplexArray = np.matmul(front, turned.reshape(positions, left, right * states))
    return result.reshape(positions, states, states)


def _direct_product(rotations: ComplexArray) -> ComplexArray:
    product: ComplexArray = np.ones((len(rotations), 1, 1), dtype=np.complex128)
    for spin in range(rotations.shape[1]):
        size = 2 * product.shape[-1]
        product = np.einsum("pij,pkl->pikjl", product, rotations[:, spin]).reshape(-1, size, size)
    return product
