"""Preview of a file before submission, in words and usual units."""

from __future__ import annotations

from dataclasses import dataclass

from fitting.io import READERS
from service.api.analyses import InspectionOut
from service.pages.form_fields import field_named
from service.pages.frame import room
from service.reports import numbers

_SHOWN: tuple[tuple[str, float], ...] = (
    ("vendor", 0),
    ("scanner_model", 0),
    ("sequence", 0),
    ("sequence_name", 0),
    ("echo_time", 1e3),
    ("repetition_time", 1e3),
    ("field_t", 1),
    ("spectrometer_frequency", 1e-6),
    ("dwell_time", 1e6),
    ("points", 1),
    ("coils", 1),
    ("transients", 1),
    ("averages", 1),
    ("voi_volume_ml", 1),
)
"""Facts in reading order with what turns SI into the unit of the catalogue; 0 for words."""


@dataclass(frozen=True, slots=True)
class Preview:
    """Acquisition read, missing quantities, and the norms of the comparison."""

    format: str
    facts: tuple[tuple[str, str], ...]
    water: str
    missing: tuple[tuple[str, str], ...]
    """Field of the form (empty without one) and name of what is missing."""
    basis: str
    norms: str
    warnings: tuple[str, ...]


def summary(read: InspectionOut) -> Preview:
    """The inspection for people."""
    titles = {reader.name: reader.title for reader in READERS}
    where = (read.water_reference or "none").replace(" ", "_")
    facts = tuple(
        (room(f"preview.{name}"), _shown(read.facts[name], name, factor))
        for name, factor in _SHOWN
        if read.facts.get(name) is not None
    )
    return Preview(
        format=titles.get(read.format, read.format),
        facts=facts,
        water=room(f"preview.water_{where}"),
        missing=tuple((field_named(name) or "", room(f"preview.{name}")) for name in read.missing),
        basis=read.basis or room("preview.no_basis"),
        norms=room("preview.norms", n=len(read.norms)) if read.norms else room("preview.no_norms"),
        warnings=read.warnings,
    )


def _shown(value: str | float | None, name: str, factor: float) -> str:
    if value is None or isinstance(value, str):
        return value or ""
    return room(f"preview.unit_{name}", value=numbers.plain(value * factor, 6))
