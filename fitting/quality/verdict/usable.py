"""Usability of a result: yes, limited or no, with reasons."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Literal

from fitting.reason import Reason

Usable = Literal["yes", "limited", "no"]

ORDER: tuple[Usable, ...] = ("yes", "limited", "no")
"""From best to worst."""


@dataclass(frozen=True, slots=True)
class Verdict:
    """Whether the spectrum may be interpreted, with reasons."""

    usable: Usable
    """``yes``, ``limited`` (with caution) or ``no`` (not interpretable)."""
    reasons: tuple[Reason, ...]
    """Reasons against unrestricted use; empty without any."""


def worst(levels: Iterable[Usable]) -> Usable:
    """The worst of them; ``yes`` without any."""
    return max(levels, key=ORDER.index, default="yes")
