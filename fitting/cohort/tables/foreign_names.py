"""Names of regions, sides and metabolites in other people's tables."""

from __future__ import annotations

import re
from functools import lru_cache

from fitting.basis.foreign_basis_names import component_name
from fitting.basis.metabolites import metabolites
from fitting.cohort.tables.table import Place
from fitting.norms.regions import find_region
from fitting.quantification.totals import totals

_SIDES = {"left": "left", "l": "left", "lh": "left", "right": "right", "r": "right", "rh": "right"}
_MIDLINE = {"midline": "midline", "mid": "midline", "bilateral": "midline"}


@lru_cache(maxsize=4096)
def place_of(region: str, hemisphere: str | None) -> Place:
    """Place of a region's name: that of the norms where they know it, else as typed; the side may be in the name.

    Raises
    ------
    ValueError
        When the side is no side.
    """
    words = [word for word in re.split(r"[\s_\-]+", region.strip().casefold()) if word]
    side = None if hemisphere is None else (_SIDES | _MIDLINE).get(hemisphere.strip().casefold())
    if hemisphere is not None and side is None:
        raise ValueError(f"'{hemisphere[:20]}' is not left, right or midline")
    if side is None and len(words) > 1:
        side = _SIDES.get(words[0]) or _SIDES.get(words[-1])
    known = find_region(region)
    if known is None:
        return Place(region.strip(), side)
    return Place(known.region.name, side, known.subregion.name if known.subregion else None)


def same_region(asked: str, place: Place) -> bool:
    """Whether a plan's region is this place: its region, or its subregion by name."""
    wanted = place_of(asked, None)
    if wanted.subregion is not None:
        return (wanted.region, wanted.subregion) == (place.region, place.subregion)
    return wanted.region.casefold() == place.region.casefold()


@lru_cache(maxsize=4096)
def metabolite_of(name: str) -> str:
    """The project's name of a metabolite or sum: mI for Ins, tNAA for NAA+NAAG; unknown names stay."""
    stripped = name.strip()
    known = {item.name.casefold(): item.name for item in metabolites()}
    if stripped.casefold() in known:
        return known[stripped.casefold()]
    parts = tuple(part.strip() for part in stripped.split("+"))
    if len(parts) > 1:
        members = {component_name(part) for part in parts}
        for total, of in totals().items():
            if members == set(of):
                return total
        return stripped
    return component_name(stripped) or stripped
