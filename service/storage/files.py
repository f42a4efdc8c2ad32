"""The files of analyses: the database lists them, the blob store holds their content."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import NamedTuple, cast

from sqlalchemy import Connection, bindparam, delete, insert, select

from fitting.io import Files, SourceFile
from fitting.request import PARTS
from service.errors import DamagedStorage
from service.storage.blobs import BlobStore
from service.storage.database import Database
from service.storage.tables import ANALYSES, FILES, Role

INPUTS = cast("tuple[Role, ...]", tuple(part.name for part in PARTS if part.is_uploaded))
"""Roles of uploaded files."""
IMAGE_ROLES = cast("tuple[Role, ...]", tuple(part.name for part in PARTS if part.is_image))

_OF_ROLES = (
    select(FILES.c.role, FILES.c.name, FILES.c.sha256)
    .where(FILES.c.analysis_id == bindparam("of"), FILES.c.role.in_(bindparam("roles", expanding=True)))
    .order_by(FILES.c.role, FILES.c.position)
)
_TAKE = (
    delete(FILES)
    .where(FILES.c.analysis_id == bindparam("of"), FILES.c.role.in_(bindparam("roles", expanding=True)))
    .returning(FILES.c.sha256)
)
_OF = select(FILES.c.sha256).where(FILES.c.analysis_id == bindparam("of"))
_REFERRED = select(FILES.c.sha256).where(FILES.c.sha256.in_(bindparam("digests", expanding=True)))
_ADD = insert(FILES)
_REQUEST = select(ANALYSES.c.request).where(ANALYSES.c.id == bindparam("of"))
_WITH_SPECTRUM = (
    select(FILES.c.analysis_id)
    .where(FILES.c.role == "metabolite", FILES.c.analysis_id.in_(bindparam("ids", expanding=True)))
    .distinct()
)


@dataclass(frozen=True, slots=True)
class StoredFile:
    """A file with its role, under a neutral name: the name it was uploaded with may hold a patient's."""

    role: Role
    name: str
    content: bytes


class Digested(NamedTuple):
    """A file and its digest."""

    file: StoredFile
    sha256: str


def by_role(files: Iterable[StoredFile]) -> dict[str, Files]:
    """The files as readers take them, in the order of upload within each role."""
    found: dict[str, Files] = {}
    for file in files:
        found[file.role] = (*found.get(file.role, ()), SourceFile(file.name, file.content))
    return found


def digested(files: Iterable[StoredFile]) -> list[Digested]:
    """The files with their digests: work to do before a transaction."""
    return [Digested(file, hashlib.sha256(file.content).hexdigest()) for file in files]


class FileRepository:
    """The files of one database and one blob store; what changes them runs in a transaction for files."""

    def __init__(self, database: Database, blobs: BlobStore, *, keep_inputs: bool = False) -> None:
        self._database = database
        self._blobs = blobs
        self._keep_inputs = keep_inputs

    def add(self, connection: Connection, analysis_id: str, files: Iterable[Digested]) -> None:
        """Keep files of an analysis, in this order within each role."""
        positions: dict[str, int] = {}
        rows = []
        for file, sha256 in files:
            position = positions[file.role] = positions.get(file.role, -1) + 1
            of = {"analysis_id": analysis_id, "role": file.role, "position": position}
            rows.append({**of, "name": file.name, "sha256": sha256})
            self._blobs.ensure(sha256, file.content)
        connection.execute(_ADD, rows)

    def content(self, analysis_id: str, *roles: Role) -> list[StoredFile]:
        """Files of an analysis in these roles, in the order of upload; none when it was removed meanwhile.

        Raises
        ------
        DamagedStorage
            When one of them is missing or is not what was stored.
        """
        rows = self._rows(analysis_id, roles)
        try:
            return [StoredFile(role, name, self._blobs.get(sha256)) for role, name, sha256 in rows]
        except DamagedStorage:
            if self._rows(analysis_id, roles) != rows:
                return []
            raise

    def _rows(self, analysis_id: str, roles: Sequence[Role]) -> Sequence[tuple[Role, str, str]]:
        with self._database.asking() as connection:
            return [tuple(row) for row in connection.execute(_OF_ROLES, {"of": analysis_id, "roles": roles})]

    def heal(self, connection: Connection, analysis_id: str, files: Iterable[Digested]) -> None:
        """Keep the content of those of ``files`` that the analysis refers to, should it be missing or damaged."""
        own = self.digests(connection, analysis_id)
        for file, sha256 in files:
            if sha256 in own:
                self._blobs.ensure(sha256, file.content)

    def are_intact(self, connection: Connection, analysis_id: str) -> bool:
        """Whether all files that the analysis refers to are present and unchanged."""
        return all(self._blobs.is_intact(sha256) for sha256 in self.digests(connection, analysis_id))

    def with_spectrum(self, analysis_ids: Sequence[str]) -> set[str]:
        """Those of the analyses whose spectrum is kept."""
        with self._database.asking() as connection:
            return set(connection.scalars(_WITH_SPECTRUM, {"ids": list(analysis_ids)}))

    def take_inputs(self, connection: Connection, analysis_id: str, *, unless_asked: bool = False) -> set[str]:
        """Take the uploaded files, whose headers may name a person, from an analysis that has ended.

        With ``unless_asked`` they stay when the request asked for it (``keep_files``).
        """
        if self._keep_inputs:
            return set()
        if unless_asked and (connection.scalar(_REQUEST, {"of": analysis_id}) or {}).get("keep_files"):
            return set()
        return set(connection.scalars(_TAKE, {"of": analysis_id, "roles": INPUTS}))

    def forget(self, digests: set[str]) -> None:
        """Remove the content after the commit; if the process dies before, the next sweep removes it."""
        if digests:
            with self._database.changing_files() as connection:
                self.remove_unreferred(connection, digests)

    def digests(self, connection: Connection, analysis_id: str) -> set[str]:
        """Digests of all files of an analysis."""
        return set(connection.scalars(_OF, {"of": analysis_id}))

    def remove_unreferred(self, connection: Connection, digests: set[str]) -> None:
        """Remove the content that no analysis refers to any more."""
        referred: Sequence[str] = connection.scalars(_REFERRED, {"digests": list(digests)}).all()
        for sha256 in digests.difference(referred):
            self._blobs.remove(sha256)
