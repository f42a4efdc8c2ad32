"""Quality of which only some numbers are known."""

from __future__ import annotations

from dataclasses import fields
from typing import Any

from fitting.quality import Quality


def quality_with(**known: Any) -> Quality:
    """The named numbers; all others are absent."""
    return Quality(**{**dict.fromkeys(field.name for field in fields(Quality)), **known})
