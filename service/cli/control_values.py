"""``VALUES.csv``: controls or studies supplied with a value."""

from __future__ import annotations

import csv
import math
from pathlib import Path
from typing import Any

from fitting.errors import UnusableTable

_CONTROL = ("value", "sd", "age_years", "sex", "gm")
_STUDY = ("mean", "sd", "n")


def read_controls(path: Path) -> dict[str, Any]:
    """The ``controls`` of a score request: values of people, or studies when the columns are mean, sd and n.

    Raises
    ------
    UnusableTable
        When the file cannot be read, a column is missing or unknown, or a cell is no number.
    """
    try:
        with path.open(encoding="utf-8-sig", newline="") as handle:
            reader = csv.DictReader(handle)
            columns = [name.strip() for name in reader.fieldnames or ()]
            rows = [dict(zip(columns, row.values(), strict=False)) for row in reader]
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        raise UnusableTable(f"'{path.name}' cannot be read as CSV; check the path.", file=path.name) from error
    if set(_STUDY) <= set(columns):
        return {"studies": [_row(row, _STUDY, _STUDY, number, path) for number, row in enumerate(rows, 2)]}
    if "value" not in columns:
        raise UnusableTable(
            f"'{path.name}' has neither the column value nor the columns mean, sd and n.", file=path.name
        )
    return {"values": [_row(row, _CONTROL, ("value",), number, path) for number, row in enumerate(rows, 2)]}


def _row(
    row: dict[str, str | None], known: tuple[str, ...], required: tuple[str, ...], line: int, path: Path
) -> dict[str, Any]:
    cells: dict[str, Any] = {}
    for name in known:
        text = (row.get(name) or "").strip()
        if not text:
            if name in required:
                raise UnusableTable(f"Line {line} of '{path.name}' has no {name}.", file=path.name, line=line)
            continue
        cells[name] = text if name == "sex" else _number(text, name, line, path)
    if "n" in cells:
        if not float(cells["n"]).is_integer():
            raise UnusableTable(f"Line {line} of '{path.name}': the n is no whole number.", file=path.name, line=line)
        cells["n"] = int(cells["n"])
    return cells


def _number(text: str, name: str, line: int, path: Path) -> float:
    try:
        number = float(text)
    except ValueError:
        number = math.nan
    if not math.isfinite(number):
        raise UnusableTable(f"Line {line} of '{path.name}': the {name} is no number.", file=path.name, line=line)
    return number
