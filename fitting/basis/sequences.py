"""Localisation sequences as values: lists of pulses, delays and gradient selections, one builder per family.

A pulse is a value of its own type, so a shaped, slice-selective pulse can later stand where an ideal one stands.
Timings follow the echo time of the protocol; what a header does not say is chosen here and stated.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from math import pi

from fitting.errors import ImplausibleParameter, MissingParameter, UnusableBasis


@dataclass(frozen=True, slots=True)
class IdealPulse:
    """Instantaneous rotation of all protons by ``angle`` about the transverse axis at ``phase`` from x (rad)."""

    angle: float
    phase: float = 0.0


@dataclass(frozen=True, slots=True)
class Delay:
    """Free precession, s."""

    seconds: float


@dataclass(frozen=True, slots=True)
class Selection:
    """Gradients that leave only coherences of one order.

    Order 0 is longitudinal magnetisation and zero-quantum coherence, order -1 what the receiver detects.
    """

    order: int


Step = IdealPulse | Delay | Selection
Sequence = tuple[Step, ...]

EXCITE = IdealPulse(pi / 2, pi / 2)
REFOCUS = IdealPulse(pi)


@dataclass(frozen=True, slots=True)
class Protocol:
    """What decides the response of a metabolite: sequence, timings and field. SI.

    ``first_echo_time`` is TE1 of PRESS; None means half the echo time.
    """

    sequence: str
    echo_time: float
    spectrometer_frequency: float
    mixing_time: float | None = None
    first_echo_time: float | None = None


def press(protocol: Protocol) -> Sequence:
    """PRESS: 90 - TE1/2 - 180 - TE/2 - 180 - TE2/2 - acquire (Bottomley 1987, doi:10.1111/j.1749-6632.1987.tb32915.x).

    TE1 = TE2 unless ``first_echo_time`` says otherwise. Vendors make TE1 as short as their pulses allow, which
    no header reports; the split acts on strongly coupled spins only.
    """
    first = protocol.echo_time / 2 if protocol.first_echo_time is None else protocol.first_echo_time
    if not 0 < first < protocol.echo_time:
        raise ImplausibleParameter(
            f"first_echo_time = {first:g} s must lie between 0 and the echo time {protocol.echo_time:g} s.",
            parameter="first_echo_time",
            value=first,
        )
    second = protocol.echo_time - first
    return (
        EXCITE,
        Selection(-1),
        Delay(first / 2),
        REFOCUS,
        Selection(1),
        Delay(first / 2 + second / 2),
        REFOCUS,
        Selection(-1),
        Delay(second / 2),
    )


def steam(protocol: Protocol) -> Sequence:
    """STEAM: 90 - TE/2 - 90 - TM - 90 - TE/2 - acquire (Frahm 1987, J Magn Reson 72:502).

    The dephasing gradient of the first TE/2 is rephased in the second, so only the stimulated echo survives;
    zero-quantum coherences pass the spoiler of TM as they do in the magnet.
    """
    if protocol.mixing_time is None:
        raise MissingParameter(
            "A STEAM basis needs the mixing time; supply it in the request (--mixing-time).", parameter="mixing_time"
        )
    half = Delay(protocol.echo_time / 2)
    return (EXCITE, Selection(1), half, EXCITE, Selection(0), Delay(protocol.mixing_time), EXCITE, Selection(-1), half)


def slaser(protocol: Protocol) -> Sequence:
    """Semi-LASER: 90 and two pairs of adiabatic refocusing pulses (Scheenen 2008, doi:10.1002/mrm.21302).

    The four pulses are ideal and evenly spaced, 90 - TE/8 - (180 - TE/4) x 3 - 180 - TE/8, a Carr-Purcell train.
    """
    eighth, quarter = Delay(protocol.echo_time / 8), Delay(protocol.echo_time / 4)
    train: tuple[Step, ...] = ()
    for number, delay in enumerate((quarter, quarter, quarter, eighth)):
        train += (REFOCUS, Selection(1 if number % 2 == 0 else -1), delay)
    return (EXCITE, Selection(-1), eighth, *train)


def special(protocol: Protocol) -> Sequence:
    """SPECIAL: slice inversion on alternate scans, then 90 - TE/2 - 180 - TE/2 (Mlynarik 2006, Magn Reson Med 56:965).

    The difference of scans with and without an ideal inversion of F_z is twice the spin echo, so the echo is simulated.
    """
    half = Delay(protocol.echo_time / 2)
    return (EXCITE, Selection(1), half, REFOCUS, Selection(-1), half)


SEQUENCES: dict[str, Callable[[Protocol], Sequence]] = {
    "PRESS": press,
    "STEAM": steam,
    "sLASER": slaser,
    "SPECIAL": special,
}
"""Localisation families by the names of ``fitting.protocol.SEQUENCES``."""


def build(protocol: Protocol) -> Sequence:
    """The protocol's sequence as a list of steps.

    Raises
    ------
    UnusableBasis
        When the sequence is not one that can be simulated.
    MissingParameter, ImplausibleParameter
        When a timing it needs is absent or impossible.
    """
    if protocol.sequence not in SEQUENCES:
        raise UnusableBasis(
            f"Sequence '{protocol.sequence}' cannot be simulated; supply a basis set (--basis) or one of "
            f"{', '.join(SEQUENCES)}.",
            sequence=protocol.sequence,
        )
    return SEQUENCES[protocol.sequence](protocol)
