"""MANIFEST.csv: the spectra of a batch; each row is checked, each error names file and line."""

from __future__ import annotations

import csv
import io
import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from difflib import get_close_matches
from pathlib import Path

from fitting.errors import ImplausibleParameter, UnusableTable
from fitting.request import FIELDS, PARTS, Document, RequestField, checked, put, request_of, words_of

_FIELDS = {field.column: field for field in FIELDS}
_FILES = {part.column or part.name: part for part in PARTS if part.name not in ("relaxation", "site")}
COLUMNS = ("id", *_FILES, *_FIELDS)
"""Every column that is read; only ``metabolite`` must be there."""


@dataclass(frozen=True, slots=True)
class ManifestRow:
    """One spectrum of a batch, with paths resolved against the manifest's folder."""

    id: str
    paths: Mapping[str, Path]
    """Files by part."""
    document: Document
    """The request of the row."""
    carried: Mapping[str, str]
    """Cells of columns that are not read."""

    def after(self, document: Document, paths: Mapping[str, Path]) -> ManifestRow:
        """The entry with the values common to all rows filled in where the row has none."""
        merged = {**document}
        for name, value in self.document.items():
            shared = document.get(name)
            is_section = name != "tissue" and isinstance(shared, dict)
            merged[name] = {**shared, **value} if is_section and shared is not None else value
        return ManifestRow(self.id, {**paths, **self.paths}, merged, self.carried)


@dataclass(frozen=True, slots=True)
class BadEntry:
    """A row that cannot be used; the batch goes on without it."""

    id: str
    problem: UnusableTable | ImplausibleParameter
    carried: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Manifest:
    """The rows in their order, and the columns that are passed through unread."""

    entries: tuple[ManifestRow | BadEntry, ...]
    carried: tuple[str, ...]


def read_manifest(path: Path) -> Manifest:
    """Read a manifest: UTF-8 CSV with a header of ``COLUMNS`` and others in any order.

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
    return Manifest(entries, tuple(name for name in header if name not in COLUMNS))


def _check_header(header: list[str], path: Path) -> None:
    repeated = sorted({name for name in header if header.count(name) > 1})
    unknown = {name: get_close_matches(name, COLUMNS, n=1, cutoff=0.8) for name in header if name not in COLUMNS}
    meant = {name: close[0] for name, close in unknown.items() if close}
    complaint = None
    if "metabolite" not in header:
        complaint = "there is no column 'metabolite'"
    elif meant:
        complaint = "; ".join(f"unknown column '{name}', is '{close}' meant?" for name, close in meant.items())
    elif repeated:
        complaint = f"column {', '.join(repr(name) for name in repeated)} stands there twice"
    if complaint:
        raise UnusableTable(f"{path.name}:1: {complaint}; docs/command-line.md lists the columns.", file=path.name)


def _entries(rows: Iterator[tuple[int, list[str]]], header: list[str], path: Path) -> Iterator[ManifestRow | BadEntry]:
    seen: dict[str, int] = {}
    for line, cells in rows:
        if not any(cell.strip() for cell in cells):
            continue
        row = dict.fromkeys(COLUMNS, "") | {name: cell.strip() for name, cell in zip(header, cells, strict=False)}
        carried = {name: row[name] for name in header if name not in COLUMNS and name in row}
        identifier = row["id"] or row["metabolite"] or f"line {line}"
        try:
            if len(cells) != len(header):
                raise ValueError(f"{len(cells)} cells under {len(header)} columns")
            if identifier in seen:
                raise ValueError(f"id '{identifier}' stands on line {seen[identifier]} already; give each row its own")
            if not row["metabolite"]:
                raise ValueError("metabolite is empty; name the spectrum's file")
            yield ManifestRow(identifier, _paths(row, path.parent), _document(row), carried)
        except (ValueError, ImplausibleParameter) as error:
            kind = ImplausibleParameter if isinstance(error, ImplausibleParameter) else UnusableTable
            detail = f"{path.name}:{line}: {str(error).rstrip('.')}."
            yield BadEntry(identifier, kind(detail, file=path.name, line=line), carried)
        seen.setdefault(identifier, line)


def _paths(row: Mapping[str, str], folder: Path) -> dict[str, Path]:
    return {part.name: folder / row[column] for column, part in _FILES.items() if row[column]}


def _document(row: Mapping[str, str]) -> Document:
    document: Document = {}
    for column, field in _FIELDS.items():
        if row[column]:
            put(document, field.path, _value(field, row[column]))
    request_of(document)  # refuses impossible values and contradictory fields
    return document


def _value(field: RequestField, text: str) -> float | str | list[str]:
    """Read the value of a cell.

    Raises
    ------
    ValueError
        When it is of another kind than the field; ``request_of`` checks the limits.
    """
    if field.said.kind == "number":
        try:
            number = float(text)
        except ValueError:
            number = math.nan
        if not math.isfinite(number):
            raise ValueError(f"{field.column} = '{text}' is not a number")
        return number
    try:
        words = words_of(text) if field.said.most > 1 else text
        checked(field, words)
        return words
    except ImplausibleParameter as error:
        raise ValueError(error.detail) from None
