"""What the numbers of ``Quality`` mean: unit, definition and source of each, kept as data."""

from __future__ import annotations

import tomllib
from dataclasses import dataclass
from functools import cache
from importlib import resources


@dataclass(frozen=True, slots=True)
class QualityNumber:
    """Definition of one field of ``Quality``."""

    name: str
    unit: str
    definition: str
    good: str
    """What it is like in a good spectrum of brain, in words; no limit of a verdict."""
    source: str


@cache
def quality_numbers() -> tuple[QualityNumber, ...]:
    """All definitions, in the order of the table."""
    text = resources.files("fitting").joinpath("data/quality_numbers.toml").read_text(encoding="utf-8")
    return tuple(QualityNumber(**row) for row in tomllib.loads(text)["number"])
