"""Everything of one cohort in one archive, so that the study repeats with one command; for the owner of the data."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import datetime
from io import BytesIO
from typing import Any
from zipfile import ZIP_DEFLATED, ZipFile, ZipInfo

from fitting.cohort.planning.table_names import check_table_names
from fitting.cohort.tables.cells import rows_of
from fitting.cohort.tables.participants import GROUP, ID
from fitting.request.scales import scales
from service.reports.analysis_document import FormatUnavailable
from service.reports.cohort import html, pdf, statements

EPOCH = (1980, 1, 1, 0, 0, 0)
"""Time of every member: equal content gives equal bytes."""
BIDS_VERSION = "1.9.0"
MEMBERS = (
    *("report.pdf", "README.md", "report.html", "result.json", "statements.csv", "plan.toml"),
    *("dataset_description.json", "participants.tsv", "participants.json", "measurements.csv", "manifest.csv"),
)
"""Names of the archive's own files, which no further table may have."""
COLUMNS = {
    GROUP: {"Description": "Group of the study."},
    "age_years": {"Description": "Age.", "Units": "year"},
    "age": {"Description": "Age.", "Units": "year"},
    "sex": {"Description": "Sex.", "Levels": {"female": "female", "male": "male", "other": "other"}},
}
"""Descriptions of columns that are no scale."""


@dataclass(frozen=True, slots=True)
class StudyTables:
    """Texts of the tables of one study as they were given."""

    participants: str | None = None
    measurements: str | None = None
    manifest: str | None = None
    """Manifest of the batch that gave the measurements."""
    further: Mapping[str, str] = field(default_factory=dict)
    """Tables that the plan names, by file name."""
    wide_unit: str | None = None
    """Unit of a wide table of measurements."""


def bundle(
    answer: Mapping[str, Any],
    tables: StudyTables,
    drawn: Mapping[str, Any] | None = None,
    *,
    computed: datetime | None = None,
) -> bytes:
    """The archive.

    Parameters
    ----------
    answer : mapping
    tables : StudyTables
    drawn : mapping, optional
        As ``fitting.cohort.individual`` gives it.
    computed : datetime, optional
        Date of the PDF; without it the same tables give the same bytes at any time.

    Raises
    ------
    UnusablePlan
        When a further table has a name that would leave the folder of the archive, or that of another file.
    """
    check_table_names(tables.further, MEMBERS)
    buffer = BytesIO()
    with ZipFile(buffer, "w", ZIP_DEFLATED) as archive:
        with suppress(FormatUnavailable):  # the README says how to make it
            archive.writestr(ZipInfo("report.pdf", EPOCH), pdf.render(answer, drawn, computed), ZIP_DEFLATED)
        for name, content in _members(answer, tables, drawn):
            archive.writestr(ZipInfo(name, EPOCH), content, ZIP_DEFLATED)
    return buffer.getvalue()


def _members(
    answer: Mapping[str, Any], tables: StudyTables, drawn: Mapping[str, Any] | None
) -> Iterator[tuple[str, bytes]]:
    yield "README.md", _readme(answer, tables).encode()
    yield "report.html", html.render(answer, drawn)
    yield "result.json", (json.dumps(answer, ensure_ascii=False, indent=1) + "\n").encode()
    yield "statements.csv", statements.write(answer).encode()
    yield "plan.toml", str(answer["plan"]["text"]).encode()
    yield "dataset_description.json", _json(_description(answer))
    if tables.participants is not None:
        yield "participants.tsv", tables.participants.encode()
        yield "participants.json", _json(described_columns(tables.participants))
    for name, text in (("measurements.csv", tables.measurements), ("manifest.csv", tables.manifest)):
        if text is not None:
            yield name, text.encode()
    yield from ((name, text.encode()) for name, text in tables.further.items())


def described_columns(participants: str) -> dict[str, Any]:
    """``participants.json`` of BIDS: what each column of ``participants.tsv`` is."""
    columns, _ = rows_of(participants, "participants.tsv", (ID, GROUP))
    found: dict[str, Any] = {}
    for name in columns:
        scale = scales().get(name)
        if scale is not None:
            found[name] = {"Description": scale.text, "Range": [scale.low, scale.high], "Source": scale.source}
        elif name != ID:
            found[name] = COLUMNS.get(name, {"Description": "As given by the owner of the data."})
    return found


def _description(answer: Mapping[str, Any]) -> dict[str, Any]:
    software = answer["provenance"]
    return {
        "Name": answer["title"] or "Cohort",
        "BIDSVersion": BIDS_VERSION,
        "DatasetType": "derivative",
        "GeneratedBy": [{"Name": software["software"], "Version": software["version"]}],
    }


def _readme(answer: Mapping[str, Any], tables: StudyTables) -> str:
    measured = "measurements.csv" if tables.measurements is not None else ""
    people = " --participants participants.tsv" if tables.participants is not None else ""
    people += f" --wide {tables.wide_unit}" if tables.wide_unit is not None else ""
    people += " --manifest manifest.csv" if tables.manifest is not None else ""
    command = " ".join(f"mrsquant cohort run {measured}{people} --plan plan.toml -o report.pdf".split())
    return (
        f"# {answer['title'] or 'Cohort'}\n\n{answer['notice']}\n\n"
        "This archive holds values of single people under pseudonyms; the reports and statements.csv do not.\n\n"
        f"Repeat the study with {answer['provenance']['software']} {answer['provenance']['version']}:\n\n"
        f"    {command}\n\n"
        f"The plan has the SHA-256 {answer['plan']['sha256']}, the tables {answer['provenance']['input_sha256']}.\n"
    )


def _json(value: Mapping[str, Any]) -> bytes:
    return (json.dumps(value, ensure_ascii=False, indent=1) + "\n").encode()
