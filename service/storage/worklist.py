"""What the list of analyses is ordered by and doubts: short rows of the newest analyses, and of the same people."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from typing import Any, NamedTuple

from sqlalchemy import select

from service.storage.database import Database
from service.storage.lists import Cursor, Filters, listed_keys, of_project, shown_rows
from service.storage.tables import AnalysisRow, State

SAME_PERSON = 20
"""Sessions of one subject that are compared with each other: the newest."""


class ListKeys(NamedTuple):
    """What an analysis is ordered by."""

    id: str
    created: datetime
    subject: str | None
    region: str | None
    verdict: str | None
    state: State
    flagged: int
    compared: int | None


class SessionRow(NamedTuple):
    """What an analysis says of its person and volume."""

    id: str
    created: datetime
    request: Mapping[str, Any]
    summary: Mapping[str, Any] | None


class Worklist:
    """The list of the analyses of one project, or of all."""

    def __init__(self, database: Database, project: str | None) -> None:
        self._database = database
        self._project = project

    def newest(self, filters: Filters, cursor: Cursor | None, limit: int) -> Sequence[ListKeys]:
        """Of the analyses that match, the newest ``limit`` after ``cursor``, newest first."""
        columns = [getattr(AnalysisRow, name) for name in ListKeys._fields]
        query = listed_keys(columns, filters, cursor, limit).where(*of_project(self._project))
        with self._database.asking() as connection:
            return [ListKeys(*row) for row in connection.execute(query)]

    def rows(self, ids: Sequence[str]) -> list[AnalysisRow]:
        """What a list shows of these analyses, in their order."""
        query = shown_rows().where(AnalysisRow.id.in_(ids), *of_project(self._project, chosen=True))
        with self._database.reading() as session:
            found = {row.id: row for row in session.scalars(query)}
        return [found[one] for one in ids if one in found]

    def sessions(self, subjects: Collection[str]) -> dict[str, list[SessionRow]]:
        """The newest sessions of each subject, wherever in the list they stand."""
        found = {}
        query = select(*(getattr(AnalysisRow, name) for name in SessionRow._fields))
        query = query.where(*of_project(self._project))
        newest = query.order_by(AnalysisRow.created.desc(), AnalysisRow.id.desc()).limit(SAME_PERSON)
        with self._database.asking() as connection:
            for subject in subjects:
                rows = connection.execute(newest.where(AnalysisRow.subject == subject))
                found[subject] = [SessionRow(*row) for row in rows]
        return found
