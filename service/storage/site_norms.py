"""A site's own norms: immutable versions, and the selection of those an analysis may use."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from pydantic import TypeAdapter
from sqlalchemy import Connection, Select, bindparam, func, select

from fitting.norms import Controls
from fitting.norms.controls import digest, site_document
from service.errors import UnknownNorm
from service.storage.database import Database
from service.storage.tables import DEFAULT_PROJECT, SITE_NORMS, SiteNormRow, UtcDateTime

_CONTROLS = TypeAdapter(Controls)
_EVER = datetime(9999, 1, 1, tzinfo=UTC)
_ID = re.compile(r"site\.(?P<name>[a-z0-9-]+)\.v(?P<version>[0-9]{1,9})(\.[^\0]*)?")

_N = SITE_NORMS.c
_LATEST = (
    select(_N.name, func.max(_N.version).label("version"))
    .where(_N.project == bindparam("project"), _N.created <= bindparam("until", type_=UtcDateTime))
    .group_by(_N.name)
    .subquery()
)
_NEWEST = (
    select(_N.document)
    .join(_LATEST, (_LATEST.c.name == _N.name) & (_LATEST.c.version == _N.version))
    .where(_N.project == bindparam("project"))
    .order_by(_N.name)
)


def norm_name(name: str, version: int) -> str:
    """Id of one version: what stands in results."""
    return f"site.{name}.v{version}"


def load_site_norm(document: dict[str, Any]) -> Controls:
    """The controls of a stored document, as :func:`fitting.norms.controls.site_document` writes it."""
    facts = {name: value for name, value in document.items() if name != "controls"}
    return _CONTROLS.validate_python({**facts, "origin": "site", "people": document["controls"]})


class SiteNormRepository:
    """The site norms of one database; every call names the project, others do not exist for it."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def add(self, name: str, norm: Controls, project: str = DEFAULT_PROJECT) -> tuple[SiteNormRow, bool]:
        """The version that holds this norm and whether it is new; its id is given here.

        The newest version is answered again when it holds the same, so that repeating a request is safe.
        """
        sha256 = digest(norm)
        with self._database.writing_files() as session:  # one at a time, so that no version is given twice
            newest: SiteNormRow | None = session.scalar(_versions(project).where(SiteNormRow.name == name).limit(1))
            if newest is not None and newest.sha256 == sha256 and newest.withdrawn is None:
                return newest, False
            version = 1 if newest is None else newest.version + 1
            document = site_document(norm) | {"id": norm_name(name, version)}
            row = SiteNormRow(
                project=project,
                name=name,
                version=version,
                created=datetime.now(UTC),
                region=norm.region,
                sha256=sha256,
                document=document,
            )
            session.add(row)
            return row, True

    def add_all(self, norms: Mapping[str, Controls]) -> None:
        """Make these norms the newest versions of their names; those that are so already stay as they are."""
        for name, norm in norms.items():
            self.add(name, norm)

    def get(self, norm_id: str, project: str = DEFAULT_PROJECT) -> SiteNormRow:
        """One version, by its id or by that of one of its metabolites.

        Raises
        ------
        UnknownNorm
            When there is none, or it was withdrawn.
        """
        found, row = _ID.fullmatch(norm_id), None
        if found is not None:
            with self._database.reading() as session:
                row = session.get(SiteNormRow, (project, found["name"], int(found["version"])))
        if row is None or row.document is None:
            raise UnknownNorm("There is no norm with this id, or it was withdrawn; GET /v1/norms lists them.")
        return row

    def newest(self, project: str = DEFAULT_PROJECT) -> tuple[Controls, ...]:
        """The newest version of each name, in the order of the names."""
        with self._database.asking() as connection:
            return _newest(connection, project)

    def newest_at(self, project: str, at: datetime) -> tuple[Controls, ...]:
        """The newest versions when an analysis was submitted: later versions do not change its request."""
        with self._database.asking() as connection:
            return _newest(connection, project, at)

    def withdraw(self, norm_id: str, project: str = DEFAULT_PROJECT) -> None:
        """Delete the controls of one version; its id is never reused and no later analysis uses it.

        Raises
        ------
        UnknownNorm
            When there is none, or it was withdrawn already.
        """
        found = self.get(norm_id, project)
        with self._database.writing() as session:
            row = session.get_one(SiteNormRow, (found.project, found.name, found.version))
            row.withdrawn, row.document = datetime.now(UTC), None
        self._database.erase()


def newest_ids(connection: Connection, project: str) -> list[str]:
    """Ids of the newest versions, on which an analysis submitted now depends."""
    return [norm.id for norm in _newest(connection, project)]


def _newest(connection: Connection, project: str, at: datetime = _EVER) -> tuple[Controls, ...]:
    """The newest version of each name at a time; withdrawing the newest leaves none in its place."""
    documents = connection.scalars(_NEWEST, {"project": project, "until": at}).all()
    return tuple(load_site_norm(document) for document in documents if document is not None)


def _versions(project: str) -> Select[Any]:
    return select(SiteNormRow).where(SiteNormRow.project == project).order_by(SiteNormRow.version.desc())
