"""Stored analyses as the people and measurements of a cohort."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any, NamedTuple

from fitting.cohort.tables.cells import rows_of
from fitting.cohort.tables.participants import GROUP, ID
from fitting.errors import UnusableTable
from fitting.request.scales import scales
from service.documents import Traces, load_analysis
from service.errors import NotFinished
from service.reports import spreadsheet
from service.reports.cohort import measured, spectra
from service.storage.tables import UNFINISHED, AnalysisRow

PERSON = (GROUP, "age_years", "sex")
"""Fields of a request that are columns of the participants."""


class CollectedAnalyses(NamedTuple):
    """Parts of a ``CohortSource`` that stored analyses give."""

    participants: str
    head: str
    measurements: dict[str, str]
    people: dict[str, str]
    spectra_head: str
    spectra: dict[str, str]


def gathered(
    rows: Sequence[AnalysisRow], participants: str | None, traces_of: Callable[[str], Traces] | None
) -> CollectedAnalyses:
    """People, values and, with ``traces_of``, spectra of analyses that were read with their results.

    Parameters
    ----------
    rows : sequence of AnalysisRow
    participants : str, optional
        Text of ``participants.tsv``, which then says all that is known of people.
    traces_of : callable, optional
        Gives the traces of an analysis.

    Raises
    ------
    UnusableTable
        When an analysis names no person or no region, or those of one person contradict each other.
    NotFinished
        When one is still computed.
    """
    people: dict[str, str] = {}
    values: dict[str, str] = {}
    shapes: dict[str, str] = {}
    for row in rows:
        people[row.id] = _person(row)
        if row.state != "succeeded" or row.result is None:
            continue  # the person counts as enrolled and not measured
        analysis = load_analysis(row.result)
        if not analysis.acquisition.region:
            raise UnusableTable(f"Analysis {row.id} names no region; submit it again with one, or leave it out.")
        session = row.request.get("session")
        values[row.id] = _lines(measured.measured_rows(people[row.id], session, analysis), measured.COLUMNS)
        if traces_of is not None:
            spectrum = spectra.spectrum_row(people[row.id], session, analysis, traces_of(row.id))
            if spectrum is not None:
                shapes[row.id] = _lines([spectrum], spectra.COLUMNS)
    return CollectedAnalyses(
        participants if participants is not None else _participants(rows, people),
        spreadsheet.written((), measured.COLUMNS),
        values,
        people,
        spreadsheet.written((), spectra.COLUMNS) if shapes else "",
        shapes,
    )


def as_tsv(rows: Sequence[Mapping[str, str]], columns: Sequence[str]) -> str:
    """``participants.tsv``; cells hold neither tabs nor line ends."""
    lines = [columns, *([spreadsheet.neutralised(row.get(name) or "n/a") for name in columns] for row in rows)]
    return "".join("\t".join(cells) + "\n" for cells in lines)


def rewritten(text: str, name: str) -> str:
    """An uploaded table of participants as TSV.

    Raises
    ------
    FittingError
        When it is no table.
    """
    columns, rows = rows_of(text, name, (ID, GROUP))
    return as_tsv([{column: row.text(column) or "" for column in columns} for row in rows], columns)


def _lines(rows: Iterable[Mapping[str, str]], columns: Sequence[str]) -> str:
    filled = ({**dict.fromkeys(columns, ""), **row} for row in rows)
    return spreadsheet.written(filled, columns, header=False)


def _person(row: AnalysisRow) -> str:
    if row.state in UNFINISHED:
        raise NotFinished(
            f"Analysis {row.id} is {row.state}; make the cohort when it has ended.", headers={"Retry-After": "10"}
        )
    if row.subject is None:
        raise UnusableTable(f"Analysis {row.id} names no subject; a cohort counts people, so each needs a pseudonym.")
    return row.subject


def _participants(rows: Sequence[AnalysisRow], people: Mapping[str, str]) -> str:
    known: dict[str, dict[str, str]] = {}
    for row in sorted(rows, key=lambda row: (row.request.get("session") or "", row.id)):
        person = known.setdefault(people[row.id], {ID: people[row.id]})
        for name, value in _facts(row.request).items():
            if name != "age_years" and person.setdefault(name, value) != value:
                raise UnusableTable(
                    f"Column {name}: the analyses of {person[ID]} say different things; give participants as a table."
                )
            person.setdefault(name, value)
    columns = list(dict.fromkeys([ID, *PERSON, *(name for person in known.values() for name in person)]))
    return as_tsv([known[person] for person in sorted(known)], columns)


def _facts(request: Mapping[str, Any]) -> dict[str, str]:
    clinical = request.get("clinical") or {}
    said = {name: request.get(name) for name in PERSON}
    said |= {name: clinical.get(scale.field) for name, scale in scales().items()}
    return {name: _text(value) for name, value in said.items() if value is not None}


def _text(value: object) -> str:
    return f"{value:.8g}" if isinstance(value, float) else str(value)
