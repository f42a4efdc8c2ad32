"""Cells of a delimited table; every refusal names row and column."""

from __future__ import annotations

import csv
import io
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from fitting.errors import ImplausibleParameter, MissingColumn, UnreadableNumber, UnusableTable

MISSING = {"", "n/a", "na", "nan", "none", "null", "."}
"""Cells that say that a value is not known (BIDS writes n/a)."""

FORMULA_MARK = "'"
"""Stands in the project's tables before a text that a spreadsheet would run."""


@dataclass(frozen=True, slots=True)
class TableRow:
    """One row of a table with its line in the file."""

    table: str
    line: int
    cells: Mapping[str, str]
    names: Mapping[str, str] = field(default_factory=dict)
    """What the file calls a column, where it has another name."""

    def where(self, column: str) -> str:
        """Place of a cell for a message, as the file calls it."""
        return f"{self.table}, row {self.line}, column {self.names.get(column, column)}"

    def text(self, column: str) -> str | None:
        """A cell, or None where it is absent or not known; without the mark that our tables put before a formula."""
        cell = self.cells.get(column, "").strip().removeprefix(FORMULA_MARK)
        return None if cell.casefold() in MISSING else cell

    def required(self, column: str) -> str:
        """A cell that must be filled.

        Raises
        ------
        UnusableTable
            When it is empty.
        """
        cell = self.text(column)
        if cell is None:
            raise UnusableTable(f"{self.where(column)}: the cell is empty; fill it or leave the row out.")
        return cell

    def number(self, column: str) -> float | None:
        """A number, or None where it is not known.

        Raises
        ------
        UnreadableNumber
            When the cell holds something else.
        """
        cell = self.text(column)
        if cell is None:
            return None
        value = number_of(cell)
        if value is None:
            hint = "; write a decimal point, not a comma" if "," in cell else ""
            raise UnreadableNumber(f"{self.where(column)}: '{cell[:20]}' is not a number{hint}.")
        return value

    def within(self, column: str, low: float, high: float) -> float | None:
        """A number in a range.

        Raises
        ------
        UnreadableNumber, ImplausibleParameter
            When the cell holds no number, or one out of the range.
        """
        value = self.number(column)
        if value is not None and not low <= value <= high:
            raise ImplausibleParameter(f"{self.where(column)}: {value:g} is not from {low:g} to {high:g}.")
        return value


def number_of(cell: str) -> float | None:
    """The finite number that a cell holds, else None."""
    try:
        value = float(cell)
    except ValueError:
        return None
    return value if math.isfinite(value) else None


def rows_of(text: str, table: str, needed: Sequence[str]) -> tuple[tuple[str, ...], tuple[TableRow, ...]]:
    """Columns and rows of a table separated by commas, semicolons or tabs, whichever its header has.

    Raises
    ------
    MissingColumn
        When a needed column is absent.
    UnusableTable
        When it is empty, a column stands there twice or a row has another number of cells.
    """
    lines = text.removeprefix("\ufeff").splitlines()
    head = lines[0] if lines else ""
    separator = next((mark for mark in ("\t", ",", ";") if mark in head), ",")
    reader = csv.reader(io.StringIO("\n".join(lines), newline=""), delimiter=separator, strict=True)
    try:
        columns = tuple(name.strip() for name in next(reader, []))
        twice = sorted({name for name in columns if name and columns.count(name) > 1})
        if twice:
            raise UnusableTable(f"{table}: the column '{twice[0]}' stands there twice.")
        for name in needed:
            if name not in columns:
                raise MissingColumn(f"{table}, row 1: there is no column {name}; its columns are {', '.join(columns)}.")
        rows = []
        for cells in reader:
            if not any(cell.strip() for cell in cells):
                continue
            if len(cells) != len(columns):
                raise UnusableTable(
                    f"{table}, row {reader.line_num}: {len(cells)} cells under {len(columns)} columns; check quotes "
                    "and separators."
                )
            rows.append(TableRow(table, reader.line_num, dict(zip(columns, cells, strict=True))))
    except csv.Error as error:
        raise UnusableTable(f"{table}, row {reader.line_num}: {error}.") from None
    if not rows:
        raise UnusableTable(f"{table}: there are no rows below the header.")
    return columns, tuple(rows)
