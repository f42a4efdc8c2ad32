"""Realisations of sequences: pulses and timings per vendor, field and sequence, as cited data.

One TOML file per realisation in ``fitting/data/realisations``. No header states them, so each row states how well it is
known; a sequence of an unknown vendor gets the generic realisation.
"""

from __future__ import annotations

import tomllib
from dataclasses import dataclass
from functools import cache
from importlib.resources import files

from fitting.basis.waveforms import Pulse, shapes
from fitting.units import field_from_frequency

GRADES = {
    "A": "published by the vendor",
    "B": "from published simulations of that sequence",
    "C": "generic",
}
"""Evidence level of a realisation."""


@dataclass(frozen=True, slots=True)
class Realisation:
    """A sequence as one kind of scanner plays it out."""

    name: str
    title: str
    vendor: str | None
    """None for the generic one."""
    sequence: str
    field_t: tuple[float, float]
    """Static fields it is for, T."""
    only_vendor_at_t: tuple[float, float] | None
    """Static fields at which no other vendor builds magnets, T."""
    grade: str
    pulse: Pulse
    """The slice-selective pulse: refocusing in PRESS and sLASER, all three of STEAM."""
    first_echo_time: float | None
    """TE1 of PRESS, s; None for half the echo time."""
    played_out: bool = True
    """Whether signals are simulated with it; else it only shows how far pulses that are not published may be from ideal
    ones."""


@cache
def realisations() -> dict[str, Realisation]:
    """Every shipped realisation by name."""
    folder = files("fitting") / "data" / "realisations"
    found = {}
    for entry in folder.iterdir():
        if entry.name.endswith(".toml"):
            document = tomllib.loads(entry.read_text(encoding="utf-8"))
            found[document["name"]] = Realisation(
                name=document["name"],
                title=document["title"],
                vendor=document.get("vendor"),
                sequence=document["sequence"],
                field_t=_range(document["field_t"]),
                only_vendor_at_t=_range(document["only_vendor_at_t"]) if "only_vendor_at_t" in document else None,
                grade=document["grade"],
                pulse=Pulse(shapes()[document["pulse"]["shape"]], document["pulse"]["duration"]),
                first_echo_time=document.get("first_echo_time"),
                played_out=document.get("played_out", True),
            )
    return dict(sorted(found.items()))


def _range(ends: list[float]) -> tuple[float, float]:
    low, high = ends
    return low, high


def choose_realisation(sequence: str, vendor: str | None, spectrometer_frequency: float) -> Realisation | None:
    """The realisation of a vendor's sequence at a field, else the generic one, else None: ideal pulses.

    Parameters
    ----------
    sequence : str
        Localisation family.
    vendor : str or None
        As headers write it, such as ``SIEMENS`` or ``GE MEDICAL SYSTEMS``; None when unknown; then a field at which
        only one vendor builds magnets determines it.
    spectrometer_frequency : float
        Hz.
    """
    field = field_from_frequency(spectrometer_frequency)
    candidates = [
        entry
        for entry in realisations().values()
        if entry.played_out and entry.sequence == sequence and entry.field_t[0] <= field <= entry.field_t[1]
    ]
    for entry in candidates:
        if entry.vendor is not None and _is_of(entry, vendor, field):
            return entry
    return next((entry for entry in candidates if entry.vendor is None), None)


def generic_realisation(sequence: str) -> Realisation | None:
    """The generic realisation of a sequence at whatever field, or None."""
    return next((each for each in realisations().values() if each.sequence == sequence and each.vendor is None), None)


def _is_of(entry: Realisation, vendor: str | None, field: float) -> bool:
    if vendor is not None:
        return entry.vendor is not None and vendor.casefold().startswith(entry.vendor.casefold())
    return entry.only_vendor_at_t is not None and entry.only_vendor_at_t[0] <= field <= entry.only_vendor_at_t[1]
