"""Catalogue of simulated basis sets, for clients before they send data."""

from __future__ import annotations

from dataclasses import dataclass

from fitting.basis.macromolecule_templates import templates
from fitting.basis.spin_system import spin_systems
from fitting.run.completion import PLAUSIBLE, SEQUENCES


@dataclass(frozen=True, slots=True)
class SimulatedMetabolite:
    """A metabolite of the simulated basis sets, with the source of its spin system."""

    name: str
    full_name: str
    source: str
    doi: str


@dataclass(frozen=True, slots=True)
class MacromoleculeTemplate:
    """A macromolecular background that a request can select by name."""

    name: str
    title: str
    default: bool


@dataclass(frozen=True, slots=True)
class BasisCatalogue:
    """The acquisitions for which a basis set is simulated, and what is in it. Ranges are SI."""

    sequences: tuple[str, ...]
    spectrometer_frequency: tuple[float, float]
    echo_time: tuple[float, float]
    mixing_time: tuple[float, float]
    metabolites: tuple[SimulatedMetabolite, ...]
    macromolecules: tuple[MacromoleculeTemplate, ...]


def basis_catalogue() -> BasisCatalogue:
    """Sequences, ranges, metabolites and macromolecules of simulated basis sets."""
    return BasisCatalogue(
        sequences=SEQUENCES,
        spectrometer_frequency=PLAUSIBLE["spectrometer_frequency"][:2],
        echo_time=PLAUSIBLE["echo_time"][:2],
        mixing_time=PLAUSIBLE["mixing_time"][:2],
        metabolites=tuple(
            SimulatedMetabolite(system.name, system.full_name, system.source, system.doi) for system in spin_systems()
        ),
        macromolecules=tuple(
            MacromoleculeTemplate(name, entry.title, entry.default) for name, entry in templates().items()
        ),
    )
