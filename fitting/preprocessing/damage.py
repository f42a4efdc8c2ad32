"""Detect damaged samples: lost parts, gaps, late starts, reversed order, lone spikes."""

from __future__ import annotations

import numpy as np

from fitting.errors import UnusableSignal
from fitting.units import ComplexArray, FloatArray

GAP = 8
"""Equal samples in a row, amid signal, that are a gap; digitised signal does not stand still that long."""

GAP_SIDES = 4
LOUD = 0.05
"""Height beside a gap, over the highest sample, from which its stillness cannot be quiet noise in coarse numbers."""

LATEST_TOP = 8
QUIET_START = 0.05
"""A FID whose highest sample comes later than this, after a first half this quiet, begins too early."""

REVERSED = 2.0
"""Energy of the last quarter over that of the first from which the FID runs backwards; noise alone has about 1."""

SPIKE = 8.0
"""Magnitude of a lone sample over the median of its neighbours; the highest of 4096 of noise is 3.5 times it."""

NEIGHBOURS = 15
WIDEST = 3
LONE = 4.0
"""... and over the samples this far to either side: a receiver's filter widens a spike by a little."""

FIRST_JUDGED = 4
"""Samples at the top of the echo, where broad signals and receivers' settling stand out."""


def check_samples(samples: ComplexArray) -> None:
    """Refuse samples (transients, coils, points) of which a part was lost or which are not a FID from its start.

    Raises
    ------
    UnusableSignal
        Names the fault and what to send instead.
    """
    for part, name in ((samples.imag, "imaginary"), (samples.real, "real")):
        if not part.any():
            raise UnusableSignal(
                f"The {name} part of every sample is zero: half of the quadrature signal was lost, or magnitudes "
                "were sent. Send both parts of the complex time-domain signal.",
                part=name,
            )
    envelope = _envelope(samples)
    gap = _gap(samples, envelope)
    if gap is not None:
        first, length = gap
        raise UnusableSignal(
            f"{length} samples from sample {first} on have the same value amid the signal: that part was lost. "
            "Send the signal as the scanner stored it.",
            sample=first,
            length=length,
        )
    quarters = np.array_split(envelope**2, 4)
    if quarters[-1].sum() > REVERSED * quarters[0].sum() and not _is_one_sample(quarters[-1]):
        raise UnusableSignal(
            "The signal grows toward its end: it runs backwards or is not a free induction decay. Send the "
            "time-domain signal, first sample first."
        )
    top = int(np.argmax(envelope))
    early = envelope[: top // 2]
    if top >= LATEST_TOP and top not in spikes(envelope) and float(np.sqrt(np.mean(early**2))) < QUIET_START:
        raise UnusableSignal(
            f"The signal begins only at about sample {top}: samples from before the echo or a digital filter's delay "
            "stand in front. Leave them out, so that the first sample is the top of the echo.",
            sample=top,
        )


def spikes(fid: ComplexArray | FloatArray) -> tuple[int, ...]:
    """Positions of lone samples of a FID (points,) that stand far out of their neighbours."""
    height = np.abs(fid)
    if height.size <= 2 * NEIGHBOURS:
        return ()
    padded = np.pad(height, NEIGHBOURS, mode="reflect")
    around = np.median(np.lib.stride_tricks.sliding_window_view(padded, 2 * NEIGHBOURS + 1), axis=1)
    sides = np.maximum(padded[NEIGHBOURS - WIDEST :][: height.size], padded[NEIGHBOURS + WIDEST :][: height.size])
    out = np.flatnonzero((height > SPIKE * around) & (height > LONE * sides) & (around > 0))
    return tuple(int(position) for position in out[out >= FIRST_JUDGED])


def _envelope(samples: ComplexArray) -> FloatArray:
    """Root mean square over transients and coils, shape (points,), 1 at its top."""
    parts = np.stack([samples.real, samples.imag])
    parts /= max(parts.max(), -parts.min())  # before squares that no number could hold
    energy = np.einsum("qtcp,qtcp->p", parts, parts)
    return np.asarray(np.sqrt(energy / energy.max()))


def _gap(samples: ComplexArray, envelope: FloatArray) -> tuple[int, int] | None:
    """First sample and length of the longest stretch in which nothing changes, if it lies amid signal."""
    if not np.any(samples[0, 0, 1:] == samples[0, 0, :-1]):
        return None  # one trace that never stands still is quicker to look at than all of them
    still = np.concatenate([[False], np.all(samples[..., 1:] == samples[..., :-1], axis=(0, 1)), [False]])
    edges = np.flatnonzero(np.diff(still.astype(np.int8)))
    if edges.size == 0:
        return None
    starts, ends = edges[::2], edges[1::2]
    longest = int(np.argmax(ends - starts))
    first, last = int(starts[longest]), int(ends[longest])
    before, after = envelope[max(0, first - GAP_SIDES) : first], envelope[last + 1 : last + 1 + GAP_SIDES]
    if last - first + 1 < GAP or after.size == 0 or before.size == 0:
        return None
    return (first, last - first + 1) if min(before.max(), after.max()) > LOUD else None


def _is_one_sample(energy: FloatArray) -> bool:
    """Whether one sample holds most of the energy."""
    return bool(energy.max() > 0.5 * energy.sum())
