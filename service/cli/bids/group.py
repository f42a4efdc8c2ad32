"""Level ``group``: every row of a derivative dataset in one table and one page; the data are not needed."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import fitting
from fitting.analysis import NOTICE
from fitting.errors import UnusableTable
from service.cli.bids.names import bids_name
from service.cli.bids.outputs import COLUMNS, LABEL, MISSING, as_json, table, write
from service.reports.columns import column_descriptions
from service.reports.dataset import html
from service.reports.dataset.content import content

_OF_PERSON = ("participant_id", "session_id", "spectrum", "voi", "age", "sex", "group")
GROUP_COLUMNS = (*_OF_PERSON, *(name for name in COLUMNS if name not in ("subject", "session", "group")))
_DESCRIPTIONS = {
    "participant_id": {"Description": "Label of the person"},
    "session_id": {"Description": "Label of the visit"},
    "spectrum": {"Description": "Name of the spectrum in the source dataset, without suffix"},
    "voi": {"Description": "Label of the voxel"},
    "age": {"Description": "Age at the scan; 90 for those of 90 and above", "Units": "year"},
    "sex": {"Description": "female, male or other"},
}


@dataclass(frozen=True, slots=True)
class Gathered:
    """Counts of what the group's files hold."""

    spectra: int
    people: int
    refused: int


def write_group(out: Path) -> Gathered:
    """Gather the rows of every spectrum and write table, its description and the page.

    Raises
    ------
    UnusableTable
        When the folder holds no results, or one that cannot be read.
    OSError
        When a file cannot be written.
    """
    rows = [row for path in _tables(out) for row in _rows(path)]
    if not rows:
        raise UnusableTable(
            f"'{out.name}' holds no results of 'mrsquant bids … participant'; run that level first.", file=out.name
        )
    stem = f"group_desc-{LABEL}_mrs"
    write(out / f"{stem}.tsv", table(rows, GROUP_COLUMNS))
    write(
        out / f"{stem}.json", as_json({name: (_DESCRIPTIONS | column_descriptions())[name] for name in GROUP_COLUMNS})
    )
    report = content(rows, "Metabolites of a BIDS dataset", NOTICE, fitting.__version__)
    write(out / "group.html", html.render(report))
    return Gathered(report["spectra"], report["people"], len(report["refused"]))


def _tables(out: Path) -> list[Path]:
    found = [*out.glob("sub-*/mrs/*_mrs.tsv"), *out.glob("sub-*/ses-*/mrs/*_mrs.tsv")]
    return sorted(path for path in found if _is_ours(path))


def _is_ours(path: Path) -> bool:
    name = bids_name(path.name)
    return name is not None and (name.get("desc") or "").startswith(LABEL)


def _rows(path: Path) -> Iterator[Mapping[str, str]]:
    name = bids_name(path.name)
    if name is None:
        return
    try:
        request: Any = json.loads(path.with_suffix(".json").read_bytes())["Request"]
        text = path.read_text(encoding="utf-8")
        age, sex = request.get("age_years"), request.get("sex")
    except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
        raise UnusableTable(
            f"{path.name} or its JSON cannot be read; remove it and run again.", file=path.name
        ) from error
    entities = [(key, label) for key, label in name.entities if key != "desc"]
    person = {
        "participant_id": f"sub-{name.get('sub')}",
        "session_id": f"ses-{name.get('ses')}" if name.get("ses") else "",
        "spectrum": "_".join(f"{key}-{label}" for key, label in entities),
        "voi": name.get("voi") or "",
        "age": "" if age is None else f"{age:g}",
        "sex": sex or "",
    }
    for row in csv.DictReader(io.StringIO(text), delimiter="\t", quoting=csv.QUOTE_NONE):
        cells = {column: "" if value in (None, MISSING) else value for column, value in row.items() if column}
        yield {**dict.fromkeys(GROUP_COLUMNS, ""), **cells, **person}
