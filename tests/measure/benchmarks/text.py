"""Numbers and tables as Markdown."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence


def number(value: float, decimals: int) -> str:
    """The number, or a dash when it is not known."""
    return f"{value:.{decimals}f}" if math.isfinite(value) else "–"


def signed(value: float) -> str:
    """A whole number with its sign, a true minus and no negative zero."""
    return f"{round(value) + 0:+d}".replace("-", "−") if math.isfinite(value) else "–"


def table(head: Sequence[str], rows: Iterable[Sequence[str]]) -> list[str]:
    """Lines of a Markdown table; every row must have a cell for each column."""
    lines = [tuple(head), tuple("---" for _ in head), *map(tuple, rows)]
    if any(len(line) != len(head) for line in lines):
        raise ValueError("a row of the table has not as many cells as the head")
    return [f"| {' | '.join(line)} |" for line in lines]
