"""Metabolites and sums by name: order in every result, display names, and names in other programs."""

from __future__ import annotations

import tomllib
from dataclasses import dataclass
from functools import cache
from importlib.resources import files


@dataclass(frozen=True, slots=True)
class Metabolite:
    """One metabolite, or a sum of several that a spectrum determines better than each of them."""

    name: str
    """Name in results."""
    words: str
    """Display name."""
    aliases: tuple[str, ...] = ()
    """Names in basis sets of other programs."""
    members: tuple[str, ...] = ()
    """Of a sum; empty for a metabolite."""
    source: str = ""
    """Source of the name of a sum."""


@cache
def metabolites() -> tuple[Metabolite, ...]:
    """All metabolites and sums named by this program, in the order of every result, from ``data/metabolites.toml``."""
    text = files("fitting").joinpath("data/metabolites.toml").read_text(encoding="utf-8")
    return tuple(
        Metabolite(**{**row, "aliases": tuple(row.get("aliases", ())), "members": tuple(row.get("members", ()))})
        for row in tomllib.loads(text)["metabolite"]
    )
