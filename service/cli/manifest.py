"""MANIFEST.csv: which spectra a batch analyses, each row checked, each complaint with file and line."""

from __future__ import annotations

import csv
import io
import math
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from fitting.errors import UnusableTable
from fitting.subject import Overrides, Subject, TissueFractions

COLUMNS = (
    "id",
    "metabolite",
    "water_reference",
    "region",
    "hemisphere",
    "age_years",
    "sex",
    "gm",
    "wm",
    "csf",
    "echo_time",
    "repetition_time",
    "spectrometer_frequency",
    "dwell_time",
    "sequence",
    "basis",
    "macromolecules",
)
"""Every column a manifest may have; only ``metabolite`` must be there."""

_CHOICES = {"hemisphere": ("left", "right", "midline"), "sex": ("female", "male", "other")}


@dataclass(frozen=True, slots=True)
class Entry:
    """One spectrum of a batch, with paths resolved against the manifest's folder."""

    id: str
    metabolite: Path
    water_reference: Path | None
    subject: Subject
    overrides: Overrides
    basis: Path | None
    macromolecules: Path | None


@dataclass(frozen=True, slots=True)
class BadEntry:
    """A row that cannot be used; the batch goes on without it."""

    id: str
    problem: UnusableTable


def read_manifest(path: Path) -> tuple[Entry | BadEntry, ...]:
    """Read a manifest: UTF-8 CSV with a header of ``COLUMNS`` in any order.

    Raises
    ------
    UnusableTable
        When the file as a whole cannot be read or is no manifest; the message names file and line.
    """
    try:
        text = path.read_text(encoding="utf-8-sig")
    except OSError as error:
        reason = error.strerror or "input/output error"
        raise UnusableTable(f"{path.name}: cannot be opened: {reason}; check the path.", file=path.name) from error
    except UnicodeDecodeError as error:
        raise UnusableTable(f"{path.name}: not UTF-8 text; save the table as CSV UTF-8.", file=path.name) from error
    reader = csv.reader(io.StringIO(text, newline=""), strict=True)
    try:
        header = [name.strip() for name in next(reader, [])]
        _check_header(header, path)
        entries = tuple(_entries(((reader.line_num, cells) for cells in reader), header, path))
    except csv.Error as error:
        raise UnusableTable(f"{path.name}:{reader.line_num}: {error}.", file=path.name) from error
    if not entries:
        raise UnusableTable(f"{path.name}: no rows below the header; add one row for each spectrum.", file=path.name)
    return entries


def _check_header(header: list[str], path: Path) -> None:
    unknown = [name for name in header if name not in COLUMNS]
    repeated = sorted({name for name in header if header.count(name) > 1})
    complaint = None
    if "metabolite" not in header:
        complaint = "there is no column 'metabolite'"
    elif unknown:
        complaint = f"unknown column {', '.join(repr(name) for name in unknown)}"
    elif repeated:
        complaint = f"column {', '.join(repr(name) for name in repeated)} stands there twice"
    if complaint:
        raise UnusableTable(f"{path.name}:1: {complaint}; the columns are {','.join(COLUMNS)}.", file=path.name)


def _entries(rows: Iterator[tuple[int, list[str]]], header: list[str], path: Path) -> Iterator[Entry | BadEntry]:
    seen: dict[str, int] = {}
    for line, cells in rows:
        if not any(cell.strip() for cell in cells):
            continue
        row = dict.fromkeys(COLUMNS, "") | {name: cell.strip() for name, cell in zip(header, cells, strict=False)}
        identifier = row["id"] or row["metabolite"] or f"line {line}"
        try:
            if len(cells) != len(header):
                raise ValueError(f"{len(cells)} cells under {len(header)} columns")
            if identifier in seen:
                raise ValueError(f"id '{identifier}' stands on line {seen[identifier]} already; give each row its own")
            yield _entry(identifier, row, path.parent)
        except ValueError as error:
            yield BadEntry(identifier, UnusableTable(f"{path.name}:{line}: {error}.", file=path.name, line=line))
        seen.setdefault(identifier, line)


def _entry(identifier: str, row: dict[str, str], folder: Path) -> Entry:
    if not row["metabolite"]:
        raise ValueError("metabolite is empty; name the spectrum's file")
    for name, allowed in _CHOICES.items():
        if row[name] and row[name] not in allowed:
            raise ValueError(f"{name} = '{row[name]}' is not one of {', '.join(allowed)}")
    return Entry(
        id=identifier,
        metabolite=folder / row["metabolite"],
        water_reference=folder / row["water_reference"] if row["water_reference"] else None,
        subject=Subject(
            region=row["region"] or None,
            hemisphere=row["hemisphere"] or None,
            age_years=_number(row, "age_years"),
            sex=row["sex"] or None,
            tissue=_tissue(row),
        ),
        overrides=Overrides(
            echo_time=_number(row, "echo_time"),
            repetition_time=_number(row, "repetition_time"),
            spectrometer_frequency=_number(row, "spectrometer_frequency"),
            dwell_time=_number(row, "dwell_time"),
            sequence=row["sequence"] or None,
        ),
        basis=folder / row["basis"] if row["basis"] else None,
        macromolecules=folder / row["macromolecules"] if row["macromolecules"] else None,
    )


def _number(row: dict[str, str], name: str) -> float | None:
    if not row[name]:
        return None
    try:
        value = float(row[name])
    except ValueError:
        value = math.nan
    if not math.isfinite(value):
        raise ValueError(f"{name} = '{row[name]}' is not a number")
    return value


def _tissue(row: dict[str, str]) -> TissueFractions | None:
    gm, wm, csf = _number(row, "gm"), _number(row, "wm"), _number(row, "csf")
    if gm is None and wm is None and csf is None:
        return None
    if gm is None or wm is None or csf is None:
        raise ValueError("only some of gm, wm and csf are given; give all three volume fractions or none")
    return TissueFractions(gm=gm, wm=wm, csf=csf)
