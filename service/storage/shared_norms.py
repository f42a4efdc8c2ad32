"""Further laboratories of the control model: immutable documents, and the selection of those an analysis uses."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, datetime
from functools import lru_cache
from typing import Any, NamedTuple

from sqlalchemy import Connection, bindparam, insert, select, update

from fitting.norms import FurtherLaboratory
from fitting.sites import Share, laboratory_of, read_share
from service.errors import UnknownNorm
from service.storage.database import Database
from service.storage.tables import DEFAULT_PROJECT, SHARED_NORMS, UtcDateTime

_EVER = datetime(9999, 1, 1, tzinfo=UTC)
_N = SHARED_NORMS.c
_OF_PROJECT = _N.project == bindparam("of")
_IS_GONE = _N.content.is_(None)
_BY_AGE = (
    select(_N.id, _N.name, _N.created, _IS_GONE.label("is_gone"))
    .where(_OF_PROJECT, _N.created <= bindparam("until", type_=UtcDateTime))
    .order_by(_N.created.desc(), _IS_GONE, _N.id)
)
_ONE = select(_N.created, _N.content).where(_OF_PROJECT, _N.id == bindparam("share"))
_ADD = insert(SHARED_NORMS)
_REPLACE = update(SHARED_NORMS).where(_OF_PROJECT, _N.id == bindparam("share"))

_read = lru_cache(maxsize=64)(read_share)
"""Shared norms are immutable, and each analysis asks for the same ones."""


class StoredShare(NamedTuple):
    """What a laboratory shared, and the time from which it is used."""

    share: Share
    created: datetime


class SharedNormRepository:
    """The shared norms of one database; every call names the project, others do not exist for it."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def add(self, share: Share, project: str = DEFAULT_PROJECT) -> tuple[StoredShare, bool]:
        """Keep what a laboratory shared, and whether it is new.

        The same file is answered again while it is the newest of its name, so that repeating a request is safe;
        otherwise it becomes the newest.
        """
        with self._database.changing_files() as connection:  # one at a time
            newest = next((row for row in _newest(connection, project) if row.name == share.name), None)
            if newest is not None and newest.id == share.id:
                return StoredShare(share, newest.created), False
            created = datetime.now(UTC)
            values = {"created": created, "withdrawn": None, "content": share.content.decode()}
            key = {"of": project, "share": share.id}
            if connection.execute(_ONE, key).first() is None:
                connection.execute(_ADD, {"project": project, "id": share.id, "name": share.name, **values})
            else:
                connection.execute(_REPLACE, {**key, **values})
            return StoredShare(share, created), True

    def add_all(self, shares: Iterable[Share]) -> None:
        """Make these the newest of their names; those that are so already stay as they are."""
        for share in shares:
            self.add(share)

    def get(self, share_id: str, project: str = DEFAULT_PROJECT) -> StoredShare:
        """What one laboratory shared.

        Raises
        ------
        UnknownNorm
            When there is none with this id, or it was withdrawn.
        """
        with self._database.asking() as connection:
            row = connection.execute(_ONE, {"of": project, "share": share_id}).first()
        if row is None or row.content is None:
            raise UnknownNorm("There is no norm with this id, or it was withdrawn; GET /v1/norms lists them.")
        return StoredShare(_read(row.content.encode()), row.created)

    def newest(self, project: str = DEFAULT_PROJECT) -> tuple[StoredShare, ...]:
        """The newest of each name, newest first."""
        return self._newest_at(project, _EVER)

    def newest_at(self, project: str, at: datetime = _EVER) -> tuple[FurtherLaboratory, ...]:
        """Further laboratories when an analysis was submitted: later ones do not change its request."""
        return tuple(laboratory_of(stored.share) for stored in self._newest_at(project, at))

    def withdraw(self, share_id: str, project: str = DEFAULT_PROJECT) -> None:
        """Delete the content; no later analysis uses it.

        Raises
        ------
        UnknownNorm
            When there is none, or it was withdrawn already.
        """
        self.get(share_id, project)
        with self._database.changing() as connection:
            values = {"withdrawn": datetime.now(UTC), "content": None}
            connection.execute(_REPLACE, {"of": project, "share": share_id, **values})
        self._database.erase()

    def _newest_at(self, project: str, at: datetime) -> tuple[StoredShare, ...]:
        with self._database.asking() as connection:
            rows = [
                connection.execute(_ONE, {"of": project, "share": row.id}).one()
                for row in _newest(connection, project, at)
            ]
        return tuple(StoredShare(_read(row.content.encode()), row.created) for row in rows if row.content)


def newest_share_ids(connection: Connection, project: str) -> list[str]:
    """Ids of the newest shared norms, on which an analysis submitted now depends."""
    return [row.id for row in _newest(connection, project)]


def _newest(connection: Connection, project: str, at: datetime = _EVER) -> list[Any]:
    """The newest of each name at a time; withdrawing the newest leaves none in its place."""
    found: dict[str, Any] = {}
    for row in connection.execute(_BY_AGE, {"of": project, "until": at}):
        found.setdefault(row.name, row)
    return [row for row in found.values() if not row.is_gone]
