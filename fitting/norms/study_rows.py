"""Shipped study rows of the norms: one published group mean per row, with its place in the publication."""

from __future__ import annotations

import csv
import hashlib
import io
from collections.abc import Iterable
from dataclasses import dataclass
from functools import lru_cache
from importlib.resources import files
from importlib.resources.abc import Traversable

from fitting.errors import UnusableTable


@dataclass(frozen=True, slots=True)
class StudyRow:
    """Mean and standard deviation of one metabolite in one group of controls, as published.

    ``unit`` is ``tCr`` (concentration ratio), ``mM`` or ``IU``; ``sd`` is None where none is printed or the
    reviewed one is implausible (``sd_usable`` = no in the file). ``derived`` marks a ratio of group means.
    """

    row: str
    study: str
    doi: str
    year: int
    region: str
    subregion: str
    hemisphere: str
    metabolite: str
    unit: str
    mean: float
    sd: float | None
    n: int
    age_mean: float | None
    group: str
    field_t: float | None
    sequence: str
    echo_time: float | None
    software: str
    grade: str
    derived: bool
    locator: str
    flags: str = ""
    """Remarks of the review, such as ``MRSI/CSI`` for spectroscopic imaging."""


def norm_folder() -> Traversable:
    """Folder of the shipped study rows: a CSV for each region of the norms, and what is fitted to them."""
    return files("fitting").joinpath("data/norms")


@lru_cache(maxsize=1)
def study_rows() -> tuple[StudyRow, ...]:
    """All shipped study rows, region by region in the order of the file names."""
    return tuple(row for name, content in _contents() if name.endswith(".csv") for row in read_rows(content, name))


@lru_cache(maxsize=1)
def norm_version() -> str:
    """Content address of the shipped norms: equal versions mean equal numbers."""
    return f"literature-{_digest(_contents())[:12]}"


def rows_digest() -> str:
    """SHA-256 of the study rows alone: of what the control model was fitted to."""
    return _digest(item for item in _contents() if item[0].endswith(".csv"))


def _digest(contents: Iterable[tuple[str, bytes]]) -> str:
    digest = hashlib.sha256()
    for name, content in contents:
        digest.update(f"{name}\0{len(content)}\0".encode())
        digest.update(content)
    return digest.hexdigest()


def read_rows(content: bytes, name: str) -> tuple[StudyRow, ...]:
    """Study rows of one CSV.

    Raises
    ------
    UnusableTable
        When a column is missing or a value is invalid; names the file and the line.
    """
    reader = csv.DictReader(io.StringIO(content.decode("utf-8"), newline=""))
    rows = []
    for row in reader:
        try:
            rows.append(_row(row))
        except (KeyError, TypeError, ValueError) as error:
            raise UnusableTable(
                f"Line {reader.line_num} of the norm table {name} is unusable: {error}.", line=reader.line_num
            ) from error
    return tuple(rows)


def _contents() -> tuple[tuple[str, bytes], ...]:
    entries = (item for item in norm_folder().iterdir() if item.name.endswith((".csv", ".toml", ".json")))
    return tuple((item.name, item.read_bytes()) for item in sorted(entries, key=lambda item: item.name))


def _row(row: dict[str, str]) -> StudyRow:
    mean = float(row["mean"])
    count = int(row["n"])
    if mean <= 0.0 or count < 1:
        raise ValueError(f"mean {mean:g} and n {count} must be positive")
    usable = _one_of(row["sd_usable"], {"yes": True, "no": False})
    return StudyRow(
        row=row["row"],
        study=row["study"],
        doi=row["doi"],
        year=int(row["year"]),
        region=row["region"],
        subregion=row["subregion"],
        hemisphere=row["hemisphere"],
        metabolite=row["metabolite"],
        unit=row["unit"],
        mean=mean,
        sd=float(row["sd"]) if usable else None,
        n=count,
        age_mean=_optional(row["age_mean"]),
        group=f"{row['group']} {row['group_detail']}".strip(),
        field_t=_optional(row["field_t"]),
        sequence=row["sequence"],
        echo_time=_optional(row["te"]),
        software=row["software"],
        grade=row["grade"],
        derived=_one_of(row["derived"], {"yes": True, "no": False}),
        locator=row["locator"],
        flags=row["flags"],
    )


def _optional(text: str) -> float | None:
    return float(text) if text else None


def _one_of(text: str, choices: dict[str, bool]) -> bool:
    if text not in choices:
        raise ValueError(f"'{text}' is not one of {', '.join(choices)}")
    return choices[text]
