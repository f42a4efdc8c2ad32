"""Spin systems: nuclei, shifts and couplings of each metabolite, read from data files and validated.

One TOML file per metabolite in ``fitting/data/spin_systems``; adding a metabolite is adding a file.
"""

from __future__ import annotations

import tomllib
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import Any

from fitting.errors import UnusableBasis

SPINS = {"1H": 0.5, "31P": 0.5, "14N": 1.0}
"""Spin quantum numbers of the nuclei that occur; only 1H is pulsed and observed."""


@dataclass(frozen=True, slots=True)
class Coupling:
    """Scalar coupling ``hz`` between spins ``i`` < ``j`` (0-based) of one group."""

    i: int
    j: int
    hz: float


@dataclass(frozen=True, slots=True)
class SpinGroup:
    """Spins that are coupled among themselves and to nothing else.

    ``copies`` is how many of this group one molecule has: 3 for a CH3 singlet represented by one spin, 0.36
    for the anomer that is 36 % of the molecules.
    """

    nuclei: tuple[str, ...]
    ppm: tuple[float | None, ...]
    """Chemical shift of each spin vs DSS, ppm; None for nuclei that are not observed."""
    couplings: tuple[Coupling, ...]
    copies: float

    @property
    def protons(self) -> float:
        """Protons of one molecule that this group stands for."""
        return self.copies * self.nuclei.count("1H")


@dataclass(frozen=True, slots=True)
class SpinSystem:
    """One metabolite: name as reported, groups and where the numbers come from."""

    name: str
    full_name: str
    groups: tuple[SpinGroup, ...]
    source: str
    doi: str
    notes: tuple[str, ...]

    @property
    def protons(self) -> float:
        """Visible protons of one molecule."""
        return sum(group.protons for group in self.groups)


def parse_spin_system(text: str, origin: str) -> SpinSystem:
    """Read and validate one spin-system file.

    Parameters
    ----------
    text : str
        TOML; see the files in ``fitting/data/spin_systems``.
    origin : str
        Name of the file, for messages.

    Raises
    ------
    UnusableBasis
        When the file is no TOML, lacks a field, or its spins, couplings and proton count contradict each other.
    """
    try:
        document = tomllib.loads(text)
        system = SpinSystem(
            name=document["name"],
            full_name=document["full_name"],
            groups=tuple(_group(entry) for entry in document["group"]),
            source=document["source"],
            doi=document["doi"],
            notes=tuple(document.get("notes", ())),
        )
        stated = float(document["protons"])
    except (tomllib.TOMLDecodeError, KeyError, TypeError, ValueError) as error:
        raise UnusableBasis(f"Spin system '{origin}' cannot be read: {error}.", file=origin) from error
    if abs(system.protons - stated) > 1e-9:
        raise UnusableBasis(
            f"Spin system '{origin}' states {stated:g} protons, but its groups have {system.protons:g}.", file=origin
        )
    if not system.doi.startswith("10."):
        raise UnusableBasis(f"Spin system '{origin}' has no DOI.", file=origin)
    return system


def _group(entry: dict[str, Any]) -> SpinGroup:
    nuclei = tuple(spin["nucleus"] for spin in entry["spins"])
    ppm = tuple(float(spin["ppm"]) if spin["nucleus"] == "1H" else None for spin in entry["spins"])
    unknown = set(nuclei) - set(SPINS)
    if unknown:
        raise ValueError(f"nucleus {unknown.pop()!r} is not one of {', '.join(SPINS)}")
    couplings = []
    for first, second, hz in entry.get("couplings", ()):
        if not 1 <= first < second <= len(nuclei):
            raise ValueError(f"coupling [{first}, {second}] must name spins 1 <= i < j <= {len(nuclei)}")
        couplings.append(Coupling(int(first) - 1, int(second) - 1, float(hz)))
    if len({(coupling.i, coupling.j) for coupling in couplings}) != len(couplings):
        raise ValueError("a coupling is given twice")
    copies = float(entry["copies"])
    if copies <= 0:
        raise ValueError("copies must be positive")
    return SpinGroup(nuclei, ppm, tuple(couplings), copies)


@cache
def spin_systems() -> tuple[SpinSystem, ...]:
    """Every shipped spin system, sorted by name.

    Raises
    ------
    UnusableBasis
        When a shipped file breaks the format.
    """
    folder = files("fitting") / "data" / "spin_systems"
    texts = {
        entry.name: entry.read_text(encoding="utf-8") for entry in folder.iterdir() if entry.name.endswith(".toml")
    }
    return tuple(sorted((parse_spin_system(text, name) for name, text in texts.items()), key=lambda s: s.name))
