"""One engine, one transaction for each unit of work, and a schema that is current before the first of them."""

from __future__ import annotations

import errno
import sqlite3
import threading
from collections.abc import Iterator
from contextlib import closing, contextmanager
from functools import cache
from pathlib import Path
from typing import Any
from urllib.parse import quote

from alembic import command
from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, Engine, NullPool, create_engine, event, make_url, text
from sqlalchemy.exc import DatabaseError, DataError, DBAPIError, StatementError
from sqlalchemy.orm import Session

_BUSY_SECONDS = 15
_ERASE_SECONDS = 0.5
"""Longest time that erasing blocks writers while waiting for a reader."""
_FULL = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG)
_DISK_FULL_STATE = "53100"  # PostgreSQL's disk_full
_FILES_LOCK = 0x6D727371  # "mrsq": any number no other program on the same database uses


def is_storage_full(error: BaseException) -> bool:
    """Whether it failed because a disk or quota is full."""
    if isinstance(error, OSError):
        return error.errno in _FULL
    if not isinstance(error, DBAPIError):
        return False
    code = getattr(error.orig, "sqlite_errorcode", None)
    return code == sqlite3.SQLITE_FULL or getattr(error.orig, "sqlstate", None) == _DISK_FULL_STATE


def is_refused_value(error: BaseException) -> bool:
    """Whether it failed because of a value that the database cannot accept, while the database answers."""
    return isinstance(error, DataError) or (isinstance(error, StatementError) and not isinstance(error, DBAPIError))


class Database:
    """A SQLite file or a PostgreSQL database."""

    def __init__(self, url: str) -> None:
        self._url = make_url(url)
        self._is_sqlite = self._url.get_backend_name() == "sqlite"
        self.file = Path(self._url.database) if self._is_sqlite and self._url.database else None
        """Of SQLite."""
        if self._is_sqlite:
            self._engine = create_engine(self._url, connect_args={"timeout": _BUSY_SECONDS})
            _prepare_sqlite(self._engine)
        else:
            from service.storage.postgresql import open_engine  # noqa: PLC0415 (its driver is an extra)

            self._engine = open_engine(self._url)
        self._writing_engine = self._engine.execution_options(writes=True)
        self._looking_engine = self._engine if self.file is None else _read_only(self.file)
        self._turn = threading.Lock()
        self._opened_file: tuple[int, int] | None = None
        self.has_remains = False
        """Whether SQLite's log still holds deleted data, because a reader was active when it was to be erased."""

    @property
    def shown(self) -> str:
        """The address without its password."""
        return self._url.render_as_string(hide_password=True)

    def migrate(self) -> None:
        """Bring the schema to the newest revision; several processes may start at once."""
        config = _config()
        if self.file is not None:
            self.file.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        with self._writing_engine.begin() as connection:
            self._lock(connection)
            config.attributes["connection"] = connection
            with _unhurried(connection):
                command.upgrade(config, "head")
        self._opened_file = self._present_file()

    def _present_file(self) -> tuple[int, int] | None:
        if self.file is None or not self.file.exists():
            return None
        found = self.file.stat()
        return found.st_dev, found.st_ino

    @property
    def was_replaced(self) -> bool:
        """Whether SQLite's file was replaced since it was opened."""
        return self._opened_file is not None and self._present_file() != self._opened_file

    @contextmanager
    def looking(self) -> Iterator[Connection]:
        """A connection that can change nothing; to SQLite a new one, which sees the file as it is on the disk."""
        with self._looking_engine.connect() as connection:
            yield connection

    @contextmanager
    def reading(self) -> Iterator[Session]:
        """A transaction that changes nothing."""
        with Session(self._engine, expire_on_commit=False) as session:
            yield session

    @contextmanager
    def writing(self) -> Iterator[Session]:
        """A transaction that is committed at the end or, after an exception, not at all."""
        with self._in_turn(), Session(self._writing_engine, expire_on_commit=False) as session, session.begin():
            yield session

    @contextmanager
    def writing_files(self) -> Iterator[Session]:
        """The same, one at a time among all processes: for work that also adds or removes blobs."""
        with self.writing() as session:
            self._lock(session.connection())
            yield session

    @contextmanager
    def asking(self) -> Iterator[Connection]:
        """``reading`` for plain statements, a tenth of the work: for frequent queries."""
        with self._engine.connect() as connection:
            yield connection

    @contextmanager
    def changing(self) -> Iterator[Connection]:
        """``writing`` for plain statements: for changes of every analysis."""
        with self._in_turn(), self._writing_engine.begin() as connection:
            yield connection

    @contextmanager
    def changing_files(self) -> Iterator[Connection]:
        """``writing_files`` for plain statements."""
        with self.changing() as connection:
            self._lock(connection)
            yield connection

    @contextmanager
    def _in_turn(self) -> Iterator[None]:
        """Serialise the writers of this process; SQLite's own waiting sleeps and is not fair."""
        has_turn = self._is_sqlite and self._turn.acquire(timeout=_BUSY_SECONDS)
        try:
            yield  # also after a timeout: then SQLite reports that it is busy
        finally:
            if has_turn:
                self._turn.release()

    def _lock(self, connection: Connection) -> None:
        if not self._is_sqlite:  # SQLite has one writer anyway
            connection.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": _FILES_LOCK})

    def erase(self) -> None:
        """Overwrite what deleted rows leave behind in SQLite's log; PostgreSQL's vacuum does it by itself.

        A long read prevents it; ``has_remains`` then reports it, instead of blocking writers.
        """
        if self.file is None:
            return
        address = f"file:{quote(str(self.file))}?mode=rw"
        try:
            with closing(sqlite3.connect(address, uri=True, timeout=_ERASE_SECONDS)) as connection:
                is_busy, _, _ = connection.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()
            self.has_remains = bool(is_busy)
        except sqlite3.Error:
            self.has_remains = True

    def damage(self) -> str | None:
        """Faults that SQLite finds in its file; reads all of it. PostgreSQL checks its own pages."""
        if self.file is None:
            return None
        try:
            with self.looking() as connection:
                found = connection.exec_driver_sql("PRAGMA quick_check(1)").scalar()
        except DatabaseError as error:
            return str(error.orig)
        return None if found == "ok" else " ".join(str(found).split())

    def revisions(self) -> tuple[str | None, str | None]:
        """The revision the schema has, and the newest there is."""
        with self.looking() as connection:
            return revision_of(connection), known_revisions()[0]

    def close(self) -> None:
        """Close all connections."""
        self._looking_engine.dispose()
        self._engine.dispose()


@contextmanager
def _unhurried(connection: Connection) -> Iterator[None]:
    """Let statements take as long as they need: changing a large table is silent work."""
    driver: Any = connection.connection.driver_connection
    limit = getattr(driver, "read_timeout", None)
    if limit is None:
        yield
        return
    driver.read_timeout = None
    try:
        yield
    finally:
        driver.read_timeout = limit


def revision_of(connection: Connection) -> str | None:
    """The revision of the schema; None when there is none yet."""
    return MigrationContext.configure(connection).get_current_revision()


@cache
def known_revisions() -> tuple[str, ...]:
    """The revisions this program knows, newest first; it does not know those of later programs."""
    return tuple(known.revision for known in ScriptDirectory.from_config(_config()).walk_revisions())


def _config() -> Config:
    config = Config()
    config.set_main_option("script_location", str(Path(__file__).parent / "migrations"))
    return config


def _read_only(file: Path) -> Engine:
    log = file.with_name(f"{file.name}-wal")

    def connect() -> sqlite3.Connection:
        # without a log no process has it open; SQLite would make one, and leave it behind, even to read
        mode = "mode=ro" if log.exists() else "mode=ro&immutable=1"
        address = f"file:{quote(str(file))}?{mode}"
        return sqlite3.connect(address, uri=True, timeout=_BUSY_SECONDS, check_same_thread=False)

    return create_engine("sqlite://", creator=connect, poolclass=NullPool)


def _prepare_sqlite(engine: Engine) -> None:
    @event.listens_for(engine, "connect")
    def set_up(connection: Any, _record: object) -> None:
        connection.isolation_level = None  # the driver must not begin transactions implicitly
        cursor = connection.cursor()
        cursor.execute("PRAGMA journal_mode = WAL")  # readers do not wait for the writer
        cursor.execute("PRAGMA synchronous = FULL")  # a 202 answer must survive a power cut
        cursor.execute("PRAGMA foreign_keys = ON")
        cursor.execute("PRAGMA secure_delete = ON")  # deleted data are overwritten, not only unlinked
        cursor.close()

    @event.listens_for(engine, "begin")
    def begin(connection: Connection) -> None:
        # a transaction that will write takes its lock at once: upgrading later can fail without waiting
        writes = connection.get_execution_options().get("writes", False)
        connection.exec_driver_sql("BEGIN IMMEDIATE" if writes else "BEGIN")
