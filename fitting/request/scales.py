"""Scales of pain, mood and disability with their ranges, from ``data/scales.toml``."""

from __future__ import annotations

import tomllib
from dataclasses import dataclass
from functools import lru_cache
from importlib.resources import files


@dataclass(frozen=True, slots=True)
class Scale:
    """One scale."""

    name: str
    """Name of its column in a table of participants."""
    field: str
    """Name of the clinical measure of an analysis."""
    text: str
    label: str
    low: float
    high: float
    example: float
    higher: str
    """Meaning of a higher score."""
    source: str


@lru_cache(maxsize=1)
def scales() -> dict[str, Scale]:
    """Every known scale by its name, in the order of the file."""
    text = files("fitting").joinpath("data/scales.toml").read_text(encoding="utf-8")
    return {
        name: Scale(name=name, field=entry.pop("field", name), **entry) for name, entry in tomllib.loads(text).items()
    }
