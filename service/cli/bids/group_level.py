"""Level ``group``: every row of a derivative dataset in one table and one page; the data are not needed."""

from __future__ import annotations

import csv
import io
import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from pydantic import TypeAdapter

from fitting.errors import UnusableTable
from service.cli.bids.bids_names import BidsName, bids_name
from service.cli.bids.outputs import COLUMNS, LABEL, MISSING, as_json, table, write
from service.reports.columns import column_descriptions
from service.reports.study import html
from service.reports.study.spectrum import StudySpectrum

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

_SPECTRUM = TypeAdapter(StudySpectrum)
_PATH = re.compile(r"[MmLlHhVv0-9., e+-]*")
"""Commands and numbers of an SVG path."""


@dataclass(frozen=True, slots=True)
class GroupCounts:
    """Counts of what the group's files hold."""

    spectra: int
    people: int
    refused: int


def write_group(out: Path) -> GroupCounts:
    """Gather the rows of every spectrum and write table, its description and the page.

    Raises
    ------
    UnusableTable
        When the folder holds no results, or one that cannot be read.
    OSError
        When a file cannot be written.
    """
    found = [_read(path) for path in _tables(out)]
    if not found:
        raise UnusableTable(
            f"'{out.name}' holds no results of 'mrsquant bids … participant'; run that level first.", file=out.name
        )
    rows = [row for item in found for row in item.rows]
    spectra = [item.spectrum for item in found]
    stem = f"group_desc-{LABEL}_mrs"
    write(out / f"{stem}.tsv", table(rows, GROUP_COLUMNS))
    described = _DESCRIPTIONS | column_descriptions()
    write(out / f"{stem}.json", as_json({name: described[name] for name in GROUP_COLUMNS}))
    write(out / "group.html", html.render("Metabolites of a BIDS dataset", spectra))
    people = {row["participant_id"] for row in rows}
    return GroupCounts(len(spectra), len(people), sum(item.verdict is None for item in spectra))


def _tables(out: Path) -> list[Path]:
    found = [*out.glob("sub-*/mrs/*_mrs.tsv"), *out.glob("sub-*/ses-*/mrs/*_mrs.tsv")]
    return sorted(path for path in found if _is_ours(path))


def _is_ours(path: Path) -> bool:
    name = bids_name(path.name)
    return name is not None and (name.get("desc") or "").startswith(LABEL)


@dataclass(frozen=True, slots=True)
class _Found:
    """What stands of one spectrum."""

    rows: tuple[Mapping[str, str], ...]
    spectrum: StudySpectrum


def _read(path: Path) -> _Found:
    try:
        document = json.loads(path.with_suffix(".json").read_bytes())
        request: Mapping[str, Any] = document["Request"]
        spectrum = _SPECTRUM.validate_python(document["Spectrum"])
        age, sex = request.get("age_years"), request.get("sex")
        rows = csv.DictReader(io.StringIO(path.read_text(encoding="utf-8")), delimiter="\t", quoting=csv.QUOTE_NONE)
        cells = [{name: value for name, value in row.items() if name in COLUMNS and value != MISSING} for row in rows]
    except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
        raise UnusableTable(
            f"{path.name} or its JSON cannot be read; remove both and run the level participant again.", file=path.name
        ) from error
    name = bids_name(path.name) or BidsName((), "mrs", "")
    person = {
        "participant_id": f"sub-{name.get('sub')}",
        "session_id": f"ses-{name.get('ses')}" if name.get("ses") else "",
        "spectrum": spectrum.id,
        "voi": name.get("voi") or "",
        "age": "" if age is None else f"{age:g}",
        "sex": sex or "",
    }
    curves = spectrum.curves
    if curves is not None and not all(_PATH.fullmatch(text) for text in (curves.data, curves.fit, curves.residual)):
        spectrum = replace(spectrum, curves=None)  # of another program: nothing of it gets into the page's markup
    return _Found(tuple({**row, **person} for row in cells), spectrum)
