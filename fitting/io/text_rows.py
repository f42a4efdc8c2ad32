"""Detect truncated rows of numbers in a text from the rows themselves."""

from __future__ import annotations

from enum import Enum, auto

_BLANKS_AND_SIGNS = str.maketrans("", "", " \t\r+-")
_COMPARED = 1000
"""Number of rows that the last row is compared with."""


class Ending(Enum):
    """Evidence of the last row about truncation."""

    COMPLETE = auto()
    """It ends with a line break, or is as long as all the others."""
    UNSURE = auto()
    """It has no line break, and the others have different lengths."""
    CUT = auto()
    """It has no line break, and is shorter than each of the others."""


def ending_of(rows: str) -> Ending:
    """How the last of these rows ends; line breaks are single line feeds."""
    *others, last = rows.split("\n")
    before = [line for line in others[-_COMPARED:] if line.strip()]
    if not last.strip() or not before:
        return Ending.COMPLETE
    lengths = {_digits(line) for line in before}
    if _digits(last) < min(lengths) or len(last.split()) < min(len(line.split()) for line in before):
        return Ending.CUT
    return Ending.COMPLETE if len(lengths) == 1 else Ending.UNSURE


def _digits(row: str) -> int:
    """The length of a row without optional characters: blanks and signs."""
    return len(row.translate(_BLANKS_AND_SIGNS))
