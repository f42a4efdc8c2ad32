"""The table of measurements: long, one row for each value, or wide, one row for each person."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from fitting.cohort.tables.cells import TableRow, rows_of
from fitting.cohort.tables.foreign_names import metabolite_of, place_of
from fitting.cohort.tables.participants import ID, pseudonyms
from fitting.cohort.tables.table import (
    QUALITY_FACTS,
    SPECTRUM_FACTS,
    TISSUE_FACTS,
    Fact,
    Measurement,
    Place,
    SpectrumFacts,
    SpectrumKey,
)
from fitting.errors import DuplicateMeasurement, IdentityInPseudonym, ImplausibleParameter, UnusableTable
from fitting.norms.controls import UNITS
from fitting.request.words import check_pseudonym

NEEDED = (ID, "region", "metabolite", "unit", "value")
VERDICTS = ("yes", "limited", "no")
_TRUE, _FALSE = {"true", "yes", "1"}, {"false", "no", "0"}
_NUMBERS = ("field_t", "echo_time", "repetition_time", *QUALITY_FACTS)
_OPTIONAL = (
    "session",
    "hemisphere",
    "sd",
    "sd_shared",
    "crlb_percent",
    "detected",
    "verdict",
    "usable",
    "covariance_id",
)


@dataclass(frozen=True, slots=True)
class ReadMeasurements:
    """A table of measurements as read."""

    measurements: tuple[Measurement, ...]
    spectra: Mapping[SpectrumKey, SpectrumFacts]
    columns: tuple[str, ...]
    """Facts of spectra that it holds."""
    notes: tuple[str, ...] = ()


def read_long(text: str, table: str) -> ReadMeasurements:
    """Read a long table.

    Raises
    ------
    FittingError
        Of the kinds in ``fitting.errors.UnusableCohort``, or ``implausible-parameter``; each names row and column.
    """
    columns, rows = rows_of(text, table, NEEDED)
    known = {*NEEDED, *_OPTIONAL, *SPECTRUM_FACTS}
    ignored = [name for name in columns if name and name not in known]
    notes = [f"{table}: not read: {', '.join(ignored)}."] if ignored else []
    return collected(rows, pseudonyms(rows), [name for name in SPECTRUM_FACTS if name in columns], notes)


def collected(
    rows: Sequence[TableRow], people: Sequence[str], facts: Sequence[str], notes: Iterable[str]
) -> ReadMeasurements:
    """Measurements and spectra of rows in the columns of the long table."""
    found: list[Measurement] = []
    spectra: dict[SpectrumKey, SpectrumFacts] = {}
    lines: dict[tuple[SpectrumKey, str, str], int] = {}
    for row, person in zip(rows, people, strict=True):
        key = SpectrumKey(person, _session(row), _place(row))
        measured = _measurement(row, key)
        identity = (key, measured.metabolite, measured.unit)
        if identity in lines:
            raise DuplicateMeasurement(
                f"{row.where('metabolite')}: {measured.metabolite} of {person} in this region and session stands in "
                f"row {lines[identity]} already."
            )
        lines[identity] = row.line
        spectrum = _spectrum(row, facts)
        kept = spectra.get(key)
        spectra[key] = spectrum if kept is None else _worse(kept, spectrum)
        found.append(measured)
    order = {name: index for index, name in enumerate(sorted({item.metabolite for item in found}))}
    found.sort(
        key=lambda item: (
            item.spectrum.person,
            item.spectrum.session or "",
            item.spectrum.place.order,
            order[item.metabolite],
            item.unit,
        )
    )
    return ReadMeasurements(tuple(found), spectra, tuple(facts), tuple(notes))


def _session(row: TableRow) -> str | None:
    session = row.text("session")
    if session is None:
        return None
    try:
        return check_pseudonym(session)
    except ValueError as error:
        raise IdentityInPseudonym(f"{row.where('session')}: the session {error}.") from None


def _place(row: TableRow) -> Place:
    try:
        return place_of(row.required("region"), row.text("hemisphere"))
    except ValueError as error:
        raise ImplausibleParameter(f"{row.where('hemisphere')}: {error}.") from None


def _measurement(row: TableRow, key: SpectrumKey) -> Measurement:
    value = row.number("value")
    if value is None:
        raise UnusableTable(f"{row.where('value')}: the cell is empty; leave the row out where there is no value.")
    unit = row.required("unit")
    if unit not in UNITS:
        raise ImplausibleParameter(f"{row.where('unit')}: '{unit[:20]}' is not one of {', '.join(UNITS)}.")
    sd = row.number("sd")
    if sd is not None and sd <= 0.0:
        raise ImplausibleParameter(
            f"{row.where('sd')}: {sd:g} is not positive; leave the cell empty where it is unknown."
        )
    is_bound = False
    if sd is None:
        crlb = row.within("crlb_percent", 0.0, 1e6)
        sd = abs(value) * crlb / 100.0 if crlb and value else None
        is_bound = sd is not None
    detected = flag(row, "detected")
    name = metabolite_of(row.required("metabolite"))
    return Measurement(key, name, unit, value, sd, is_bound, detected, row.text("usable"))


def flag(row: TableRow, column: str) -> bool:
    """Whether a cell is true; an empty one is.

    Raises
    ------
    ImplausibleParameter
        When the cell is neither true nor false.
    """
    cell = row.text(column)
    if cell is None or cell.casefold() in _TRUE:
        return True
    if cell.casefold() in _FALSE:
        return False
    raise ImplausibleParameter(f"{row.where(column)}: '{cell[:20]}' is not true or false.")


def _spectrum(row: TableRow, facts: Sequence[str]) -> SpectrumFacts:
    verdict = (row.text("verdict") or "yes").casefold()
    if verdict not in VERDICTS:
        raise ImplausibleParameter(f"{row.where('verdict')}: '{verdict[:20]}' is not one of {', '.join(VERDICTS)}.")
    found: dict[str, Fact] = {}
    for name in facts:
        value: Fact | None
        if name in TISSUE_FACTS:
            value = row.within(name, 0.0, 1.0)
        elif name in _NUMBERS:
            value = row.within(name, 0.0, 1e9)
        else:
            value = row.text(name)
        if value is not None:
            found[name] = value
    return SpectrumFacts(verdict, found)


def _worse(kept: SpectrumFacts, other: SpectrumFacts) -> SpectrumFacts:
    usable = max(kept.usable, other.usable, key=VERDICTS.index)
    return SpectrumFacts(usable, {**other.facts, **kept.facts})


_WIDE = re.compile(r"(?P<region>.+)_(?P<side>left|right|midline|L|R)_(?P<metabolite>[^_]+?)(?P<sd>_sd)?")


def read_wide(text: str, table: str, unit: str) -> ReadMeasurements:
    """Read a wide table: columns ``REGION_SIDE_METABOLITE`` and ``…_sd``, one row for each person.

    Parameters
    ----------
    text, table : str
    unit : str
        Of all values, for a wide table has no column for it.

    Raises
    ------
    FittingError
        As ``read_long``.
    """
    columns, rows = rows_of(text, table, (ID,))
    parsed = {name: found for name in columns if (found := _WIDE.fullmatch(name)) is not None}
    if not parsed:
        raise UnusableTable(f"{table}, row 1: no column is named as in ACC_midline_tNAA.")
    long_rows, people = [], []
    for row, person in zip(rows, pseudonyms(rows), strict=True):
        for name, found in parsed.items():
            if found["sd"] or row.text(name) is None:
                continue
            cells = {
                ID: person,
                "region": found["region"].replace("_", " "),
                "hemisphere": found["side"],
                "metabolite": found["metabolite"],
                "unit": unit,
                "value": row.cells[name],
                "sd": row.cells.get(f"{name}_sd", ""),
                "session": row.cells.get("session", ""),
            }
            names = {**dict.fromkeys(cells, name), "sd": f"{name}_sd", "session": "session"}
            long_rows.append(TableRow(table, row.line, cells, names))
            people.append(person)
    return collected(long_rows, people, (), ())


def content_hash(*texts: str) -> str:
    """SHA-256 of tables; the ends of lines and the order of rows do not matter."""
    digest = hashlib.sha256()
    for text in texts:
        lines = text.removeprefix("\ufeff").splitlines()
        digest.update("\n".join([*lines[:1], *sorted(lines[1:])]).encode() + b"\0")
    return digest.hexdigest()
