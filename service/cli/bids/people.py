"""``participants.tsv`` and ``sessions.tsv``: age, sex and group of the people of a dataset."""

from __future__ import annotations

import csv
import io
import json
import math
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from fitting.errors import UnusableTable

MISSING = ("", "n/a", "na", "nan", "none")
OLDEST = 90.0
"""Years; ``89+`` stands for the ages above it, as HIPAA has them pooled."""
_SEX = {
    **dict.fromkeys(("f", "female", "w", "woman"), "female"),
    **dict.fromkeys(("m", "male", "man"), "male"),
    **dict.fromkeys(("o", "other", "intersex"), "other"),
}
_PER_YEAR = {"year": 1.0, "month": 12.0, "week": 365.25 / 7.0, "day": 365.25}
Row = Mapping[str, str]


def read_people(path: Path, key: str) -> dict[str, Row]:
    """Rows of a table by the column ``key``; empty without the file.

    Raises
    ------
    UnusableTable
        When it cannot be read, has no such column, or one label stands there twice.
    """
    if not path.is_file():
        return {}
    try:
        text = path.read_text(encoding="utf-8-sig")
    except (OSError, UnicodeDecodeError) as error:
        raise UnusableTable(f"{path.name}: cannot be read as UTF-8 text; write it again.", file=path.name) from error
    rows = csv.DictReader(io.StringIO(text), delimiter="\t", quoting=csv.QUOTE_NONE)
    if key not in (rows.fieldnames or ()):
        raise UnusableTable(f"{path.name}: there is no column '{key}'; BIDS needs it.", file=path.name)
    people: dict[str, Row] = {}
    for row in rows:
        label = (row[key] or "").strip()
        if label in people:
            detail = f"{path.name}:{rows.line_num}: '{label}' stands there twice; give each its own label."
            raise UnusableTable(detail, file=path.name, line=rows.line_num)
        people[label] = {
            name: (value or "").strip()
            for name, value in row.items()
            if isinstance(name, str) and isinstance(value, str)
        }
    return people


def age_unit(description: Path) -> str:
    """Unit of the column ``age`` by the JSON file of the table: years unless it says another."""
    try:
        said: Any = json.loads(description.read_text(encoding="utf-8"))["age"]["Units"]
    except (OSError, ValueError, KeyError, TypeError):
        return "year"
    return str(said).strip().lower().removesuffix("s") or "year"


def person_of(row: Row, unit: str) -> tuple[dict[str, Any], tuple[str, ...]]:
    """Fields of the request that a row gives, and sentences on what in it cannot be used."""
    said: dict[str, Any] = {}
    notes: list[str] = []
    age, sex, group = (row.get(name, "") for name in ("age", "sex", "group"))
    if age.lower() not in MISSING:
        years = _years(age, unit)
        if years is None:
            notes.append(f"The age '{age}' in {unit}s is no age in years, so the match of norms by age is unknown.")
        else:
            said["age_years"] = years
    if sex.lower() not in MISSING:
        known = _SEX.get(sex.lower())
        if known is None:
            notes.append(f"The sex '{sex}' is none of F, M and O and was not used.")
        else:
            said["sex"] = known
    if group.lower() not in MISSING:
        said["group"] = group
    return said, tuple(notes)


def _years(age: str, unit: str) -> float | None:
    if re.fullmatch(r"(?:89|90)\s*\+", age):
        return OLDEST
    try:
        value = float(age)
    except ValueError:
        return None
    per_year = _PER_YEAR.get(unit)
    return None if per_year is None or not math.isfinite(value) or value < 0 else value / per_year
