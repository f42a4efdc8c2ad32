"""Everything of one cohort in one archive, so that the study repeats with one command; for the owner of the data."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from contextlib import suppress
from datetime import datetime
from io import BytesIO
from typing import Any
from zipfile import ZIP_DEFLATED, ZipFile, ZipInfo

from fitting.cohort.tables.cells import rows_of
from fitting.cohort.tables.participants import GROUP, ID
from fitting.request.scales import scales
from service.reports.analysis_document import FormatUnavailable
from service.reports.cohort import html, pdf, statements

EPOCH = (1980, 1, 1, 0, 0, 0)
"""Time of every member: equal content gives equal bytes."""
BIDS_VERSION = "1.9.0"
COLUMNS = {
    GROUP: {"Description": "Group of the study."},
    "age_years": {"Description": "Age.", "Units": "year"},
    "age": {"Description": "Age.", "Units": "year"},
    "sex": {"Description": "Sex.", "Levels": {"female": "female", "male": "male", "other": "other"}},
}
"""Descriptions of columns that are no scale."""


def bundle(
    answer: Mapping[str, Any],
    participants: str | None,
    tables: Mapping[str, str | None],
    drawn: Mapping[str, Any] | None = None,
    wide_unit: str | None = None,
    *,
    computed: datetime | None = None,
) -> bytes:
    """The archive.

    Parameters
    ----------
    answer : mapping
    participants : str or None
        ``participants.tsv``.
    tables : mapping
        Further tables by file name, such as ``measurements.csv``; None where there is none.
    drawn : mapping, optional
        As ``fitting.cohort.individual`` gives it.
    wide_unit : str, optional
        Unit of a wide table of measurements.
    computed : datetime, optional
        Date of the PDF; without it the same tables give the same bytes at any time.
    """
    buffer = BytesIO()
    with ZipFile(buffer, "w", ZIP_DEFLATED) as archive:
        with suppress(FormatUnavailable):  # the README says how to make it
            archive.writestr(ZipInfo("report.pdf", EPOCH), pdf.render(answer, drawn, computed), ZIP_DEFLATED)
        for name, content in _members(answer, participants, tables, drawn, wide_unit):
            archive.writestr(ZipInfo(name, EPOCH), content, ZIP_DEFLATED)
    return buffer.getvalue()


def _members(
    answer: Mapping[str, Any],
    participants: str | None,
    tables: Mapping[str, str | None],
    drawn: Mapping[str, Any] | None,
    wide_unit: str | None,
) -> Iterator[tuple[str, bytes]]:
    kept = {name: text for name, text in tables.items() if text is not None}
    yield "README.md", _readme(answer, participants, kept, wide_unit).encode()
    yield "report.html", html.render(answer, drawn)
    yield "result.json", (json.dumps(answer, ensure_ascii=False, indent=1) + "\n").encode()
    yield "statements.csv", statements.write(answer).encode()
    yield "plan.toml", str(answer["plan"]["text"]).encode()
    yield "dataset_description.json", _json(_description(answer))
    if participants is not None:
        yield "participants.tsv", participants.encode()
        yield "participants.json", _json(described_columns(participants))
    yield from ((name, text.encode()) for name, text in kept.items())


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


def _readme(
    answer: Mapping[str, Any], participants: str | None, tables: Mapping[str, str], wide_unit: str | None
) -> str:
    measured = "measurements.csv" if "measurements.csv" in tables else ""
    people = " --participants participants.tsv" if participants is not None else ""
    people += f" --wide {wide_unit}" if wide_unit is not None else ""
    people += " --manifest manifest.csv" if "manifest.csv" in tables else ""
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
