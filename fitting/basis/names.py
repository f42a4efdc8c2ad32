"""Names that basis sets of different programs give to the same metabolite."""

from __future__ import annotations

from fitting.basis.macromolecules import is_background

_ALIASES: dict[str, tuple[str, ...]] = {
    "mI": ("Ins", "mIns", "m-Ins", "myo", "Myo-Inositol", "mIno"),
    "Scyllo": ("sIns", "s-Ins", "sI", "Scyllo-Inositol", "Scy"),
    "PCh": ("PCho", "PC", "Phosphocholine"),
    "GPC": ("GPCh", "Glycerophosphocholine"),
    "PE": ("PEth", "PhE", "Phosphoethanolamine"),
    "Ala": ("Alanine",),
    "Asc": ("Ascorbate",),
    "Asp": ("Aspartate",),
    "Cr": ("Cre", "Creatine"),
    "PCr": ("Phosphocreatine",),
    "GABA": ("GABA_gov", "GABAgov"),
    "Glc": ("Glucose", "bGlc"),
    "Gln": ("Glutamine",),
    "Glu": ("Glutamate",),
    "Gly": ("Glycine", "Glyn"),
    "GSH": ("Glth", "Glutathione"),
    "Lac": ("Lactate",),
    "NAA": ("N-Acetylaspartate",),
    "NAAG": ("N-Acetylaspartylglutamate",),
    "Ser": ("Serine",),
    "Tau": ("Taurine",),
}
"""Names of results and what LCModel, FID-A, Osprey, FSL-MRS, spant and TARQUIN call them."""

_NO_COMPONENT = frozenset({"crch2", "h2o", "water", "ref0ppm", "tms", "tsp", "dss"})
"""Corrections, solvents and references that some sets carry; -CrCH2 is LCModel's negative CrCH2 singlet."""


def _fold(name: str) -> str:
    return "".join(letter for letter in name.lower() if letter.isalnum())


_BY_FOLDED = {_fold(alias): name for name, aliases in _ALIASES.items() for alias in (name, *aliases)}


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
