"""Description of every field of a cohort's answer, from ``data/cohort_fields.toml``."""

from __future__ import annotations

import tomllib
from dataclasses import dataclass
from functools import lru_cache
from importlib.resources import files
from typing import Any


@dataclass(frozen=True, slots=True)
class AnswerField:
    """One field."""

    text: str
    unit: str
    """Empty where it has none."""
    example: Any


@lru_cache(maxsize=1)
def answer_fields() -> dict[str, AnswerField]:
    """Every field by its name; what is nested in one is described by its example."""
    text = files("fitting").joinpath("data/cohort_fields.toml").read_text(encoding="utf-8")
    return {name: AnswerField(*entry) for name, entry in tomllib.loads(text)["fields"].items()}
