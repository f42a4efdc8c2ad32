"""Values that a supplied basis set with components off scale makes too large or too small."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from types import MappingProxyType

from fitting.quantification.totals import totals
from fitting.reason import Reason

NONE_OFF_SCALE: Mapping[str, float] = MappingProxyType({})
"""Every component of the basis set counts the protons it has."""


def concerned(off_scale: Mapping[str, float], names: Iterable[str]) -> dict[str, Reason]:
    """For each of ``names`` that is wrong with this basis set, the reason; the sums of a component are wrong with it.

    Ratios to tCr are all wrong when creatine is.
    """
    found: dict[str, Reason] = {}
    wanted = tuple(names)
    for component, share in off_scale.items():
        sums = [total for total, members in totals().items() if component in members]
        reason = Reason("basis-off-scale", _sentence(component, share, sums))
        touched = wanted if "tCr" in sums else [name for name in wanted if name in (component, *sums)]
        for name in touched:
            found.setdefault(name, reason)
    return found


def _sentence(component: str, share: float, sums: list[str]) -> str:
    which = "every ratio to tCr" if "tCr" in sums else " and ".join([component, *sums])
    return (
        f"In the basis set {component} counts {share:.2f} of its protons, so {which} cannot be compared; rescale it to "
        "its protons on request (--basis-scale protons)."
    )
