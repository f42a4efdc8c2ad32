"""Brain regions with norms: canonical names, synonyms, subregions and the gaps that are known to exist."""

from __future__ import annotations

import re
import tomllib
from dataclasses import dataclass
from functools import lru_cache
from importlib.resources import files
from typing import Any

EVERY_METABOLITE = "*"


@dataclass(frozen=True, slots=True)
class Gap:
    """Metabolites (``*``: all) without a trustworthy control value, and why."""

    metabolites: tuple[str, ...]
    reason: str

    def covers(self, metabolite: str) -> bool:
        """Whether the gap is about this metabolite."""
        return metabolite in self.metabolites or EVERY_METABOLITE in self.metabolites


@dataclass(frozen=True, slots=True)
class Subregion:
    """A part of a region that is compared with the region's norm unless it has a gap of its own."""

    name: str
    synonyms: tuple[str, ...]
    gaps: tuple[Gap, ...]


@dataclass(frozen=True, slots=True)
class Region:
    """A region of the brain as norms know it."""

    name: str
    label: str
    synonyms: tuple[str, ...]
    hemispheres: tuple[str, ...]
    subregions: tuple[Subregion, ...]
    gaps: tuple[Gap, ...]

    @property
    def in_model(self) -> bool:
        """Whether the control model answers for this region: it does unless a gap covers every metabolite."""
        return not any(gap.covers(EVERY_METABOLITE) for gap in self.gaps)


@dataclass(frozen=True, slots=True)
class NamedRegion:
    """A region's name understood: the region and, where it names one, the subregion."""

    region: Region
    subregion: Subregion | None = None

    def gap(self, metabolite: str) -> Gap | None:
        """The known gap this metabolite falls in, or None."""
        gaps = (*(self.subregion.gaps if self.subregion else ()), *self.region.gaps)
        return next((gap for gap in gaps if gap.covers(metabolite)), None)


@lru_cache(maxsize=1)
def regions() -> tuple[Region, ...]:
    """All regions with norms or known gaps, from ``data/norms/regions.toml``."""
    text = files("fitting").joinpath("data/norms/regions.toml").read_text(encoding="utf-8")
    return tuple(_region(name, entry) for name, entry in tomllib.loads(text).items())


def find_region(name: str) -> NamedRegion | None:
    """The region a request names, or None when it is not among ``regions()``.

    Case, spaces, hyphens, underscores, a trailing "cortex" and a leading or trailing side
    ("left dlPFC", "M1_R") do not matter; the side of the request is a field of its own.
    """
    return _places().get(normal_name(name))


@lru_cache(maxsize=1)
def _places() -> dict[str, NamedRegion]:
    places: dict[str, NamedRegion] = {}
    for region in regions():
        for name in (region.name, region.label, *region.synonyms):
            places[normal_name(name)] = NamedRegion(region)
        for subregion in region.subregions:
            for name in (subregion.name, *subregion.synonyms):
                places[normal_name(name)] = NamedRegion(region, subregion)
    return places


def normal_name(name: str) -> str:
    """The name without case, separators, sides and a trailing "cortex"."""
    words = [word for word in re.split(r"[\s_\-]+", name.strip().casefold()) if word]
    sides = {"left", "right", "l", "r", "lh", "rh"}
    while words and words[0] in sides:
        words = words[1:]
    while words and words[-1] in sides | {"cortex"}:
        words = words[:-1]
    return " ".join(words)


def _region(name: str, entry: dict[str, Any]) -> Region:
    return Region(
        name=name,
        label=entry["label"],
        synonyms=tuple(entry["synonyms"]),
        hemispheres=tuple(entry["hemispheres"]),
        subregions=tuple(
            Subregion(part, tuple(item["synonyms"]), _gaps(item)) for part, item in entry.get("subregions", {}).items()
        ),
        gaps=_gaps(entry),
    )


def _gaps(entry: dict[str, Any]) -> tuple[Gap, ...]:
    return tuple(Gap(tuple(gap["metabolites"]), gap["reason"]) for gap in entry.get("gaps", []))
