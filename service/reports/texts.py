"""The catalogue of all texts of a report, read from one file so that it can be translated."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from functools import cache
from importlib.resources import files
from typing import Any


@cache
def catalogue() -> Mapping[str, Any]:
    """All texts as nested tables, as the file ``texts.toml`` holds them."""
    return tomllib.loads(files(__package__).joinpath("texts.toml").read_text(encoding="utf-8"))


def text(key: str, **values: object) -> str:
    """The text at a dotted key with its placeholders filled; an unknown key is an error, never an empty string."""
    entry: Any = catalogue()
    for part in key.split("."):
        entry = entry[part]
    if not isinstance(entry, str):
        raise KeyError(key)
    return entry.format(**values) if values else entry


def text_or(key: str, default: str) -> str:
    """The text at a dotted key, or ``default`` for names that need no translation (such as an unusual unit)."""
    try:
        return text(key)
    except KeyError:
        return default
