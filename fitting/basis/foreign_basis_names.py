"""Names that basis sets of different programs give to the same metabolite."""

from __future__ import annotations

from fitting.basis.macromolecules import is_background
from fitting.basis.metabolites import metabolites

_NO_COMPONENT = frozenset({"crch2", "h2o", "water", "ref0ppm", "tms", "tsp", "dss"})
"""Corrections, solvents and references that some sets carry; -CrCH2 is LCModel's negative CrCH2 singlet."""


def _fold(name: str) -> str:
    return "".join(letter for letter in name.lower() if letter.isalnum())


_BY_FOLDED = {
    _fold(alias): item.name for item in metabolites() if not item.members for alias in (item.name, *item.aliases)
}


def component_name(name: str) -> str | None:
    """The name under which results report a basis entry, or None for an entry that is no component.

    Macromolecules and lipids keep their name; FSL-MRS's ``Mac`` becomes ``MM``. Unknown metabolites keep theirs.
    """
    stripped = name.strip()
    folded = _fold(stripped)
    if folded in _NO_COMPONENT:
        return None
    if folded in ("mac", "mm", "macromolecules", "mmexp"):
        return "MM"
    if is_background(stripped):
        return stripped
    return _BY_FOLDED.get(folded, stripped)
