"""Binds a database and a data folder by an id that both keep, so that neither is used with another's.

All checks precede any change: a mistyped address, a database before its restore or a disk that is
not mounted ends the start and leaves both as they were.
"""

from __future__ import annotations

import os
import tempfile
import uuid
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import structlog
from sqlalchemy import Connection, bindparam, exists, insert, inspect, select, text, update
from sqlalchemy.exc import DatabaseError, OperationalError

from service.storage.blobs import BlobStore
from service.storage.database import Database, known_revisions, revision_of
from service.storage.tables import ANALYSES, FILES, STORAGE_ID, Base

ID_FILE = "storage-id"
_SAMPLE = 200
"""Number of files searched to decide whether a folder without an id is the one of its database."""

_ID = select(STORAGE_ID.c.id)
_ANY_ANALYSIS = select(exists(select(ANALYSES.c.id)))
_BROKEN_DOCUMENTS = text(
    "SELECT count(*) FROM analyses WHERE NOT json_valid(request) OR NOT json_valid(coalesce(result, '{}'))"
)
"""A check of the structure does not detect the loss of a long document's last page."""
_RESULT = select(ANALYSES.c.result).where(ANALYSES.c.id == bindparam("of"))
_REFERRED = select(FILES.c.sha256).distinct().limit(_SAMPLE)

log = structlog.get_logger()


class UnusableStorage(Exception):
    """Database and data folder cannot be used as they are; the message gives the reason and the remedy."""


class Mismatch(UnusableStorage):
    """Database and data folder are not known to belong together; an operator who knows that they do may adopt them."""


class Contents(NamedTuple):
    """Content of a database."""

    revision: str | None
    """None before the first start."""
    id: str | None
    has_analyses: bool
    referred: Sequence[str]
    """Digests of some of the files it refers to."""


EMPTY = Contents(None, None, has_analyses=False, referred=())


class Storage:
    """A database and its data folder."""

    def __init__(self, database_url: str, folder: Path) -> None:
        self.database = Database(database_url)
        self.blobs = BlobStore(folder / "blobs", create=False)
        self._id_file = folder / ID_FILE
        self._known_id: str | None = None
        self._damage: str | None = None

    def open(self) -> None:
        """Migrate the schema and bind an unbound database or folder; several processes may do so at once.

        Raises
        ------
        UnusableStorage
            When that is not allowed; then nothing was changed.
        """
        try:
            self.check()
        except Mismatch:
            self.check()  # another process may have bound them between the two checks
        self._bind(anew=False)

    def adopt(self) -> None:
        """Open them although they may belong to others, and give both a new id: holders of the old one are refused.

        Raises
        ------
        UnusableStorage
            When the database is damaged or of a later program.
        """
        self.contents()
        self._bind(anew=True)

    def check(self) -> None:
        """Check that database and folder are undamaged and belong together; changes nothing.

        Raises
        ------
        UnusableStorage
            When they are not or do not.
        """
        if self._damage is not None:
            raise UnusableStorage(f"{self.database.shown} is damaged ({self._damage}); restore it from a backup.")
        if self.database.was_replaced:
            raise UnusableStorage("The database file was replaced while the service runs; restart the service.")
        contents, folder_id = self.contents(), self._folder_id()
        if self._known_id is not None and contents.id is None:
            raise UnusableStorage(
                f"{self.database.shown} was emptied while the service runs; restore it from a backup."
            )
        if self._known_id is not None and folder_id is None:
            raise UnusableStorage(f"{self._id_file.parent} is gone or was emptied; is its disk mounted?")
        refusal = _refusal(contents, folder_id, self.blobs)
        if refusal is not None:
            raise Mismatch(
                f"{refusal} Correct MRSQUANT_DATABASE_URL or MRSQUANT_DATA_DIR, or restore what is missing; only when "
                "you know that they belong together, start once with `mrsquant serve --adopt`. Nothing was changed."
            )

    def contents(self) -> Contents:
        """Inspect the database.

        Raises
        ------
        UnusableStorage
            When it is damaged, or its schema is not one of this program.
        """
        database = self.database
        if database.file is not None and not database.file.exists():
            return EMPTY
        try:
            with database.looking() as connection:
                return _contents(connection, database.shown)
        except OperationalError:
            raise  # the database does not answer
        except DatabaseError as error:
            detail = f"{database.shown} is damaged or no database ({error.orig}); restore it from a backup."
            raise UnusableStorage(detail) from error

    def look_for_damage(self) -> None:
        """Read all of the database's structure and report its faults.

        Raises
        ------
        UnusableStorage
            When something is wrong.
        """
        self._damage = self.damage()
        self.check()

    def damage(self) -> str | None:
        """Faults inside SQLite's file, its structure or its documents; PostgreSQL checks its own pages."""
        found = self.database.damage()
        if found is not None or self.database.file is None:
            return found
        with self.database.looking() as connection:
            count = connection.scalar(_BROKEN_DOCUMENTS)
        return f"{count} documents are not what was written" if count else None

    def results(self) -> Iterator[tuple[str, Mapping[str, Any]]]:
        """Every result with the id of its analysis; one that is no JSON any more is an empty document."""
        ids = select(ANALYSES.c.id).where(ANALYSES.c.state == "succeeded").order_by(ANALYSES.c.id)
        with self.database.looking() as connection:
            for analysis_id in connection.scalars(ids).all():
                try:
                    yield analysis_id, connection.scalar(_RESULT, {"of": analysis_id}) or {}
                except ValueError:
                    yield analysis_id, {}

    def has_its_folder(self) -> bool:
        """Whether the folder of the database still exists; cheap enough to check before every claim."""
        return self._known_id is None or self._folder_id() == self._known_id or self._is_adopted()

    def _is_adopted(self) -> bool:
        """Whether another process gave both a new id."""
        try:
            self.check()
        except UnusableStorage as error:
            log.error("storage cannot be used", reason=str(error))
            return False
        self._known_id = self._folder_id()
        return True

    def _bind(self, *, anew: bool) -> None:
        folder = self._id_file.parent
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        self.blobs.create()
        self.database.migrate()
        with self.database.changing_files() as connection:
            kept = connection.scalar(_ID)
            bound = str(uuid.uuid4()) if kept is None or anew else kept
            if kept is None:
                connection.execute(insert(STORAGE_ID), {"number": 1, "id": bound})
            elif anew:
                connection.execute(update(STORAGE_ID), {"id": bound})
        if kept != bound or self._folder_id() is None:
            log.info("database and data folder bound", id=bound)
            write_id(folder, bound, replace=anew)
        if self._folder_id() != bound:
            raise Mismatch(f"{folder} was bound to another database at this moment; start again.")
        self._known_id = bound

    def _folder_id(self) -> str | None:
        try:
            return self._id_file.read_text(encoding="ascii", errors="replace").strip()
        except FileNotFoundError:
            return None


def write_id(folder: Path, id: str, *, replace: bool = False) -> None:
    """Write the id of its database into a data folder; one that is there stays unless ``replace``."""
    handle, temporary = tempfile.mkstemp(dir=folder, prefix=".storage-id-")
    with os.fdopen(handle, "w", encoding="ascii") as file:
        file.write(f"{id}\n")
        file.flush()
        os.fsync(file.fileno())
    try:
        if replace:
            os.replace(temporary, folder / ID_FILE)
        else:
            os.link(temporary, folder / ID_FILE)  # fails when another process was first, and never exposes half an id
    except FileExistsError:
        pass
    finally:
        Path(temporary).unlink(missing_ok=True)


def _contents(connection: Connection, shown: str) -> Contents:
    tables = set(inspect(connection).get_table_names())
    revision = revision_of(connection)
    if revision is None:
        if ANALYSES.name in tables:
            raise UnusableStorage(f"{shown} does not say which schema it has; restore it from a backup.")
        return EMPTY
    known = known_revisions()
    if revision not in known:
        raise UnusableStorage(
            f"{shown} has schema {revision} of a later version of mrsquant; this one knows {known[0]} at most. Run the "
            "version that wrote it, or restore a backup made before the update. Nothing was changed."
        )
    missing = set(Base.metadata.tables) - tables
    if revision == known[0] and missing:
        raise UnusableStorage(f"{shown} lacks the tables {', '.join(sorted(missing))}; restore it from a backup.")
    bound = connection.scalar(_ID) if STORAGE_ID.name in tables else None
    return Contents(revision, bound, bool(connection.scalar(_ANY_ANALYSIS)), connection.scalars(_REFERRED).all())


def _refusal(found: Contents, folder_id: str | None, blobs: BlobStore) -> str | None:
    """Reason why these do not belong together; None when they do, or when both are new."""
    if found.id is not None and folder_id is not None:
        return None if found.id == folder_id else "The database and the data folder belong to two installations."
    if folder_id is not None:
        return "The data folder belongs to another database: this one is new or from before its backup."
    if found.referred:
        # from before there were ids, or a copy without it: the folder is the one that holds its files
        held = sum(blobs.has(sha256) for sha256 in found.referred)
        return None if 2 * held >= len(found.referred) else "The data folder lacks the files of this database."
    if not blobs.is_empty():
        return "The data folder holds files, and the database refers to none."
    if found.id is not None and found.has_analyses:
        return "The data folder is new, and the database holds analyses."
    return None
