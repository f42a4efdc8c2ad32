"""Faults that nothing in the data tells: each ends in wrong numbers without a word, as docs/verdict.md says."""

from __future__ import annotations

import numpy as np

from tests.faults.changes import t
from tests.faults.damage import Fault, both, metabolite, water
from tests.faults.scan import Samples


def saturated(samples: Samples) -> Samples:
    """A receiver that answers strong signal softly, without an end of its range."""
    return np.asarray(samples / (1 + np.abs(samples) / np.abs(samples).max()))


def gain_step(samples: Samples, at: int, factor: float) -> Samples:
    """A gain that changes during the readout."""
    return np.asarray(samples * np.where(np.arange(samples.size) < at, 1.0, factor))


MUST_END = ("right", "flagged", "refused")
"""What none of them reaches."""

BLIND_SPOTS = (
    Fault("gain halved between spectrum and reference", metabolite(lambda s: s.metabolite / 2), MUST_END),
    Fault("reference of another shim and volume", water(lambda s: s.water * 1.3 * np.exp(-30 * t(s))), MUST_END),
    Fault("receiver saturates softly", both(saturated), MUST_END),
    Fault("gain steps during the readout", metabolite(lambda s: gain_step(s.metabolite, 200, 0.5)), MUST_END),
)
