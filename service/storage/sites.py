"""Calibrated scanners: immutable documents, the selection of those that may hold, and the removal of persons."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from functools import lru_cache
from typing import Any, NamedTuple

from sqlalchemy import Connection, bindparam, delete, insert, select, update

from fitting.sites import Site, read_site, without
from service.errors import UnknownSite
from service.storage.database import Database
from service.storage.tables import DEFAULT_PROJECT, SITE_SOURCES, SITES, UtcDateTime

_EVER = datetime(9999, 1, 1, tzinfo=UTC)
_S, _O = SITES.c, SITE_SOURCES.c
_OF_PROJECT = _S.project == bindparam("of")
_IS_GONE = _S.content.is_(None)
_BY_AGE = (
    select(_S.id, _S.name, _S.created, _IS_GONE.label("is_gone"))
    .where(_OF_PROJECT, _S.created <= bindparam("until", type_=UtcDateTime))
    .order_by(_S.created.desc(), _IS_GONE, _S.id)
)
_ONE = select(_S.id, _S.name, _S.created, _S.withdrawn, _S.content).where(_OF_PROJECT, _S.id == bindparam("site"))
_CONTENT = select(_S.content).where(_OF_PROJECT, _S.id == bindparam("site"))
_ADD, _ADD_SOURCE = insert(SITES), insert(SITE_SOURCES)
_REPLACE = update(SITES).where(_OF_PROJECT, _S.id == bindparam("site"))
_USES = select(_O.project, _O.site_id, _O.input_sha256).where(_O.analysis_id == bindparam("analysis"))
_SOURCES = select(_O.analysis_id, _O.input_sha256).where(_O.project == bindparam("of"), _O.site_id == bindparam("site"))
_UNLINK = delete(SITE_SOURCES).where(_O.analysis_id == bindparam("analysis"))
_UNLINK_SITE = delete(SITE_SOURCES).where(_O.project == bindparam("of"), _O.site_id == bindparam("site"))

_read = lru_cache(maxsize=64)(read_site)
"""Sites are immutable, and each analysis asks for the same ones."""


class StoredSite(NamedTuple):
    """A site and the time from which it is used."""

    site: Site
    created: datetime


class SiteRepository:
    """The sites of one database; every call names the project, others do not exist for it."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def add(self, site: Site, sources: Mapping[str, str], project: str = DEFAULT_PROJECT) -> tuple[StoredSite, bool]:
        """Keep a site, and whether it is new; ``sources`` are the digests of spectra by analysis.

        The same site is answered again while it is the newest of its name, so that repeating a request is safe;
        otherwise it becomes the newest.
        """
        with self._database.changing_files() as connection:  # one at a time
            return add_site(connection, site, sources, project)

    def add_all(self, sites: Iterable[Site]) -> None:
        """Make these sites the newest of their names, oldest first; those that are so already stay as they are."""
        for site in sites:
            self.add(site, {})

    def get(self, site_id: str, project: str = DEFAULT_PROJECT) -> StoredSite:
        """One site.

        Raises
        ------
        UnknownSite
            When there is none, or it was withdrawn.
        """
        with self._database.asking() as connection:
            row = connection.execute(_ONE, {"of": project, "site": site_id}).first()
        if row is None or row.content is None:
            raise _unknown()
        return StoredSite(_read(row.content.encode()), row.created)

    def newest(self, project: str = DEFAULT_PROJECT) -> tuple[StoredSite, ...]:
        """The newest site of each name, newest first."""
        return self._newest_at(project, _EVER)

    def newest_at(self, project: str, at: datetime) -> tuple[Site, ...]:
        """The same when an analysis was submitted: later calibrations do not change its request."""
        return tuple(stored.site for stored in self._newest_at(project, at))

    def sources(self, site_id: str, project: str = DEFAULT_PROJECT) -> dict[str, str]:
        """Digests of spectra by the analyses that are still there."""
        with self._database.asking() as connection:
            return {row[0]: row[1] for row in connection.execute(_SOURCES, {"of": project, "site": site_id})}

    def withdraw(self, site_id: str, project: str = DEFAULT_PROJECT) -> None:
        """Delete the content of a site; no later analysis uses it.

        Raises
        ------
        UnknownSite
            When there is none, or it was withdrawn already.
        """
        self.get(site_id, project)
        with self._database.changing() as connection:
            _withdrawn(connection, project, site_id)
        self._database.erase()

    def _newest_at(self, project: str, at: datetime) -> tuple[StoredSite, ...]:
        with self._database.asking() as connection:
            rows = _newest(connection, project, at)
            found = [(connection.scalar(_CONTENT, {"of": project, "site": row.id}), row.created) for row in rows]
        return tuple(StoredSite(_read(content.encode()), created) for content, created in found if content)


def add_site(connection: Connection, site: Site, sources: Mapping[str, str], project: str) -> tuple[StoredSite, bool]:
    """As ``SiteRepository.add``, in the caller's transaction for files."""
    newest = next((row for row in _newest(connection, project) if row.name == site.name), None)
    if newest is not None and newest.id == site.id:
        return StoredSite(_read(site.content), newest.created), False
    created = _added(connection, site, sources, project, datetime.now(UTC))
    return StoredSite(_read(site.content), created), True


def newest_site_ids(connection: Connection, project: str) -> list[str]:
    """Ids of the newest sites, on which an analysis submitted now depends."""
    return [row.id for row in _newest(connection, project)]


def forget_control(connection: Connection, analysis_id: str, *, keeps_values: bool) -> None:
    """An analysis is removed: take its person out of every site, or only the link when the values are kept.

    A site without the person takes the place of the one with it, from the same time on.
    """
    if not keeps_values:
        for project, site_id, input_sha256 in connection.execute(_USES, {"analysis": analysis_id}).all():
            row = connection.execute(_ONE, {"of": project, "site": site_id}).first()
            if row is not None and row.content is not None:
                smaller = without(_read(row.content.encode()), input_sha256)
                sources = {item[0]: item[1] for item in connection.execute(_SOURCES, {"of": project, "site": site_id})}
                sources.pop(analysis_id, None)
                _withdrawn(connection, project, site_id)
                if smaller is not None:
                    _added(connection, smaller, sources, project, row.created)
    connection.execute(_UNLINK, {"analysis": analysis_id})


def _newest(connection: Connection, project: str, at: datetime = _EVER) -> list[Any]:
    """The newest of each name at a time; withdrawing the newest leaves none in its place."""
    found: dict[str, Any] = {}
    for row in connection.execute(_BY_AGE, {"of": project, "until": at}):
        found.setdefault(row.name, row)
    return [row for row in found.values() if not row.is_gone]


def _added(connection: Connection, site: Site, sources: Mapping[str, str], project: str, created: datetime) -> datetime:
    key = {"of": project, "site": site.id}
    known = connection.execute(_ONE, key).first()
    values = {"name": site.name, "created": created, "withdrawn": None, "content": site.content.decode()}
    if known is None:
        connection.execute(_ADD, {"project": project, "id": site.id, **values})
    else:
        connection.execute(_REPLACE, {**key, **values})
        connection.execute(_UNLINK_SITE, key)
    links = [
        {"project": project, "site_id": site.id, "analysis_id": analysis, "input_sha256": sha256}
        for analysis, sha256 in sources.items()
    ]
    if links:
        connection.execute(_ADD_SOURCE, links)
    return created


def _withdrawn(connection: Connection, project: str, site_id: str) -> None:
    key = {"of": project, "site": site_id}
    connection.execute(_REPLACE, {**key, "withdrawn": datetime.now(UTC), "content": None})
    connection.execute(_UNLINK_SITE, key)


def _unknown() -> UnknownSite:
    return UnknownSite("There is no calibration with this id, or it was withdrawn; GET /v1/sites lists them.")
