"""Descriptions of the columns of RESULTS.csv, from ``columns.toml``."""

from __future__ import annotations

import tomllib
from functools import lru_cache
from importlib.resources import files


@lru_cache(maxsize=1)
def column_descriptions() -> dict[str, dict[str, str]]:
    """By column: ``Description`` and, where there is one, ``Units``, as data dictionaries of BIDS have them."""
    text = files(__package__).joinpath("columns.toml").read_text(encoding="utf-8")
    return {name: dict(zip(("Description", "Units"), row, strict=False)) for name, row in tomllib.loads(text).items()}
