"""``RESULTS.csv`` of a batch as a table of measurements."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from fitting.cohort.tables.cells import TableRow, rows_of
from fitting.cohort.tables.measurements import ReadMeasurements, collected, flag
from fitting.cohort.tables.participants import ID, pseudonyms
from fitting.cohort.tables.table import QUALITY_FACTS, SPECTRUM_FACTS
from fitting.errors import MissingColumn

MARK = ("id", "outcome", "verdict", "metabolite", "ratio_tcr", "concentration")
"""Columns by which the file is recognised."""
APPENDED = ("detected", "usable", "ratio_tcr_sd_scan", "concentration_sd_scan", "subject", "session", "region")
"""Columns that files of earlier versions lack."""


def is_results(text: str) -> bool:
    """Whether the header is that of RESULTS.csv."""
    header = text.removeprefix("\ufeff").partition("\n")[0]
    return set(MARK) <= {name.strip() for name in header.replace("\t", ",").split(",")}


def read_results(text: str, table: str, manifest: str | None = None) -> ReadMeasurements:
    """Read RESULTS.csv: each value once as a ratio to tCr and once as a concentration where there is one.

    Parameters
    ----------
    text, table : str
    manifest : str, optional
        Text of the batch's manifest, for facts that the results do not have (tissue, echo time, …).

    Raises
    ------
    FittingError
        As ``read_long``.
    """
    columns, rows = rows_of(text, table, MARK)
    beside = _by_id(manifest) if manifest is not None else {}
    named = [row for row in rows if row.text("metabolite") is not None]
    merged = [TableRow(row.table, row.line, {**beside.get(row.cells["id"], {}), **_filled(row)}) for row in named]
    for name in ("region",):
        if all(name not in row.cells for row in merged):
            raise MissingColumn(
                f"{table}, row 1: there is no column {name}; give the batch's manifest with --manifest."
            )
    whose = "subject" if any(row.text("subject") for row in merged) else "id"
    notes = _notes(columns, table, whose)
    long_rows: list[TableRow] = []
    for row in merged:
        long_rows += _values(row)
    facts = [name for name in SPECTRUM_FACTS if name in QUALITY_FACTS or any(row.text(name) for row in merged)]
    return collected(long_rows, pseudonyms(long_rows, whose), facts, notes)


def _filled(row: TableRow) -> dict[str, str]:
    return {name: cell for name, cell in row.cells.items() if cell.strip()}


def _by_id(manifest: str) -> dict[str, Mapping[str, str]]:
    _, rows = rows_of(manifest, "manifest", ("metabolite",))
    return {row.cells.get("id") or row.cells["metabolite"]: row.cells for row in rows}


def _notes(columns: Sequence[str], table: str, whose: str) -> list[str]:
    notes = []
    missing = [name for name in APPENDED if name not in columns]
    if missing:
        notes.append(
            f"{table} was written by an earlier version: it lacks {', '.join(missing)}; values of spectra of limited "
            "quality are used for tNAA, tCr and tCho only, and errors are taken from the older columns."
        )
    if whose == "id":
        notes.append(f"{table}: no row has a subject; each id is taken for one person ({ID}).")
    return notes


def _values(row: TableRow) -> list[TableRow]:
    """Rows of the long table for one row of results."""
    rows = []
    for name, unit in (("ratio_tcr", "tCr"), ("concentration", row.text("concentration_unit") or "")):
        if row.text(name) is None or not unit:
            continue
        value = name if flag(row, "detected") else f"{name}_upper"
        if row.text(value) is None:
            continue
        sd = next(
            (column for column in (f"{name}_sd_scan", f"{name}_sd") if row.text(column) is not None), f"{name}_sd"
        )
        cells = {**row.cells, "unit": unit, "value": row.cells[value], "sd": row.cells.get(sd, ""), "crlb_percent": ""}
        if row.number(sd) == 0.0:
            cells["sd"] = ""  # results write 0 where no error was estimated
        names = {"unit": "concentration_unit", "value": value, "sd": sd}
        rows.append(TableRow(row.table, row.line, cells, names))
    return rows
