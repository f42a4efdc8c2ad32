"""Codes of quantities, units, regions and answers, from ``codes.toml``; what it lacks has a code of this project."""

from __future__ import annotations

import tomllib
from dataclasses import dataclass
from functools import lru_cache
from importlib.resources import files

from fitting.norms.regions import find_region
from service.reports.values import meaning

OWN_SCHEME = "99MRSQUANT"
"""Private coding scheme designator (DICOM PS3.16, 8) of the project's codes."""
LONGEST_VALUE = 16
"""Characters of a Code Value (VR SH)."""


@dataclass(frozen=True, slots=True)
class Code:
    """One coded concept."""

    value: str
    scheme: str
    meaning: str
    source: str
    """Context group or template of DICOM PS3.16 that has it, or ``own``."""


@lru_cache(maxsize=1)
def code_table() -> dict[str, dict[str, Code]]:
    """Every row of the table by section and key."""
    text = files(__package__).joinpath("codes.toml").read_text(encoding="utf-8")
    return {name: {key: Code(*row) for key, row in rows.items()} for name, rows in tomllib.loads(text).items()}


def code_of(section: str, key: str) -> Code:
    """The row of a section.

    Raises
    ------
    KeyError
        When the table has none.
    """
    return code_table()[section][key]


def ratio_code(metabolite: str) -> Code:
    """The ratio of a metabolite or sum to total creatine."""
    name = f"{metabolite}/tCr"
    return code_table()["ratio"].get(metabolite) or Code(name, OWN_SCHEME, f"{name} ratio", "own")


def concentration_code(metabolite: str) -> Code:
    """The concentration of a metabolite or sum."""
    words = f"{metabolite}, {meaning(metabolite)}".removesuffix(", ")
    return code_table()["concentration"].get(metabolite) or Code(metabolite, OWN_SCHEME, words, "own")


def unit_code(unit: str) -> Code:
    """The unit of ``Concentration.unit``, or another key of the section.

    Raises
    ------
    KeyError
        When the table has none.
    """
    return code_of("unit", unit)


def region_code(region: str | None) -> Code | None:
    """The region of a request; None without one, and for names that ``fitting.norms`` does not know."""
    place = None if region is None else find_region(region)
    if place is None:
        return None
    name = place.region.name
    return code_table()["region"].get(name) or Code(name, OWN_SCHEME, place.region.label, "own")


def hemisphere_code(hemisphere: str | None) -> Code | None:
    """The side; None on the midline and where it is not known."""
    return code_table()["hemisphere"].get(hemisphere or "")
