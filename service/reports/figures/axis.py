"""One horizontal axis with round ticks, shared by the figures of cohorts and studies."""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass

INK, MUTED, RULE, BAND = "#111827", "#4b5563", "#9ca3af", "#d9dee5"
"""Colours that stay apart in grey."""
MARGIN_SHARE = 0.04
"""Room beyond the outermost value."""


@dataclass(frozen=True, slots=True)
class Axis:
    """From values to places: ``low`` at ``left``, ``high`` at ``right``."""

    low: float
    high: float
    left: float
    right: float

    def x(self, value: float) -> float:
        """Place of a value; values beyond an end stand at the end."""
        share = (min(max(value, self.low), self.high) - self.low) / (self.high - self.low)
        return self.left + share * (self.right - self.left)

    def ticks(self) -> list[float]:
        """Three to seven round numbers inside."""
        step = _round_up((self.high - self.low) / 6.0)
        first, last = math.ceil(self.low / step - 1e-9), math.floor(self.high / step + 1e-9)
        return [round(k * step, 10) for k in range(first, last + 1)]

    def drawn(self, top: float, bottom: float, label: str) -> str:
        """Grid, numbers and label; zero is a stronger line."""
        lines = "".join(
            f'<path d="M{self.x(tick):.1f},{top:.1f}V{bottom:.1f}" stroke="{MUTED if tick == 0.0 else RULE}" '
            f'stroke-width="{1.2 if tick == 0.0 else 0.5}"/>'
            f'<text x="{self.x(tick):.1f}" y="{bottom + 14:.1f}" text-anchor="middle">{shown(tick)}</text>'
            for tick in self.ticks()
        )
        middle = (self.left + self.right) / 2.0
        return f'{lines}<text x="{middle:.1f}" y="{bottom + 30:.1f}" text-anchor="middle" fill="{MUTED}">{label}</text>'

    def drawn_up(self, left: float, right: float, label: str) -> str:
        """The same for an axis whose places run upwards, from ``left`` at the bottom to ``right`` at the top."""
        lines = "".join(
            f'<path d="M{left:.1f},{self.x(tick):.1f}H{right:.1f}" stroke="{MUTED if tick == 0.0 else RULE}" '
            f'stroke-width="{1.2 if tick == 0.0 else 0.5}"/>'
            f'<text x="{left - 5:.1f}" y="{self.x(tick) + 4:.1f}" text-anchor="end">{shown(tick)}</text>'
            for tick in self.ticks()
        )
        return f'{lines}<text x="{left:.1f}" y="{self.right - 8:.1f}" fill="{MUTED}">{label}</text>'


def axis_over(values: Iterable[float], left: float, right: float, *, least: float | None = None) -> Axis:
    """An axis that holds every value and zero; ``least`` bounds it, for intervals that go far out."""
    inside = [0.0, *(value for value in values if math.isfinite(value))]
    low, high = min(inside), max(inside)
    if least is not None:
        low, high = max(low, -least), min(high, least)
    room = MARGIN_SHARE * (high - low) or 1.0
    return Axis(low - room, high + room, left, right)


def axis_around(values: Iterable[float], left: float, right: float) -> Axis:
    """An axis that holds every value, with or without zero."""
    inside = [value for value in values if math.isfinite(value)]
    low, high = min(inside), max(inside)
    room = MARGIN_SHARE * (high - low) or 0.05 * abs(high) or 1.0
    return Axis(low - room, high + room, left, right)


def shown(value: float) -> str:
    """A number of an axis with a true minus sign."""
    return f"{value:g}".replace("-", "\N{MINUS SIGN}")


def _round_up(step: float) -> float:
    """The next of 1, 2, 5 times a power of ten."""
    power = 10.0 ** math.floor(math.log10(step))
    return next(factor * power for factor in (1.0, 2.0, 5.0, 10.0) if factor * power >= step * 0.999)
