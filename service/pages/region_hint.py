"""A region that is not known and looks like one that is: asked about before anything is submitted."""

from __future__ import annotations

from difflib import get_close_matches

from fitting.norms import find_region, regions

LEAST_ALIKE = 0.6
"""Similarity from which a name is suggested: one wrong letter of three."""


def meant_region(name: str) -> str | None:
    """The region that is probably meant; None when the name is known, empty, or like none."""
    if not name.strip() or find_region(name) is not None:
        return None
    known = {
        word.casefold(): region.name for region in regions() for word in (region.name, region.label, *region.synonyms)
    }
    found = get_close_matches(name.strip().casefold(), known, n=1, cutoff=LEAST_ALIKE)
    return known[found[0]] if found else None
