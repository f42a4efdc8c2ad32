"""Localisation sequences as values: lists of pulses, delays and gradient selections, one builder per family.

An ideal pulse acts at once on every spin; a shaped one takes its time and acts at each position of its slice
differently. Which of the two a protocol has is its ``realisation``. Timings follow the echo time of the protocol.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from math import pi

from fitting.basis.realisations import Realisation, choose_realisation
from fitting.basis.waveforms import Pulse
from fitting.errors import ImplausibleParameter, MissingParameter, UnusableBasis


@dataclass(frozen=True, slots=True)
class IdealPulse:
    """Instantaneous rotation of all protons by ``angle`` about the transverse axis at ``phase`` from x (rad)."""

    angle: float
    phase: float = 0.0


@dataclass(frozen=True, slots=True)
class ShapedPulse:
    """A pulse of finite duration under a slice-selection gradient; stands only inside an ``AxisPropagation``."""

    pulse: Pulse


@dataclass(frozen=True, slots=True)
class Delay:
    """Free precession, s."""

    seconds: float


@dataclass(frozen=True, slots=True)
class Rephasing:
    """Gradient lobe that undoes ``seconds`` of the slice-selection gradient; only inside an ``AxisPropagation``."""

    seconds: float


@dataclass(frozen=True, slots=True)
class Selection:
    """Gradients that leave only coherences of one order.

    Order 0 is longitudinal magnetisation and zero-quantum coherence, order -1 what the receiver detects.
    """

    order: int


@dataclass(frozen=True, slots=True)
class AxisPropagation:
    """Steps under the gradient of one axis, at every position along it, and the mean over the positions after them.

    What follows acts alike at all those positions, so the mean of the density matrix is all it needs: the three
    axes cost the sum and not the product of their positions (Zhang 2017, doi:10.1002/mp.12375).
    """

    steps: tuple[IdealPulse | ShapedPulse | Delay | Rephasing | Selection, ...]


Step = IdealPulse | ShapedPulse | Delay | Rephasing | Selection | AxisPropagation
Sequence = tuple[Step, ...]

EXCITE = IdealPulse(pi / 2, pi / 2)
REFOCUS = IdealPulse(pi)


@dataclass(frozen=True, slots=True)
class Protocol:
    """Parameters that determine the response of a metabolite: sequence, timings, field and pulses. SI.

    ``first_echo_time`` is TE1 of PRESS; None means the realisation's, and half the echo time when that has none.
    ``realisation`` None means ideal pulses.
    """

    sequence: str
    echo_time: float
    spectrometer_frequency: float
    mixing_time: float | None = None
    first_echo_time: float | None = None
    realisation: Realisation | None = None


def press(protocol: Protocol) -> Sequence:
    """PRESS: 90 - TE1/2 - 180 - TE/2 - 180 - TE2/2 - acquire (Bottomley 1987, doi:10.1111/j.1749-6632.1987.tb32915.x).

    The split of the echo time acts on strongly coupled spins only. The excitation is ideal also among shaped
    pulses: each spin's coherence passes the rest of the sequence on its own, so averaged over its slice a
    selective excitation scales all of them alike, up to couplings during the pulse.
    """
    first = first_echo_time(protocol)
    if not 0 < first < protocol.echo_time:
        raise ImplausibleParameter(
            f"first_echo_time = {first:g} s must lie between 0 and the echo time {protocol.echo_time:g} s.",
            parameter="first_echo_time",
            value=first,
        )
    refocus, length = _refocusing(protocol)
    return (
        EXCITE,
        Selection(-1),
        _between(protocol, first / 2, length / 2),
        AxisPropagation((*refocus, Selection(1))),
        _between(protocol, protocol.echo_time / 2, length),
        AxisPropagation((*refocus, Selection(-1))),
        _between(protocol, (protocol.echo_time - first) / 2, length / 2),
    )


def first_echo_time(protocol: Protocol) -> float:
    """TE1 of PRESS, s."""
    if protocol.first_echo_time is not None:
        return protocol.first_echo_time
    if protocol.realisation is not None and protocol.realisation.first_echo_time is not None:
        return protocol.realisation.first_echo_time
    return protocol.echo_time / 2


def steam(protocol: Protocol) -> Sequence:
    """STEAM: 90 - TE/2 - 90 - TM - 90 - TE/2 - acquire (Frahm 1987, J Magn Reson 72:502).

    The dephasing gradient of the first TE/2 is rephased in the second, so only the stimulated echo survives;
    zero-quantum coherences pass the spoiler of TM as they do in the magnet.
    """
    if protocol.mixing_time is None:
        raise MissingParameter(
            "A STEAM basis needs the mixing time; supply it in the request (--mixing-time).", parameter="mixing_time"
        )
    half = protocol.echo_time / 2
    if protocol.realisation is None:
        mixing = Delay(protocol.mixing_time)
        return (EXCITE, Selection(1), Delay(half), EXCITE, Selection(0), mixing, EXCITE, Selection(-1), Delay(half))
    pulse = protocol.realisation.pulse
    length = pulse.duration
    turn, lobe = ShapedPulse(pulse), Rephasing(length / 2)
    return (
        AxisPropagation((turn, lobe, Selection(1))),
        _between(protocol, half, length),
        AxisPropagation((lobe, turn, Selection(0))),
        _between(protocol, protocol.mixing_time, length),
        AxisPropagation((turn, lobe, Selection(-1))),
        _between(protocol, half, length / 2),
    )


def slaser(protocol: Protocol) -> Sequence:
    """Semi-LASER: 90 and two pairs of adiabatic refocusing pulses (Scheenen 2008, doi:10.1002/mrm.21302).

    The pulses are evenly spaced, 90 - TE/8 - (180 - TE/4) x 3 - 180 - TE/8, a Carr-Purcell train. Both of a pair
    select the same slice, and the second undoes the phase that the first leaves across it.
    """
    refocus, length = _refocusing(protocol)
    eighth = _between(protocol, protocol.echo_time / 8, length / 2)
    quarter = _between(protocol, protocol.echo_time / 4, length)
    pair = AxisPropagation((*refocus, Selection(1), quarter, *refocus, Selection(-1)))
    return (EXCITE, Selection(-1), eighth, pair, quarter, pair, eighth)


def special(protocol: Protocol) -> Sequence:
    """SPECIAL: slice inversion on alternate scans, then 90 - TE/2 - 180 - TE/2 (Mlynarik 2006, Magn Reson Med 56:965).

    The difference of scans with and without an ideal inversion of F_z is twice the spin echo, so the echo is simulated.
    """
    refocus, length = _refocusing(protocol)
    half = _between(protocol, protocol.echo_time / 2, length / 2)
    return (EXCITE, Selection(1), half, AxisPropagation((*refocus, Selection(-1))), half)


def _refocusing(protocol: Protocol) -> tuple[tuple[IdealPulse | ShapedPulse, ...], float]:
    """The refocusing pulse of a protocol and its duration (s)."""
    if protocol.realisation is None:
        return (REFOCUS,), 0.0
    return (ShapedPulse(protocol.realisation.pulse),), protocol.realisation.pulse.duration


def _between(protocol: Protocol, seconds: float, taken: float) -> Delay:
    """Free precession over an interval of which pulses take a part."""
    if seconds < taken:
        raise ImplausibleParameter(
            f"The pulses of the {protocol.sequence} sequence last longer than an echo time of "
            f"{protocol.echo_time:g} s leaves room for.",
            parameter="echo_time",
            value=protocol.echo_time,
        )
    return Delay(seconds - taken)


SEQUENCES: dict[str, Callable[[Protocol], Sequence]] = {
    "PRESS": press,
    "STEAM": steam,
    "sLASER": slaser,
    "SPECIAL": special,
}
"""Localisation families that can be simulated, by name."""


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


def as_played_out(protocol: Protocol, vendor: str | None) -> Protocol:
    """The protocol with the pulses and timings of its scanner, where these are known.

    A vendor's realisation comes before the generic one; where there is neither, or where the pulses do not fit
    into the echo time, pulses stay ideal.

    Parameters
    ----------
    protocol : Protocol
    vendor : str or None
        As the header writes it; None when unknown.

    Raises
    ------
    UnusableBasis, MissingParameter
        See ``build``.
    """
    shaped = replace(
        protocol, realisation=choose_realisation(protocol.sequence, vendor, protocol.spectrometer_frequency)
    )
    try:
        build(shaped)
    except ImplausibleParameter:
        return protocol
    return shaped
