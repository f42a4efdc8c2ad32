"""Evidence in the data for another echo time or sequence than the stated one."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from fitting.basis.sequences import Protocol
from fitting.model.result import Fit
from fitting.reason import Reason

BETTER = 1.012
"""Ratio of squared residuals from which the alternative is believed. The pulses of the alternatives are ideal ones, so
that they explain real data no better than they should: on published scans of brains the stated protocol came out best
(docs/real-files.md), and simulated ones reached 1.006 by chance. A residual at noise level is no evidence: at ordinary
signal-to-noise ratios the baseline takes up most of what a wrong echo time leaves."""

ANOTHER_ECHO_TIME = 0.012
"""s; smaller differences of echo time change the shape of a spectrum too little to be detected."""

MIXING_TIME = 0.010
COMMON = (
    ("PRESS", 0.030),
    ("PRESS", 0.068),
    ("PRESS", 0.144),
    ("PRESS", 0.288),
    ("sLASER", 0.030),
    ("STEAM", 0.020),
)
"""Sequences and echo times (s) in wide clinical use; mistyped values usually stand for one of them."""


@dataclass(frozen=True, slots=True)
class ProtocolAlternative:
    """Another protocol, and the factor by which it reduces the squared residual of the stated one."""

    protocol: Protocol
    gain: float


def protocol_doubt(
    stated: Protocol,
    found: Fit,
    *,
    rough: Callable[[Protocol], float],
    refit: Callable[[Protocol], Fit],
) -> tuple[Reason, ...]:
    """A reason when a common protocol explains the data much better than the ``stated`` one.

    Parameters
    ----------
    stated : Protocol
    found : Fit
        The fit with the basis of the stated protocol.
    rough : callable
        Residual over noise that a rough fit with the basis of a protocol leaves; it chooses the one to fit, and most
        spectra are not fitted again.
    refit : callable
        The fit of the same data with the basis of another protocol; called once at most.
    """
    if found.outcome.code == "failed":
        return ()
    best = best_alternative(stated, found, rough=rough, refit=refit)
    if best is None or best.gain < BETTER:
        return ()
    sentence = (
        f"{best.protocol.sequence} with an echo time near {1e3 * best.protocol.echo_time:.0f} ms explains the spectrum "
        f"better than {stated.sequence} with {1e3 * stated.echo_time:.0f} ms as stated: check sequence and echo time."
    )
    return (Reason("protocol-doubtful", sentence),)


def best_alternative(
    stated: Protocol, found: Fit, *, rough: Callable[[Protocol], float], refit: Callable[[Protocol], Fit]
) -> ProtocolAlternative | None:
    """The common protocol that explains the data best, fitted; None where none does as well as the stated, roughly."""
    others = [protocol for protocol in _common(stated.spectrometer_frequency) if _differs(protocol, stated)]
    residual, protocol = min(((rough(other), other) for other in others), key=lambda pair: pair[0])
    if residual >= rough(stated):
        return None
    gain = (found.residual_rms_over_noise / refit(protocol).residual_rms_over_noise) ** 2
    return ProtocolAlternative(protocol, gain)


def _common(spectrometer_frequency: float) -> tuple[Protocol, ...]:
    return tuple(
        Protocol(name, echo_time, spectrometer_frequency, MIXING_TIME if name == "STEAM" else None)
        for name, echo_time in COMMON
    )


def _differs(protocol: Protocol, stated: Protocol) -> bool:
    """Whether a protocol has another sequence, or an echo time that can be distinguished from the stated one."""
    return protocol.sequence != stated.sequence or abs(protocol.echo_time - stated.echo_time) > ANOTHER_ECHO_TIME
