"""Changes that would make a comparison more precise, with their effect."""

from __future__ import annotations

from collections.abc import Mapping

from fitting.norms.assessment import Improvement
from fitting.quantification.concentrations import Ratio
from fitting.statistics.single_case import (
    ReferenceDistribution,
    smallest_detectable_difference,
    true_position_interval,
)

MANY_CONTROLS = 50
"""Beyond these, a norm's own error hardly matters for one person."""
OWN_CONTROLS = 20
"""Own controls a laboratory can be expected to measure."""
WORTH = 0.05
"""A change that narrows neither the interval nor the detectable difference by 5 % is not named."""
CHANGES = {
    "more-transients": "Four times the transients, which halve the measurement error as far as it is noise",
    "more-controls": f"{MANY_CONTROLS} own controls",
    "own-controls": f"{OWN_CONTROLS} controls measured and analysed like this person, in place of published ones",
}


def less_noise(measured: Ratio) -> Ratio:
    """The value after four times the transients."""
    return Ratio(measured.value, measured.sd / 2.0)


def improvements(
    value: float, now: ReferenceDistribution, better: Mapping[str, ReferenceDistribution]
) -> tuple[Improvement, ...]:
    """Those of the changes in ``better``, by code, that are worth it.

    Parameters
    ----------
    value : float
    now : ReferenceDistribution
        The reference of the value.
    better : mapping of code to ReferenceDistribution
        The reference after each change of ``CHANGES``.
    """
    width, difference = _sharpness(value, now)
    found = []
    for code, reference in better.items():
        new_width, new_difference = _sharpness(value, reference)
        if new_width < (1.0 - WORTH) * width or new_difference < (1.0 - WORTH) * difference:
            sentence = (
                f"{CHANGES[code]}: the interval of z would be {new_width:.2f} wide (now {width:.2f}), the smallest "
                f"detectable difference {new_difference:.3g} (now {difference:.3g})."
            )
            found.append(Improvement(code, sentence, new_width, new_difference))
    return tuple(found)


def _sharpness(value: float, reference: ReferenceDistribution) -> tuple[float, float]:
    low, high = true_position_interval(reference.z(value), reference)
    return high - low, smallest_detectable_difference(reference)
