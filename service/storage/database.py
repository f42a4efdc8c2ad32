"""One engine, one transaction for each unit of work, and a schema that is current before the first of them."""

from __future__ import annotations

import errno
import sqlite3
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from alembic import command
from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, Engine, create_engine, event, make_url, text
from sqlalchemy.exc import DataError, DBAPIError, StatementError
from sqlalchemy.orm import Session

_BUSY_SECONDS = 15
_FULL = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG)
_DISK_FULL_STATE = "53100"  # PostgreSQL's disk_full
_FILES_LOCK = 0x6D727371  # "mrsq": any number no other program on the same database uses


def is_storage_full(error: BaseException) -> bool:
    """Did it fail because a disk, or a share of it, is full?"""
    if isinstance(error, OSError):
        return error.errno in _FULL
    if not isinstance(error, DBAPIError):
        return False
    code = getattr(error.orig, "sqlite_errorcode", None)
    return code == sqlite3.SQLITE_FULL or getattr(error.orig, "sqlstate", None) == _DISK_FULL_STATE


def is_refused_value(error: BaseException) -> bool:
    """Did it fail because of a value that cannot be handed to the database, while the database answers?"""
    return isinstance(error, DataError) or (isinstance(error, StatementError) and not isinstance(error, DBAPIError))


class Database:
    """A SQLite file or a PostgreSQL database."""

    def __init__(self, url: str) -> None:
        self._url = make_url(url)
        self._is_sqlite = self._url.get_backend_name() == "sqlite"
        if self._is_sqlite:
            if self._url.database:
                Path(self._url.database).parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            self._engine = create_engine(self._url, connect_args={"timeout": _BUSY_SECONDS})
            _prepare_sqlite(self._engine)
        else:
            from service.storage.postgresql import open_engine  # noqa: PLC0415 (its driver is an extra)

            self._engine = open_engine(self._url)
        self._writing_engine = self._engine.execution_options(writes=True)
        self._turn = threading.Lock()

    def migrate(self) -> None:
        """Bring the schema to the newest revision; several processes may start at once."""
        config = _config()
        with self._writing_engine.begin() as connection:
            self._lock(connection)
            config.attributes["connection"] = connection
            with _unhurried(connection):
                command.upgrade(config, "head")

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
        """``reading`` for plain statements, a tenth of the work: for what is asked all the time."""
        with self._engine.connect() as connection:
            yield connection

    @contextmanager
    def changing(self) -> Iterator[Connection]:
        """``writing`` for plain statements: for what happens to every analysis."""
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
        """One writer of this process after the other; SQLite lets those who wait sleep, and wakes whom it likes."""
        has_turn = self._is_sqlite and self._turn.acquire(timeout=_BUSY_SECONDS)
        try:
            yield  # also after waiting in vain: then SQLite says that it is busy
        finally:
            if has_turn:
                self._turn.release()

    def _lock(self, connection: Connection) -> None:
        if not self._is_sqlite:  # SQLite has one writer anyway
            connection.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": _FILES_LOCK})

    def erase(self) -> None:
        """Overwrite what deleted rows leave behind in SQLite's log; PostgreSQL's vacuum does it by itself."""
        if self._is_sqlite:
            with self._engine.connect() as connection:
                connection.connection.cursor().execute("PRAGMA wal_checkpoint(TRUNCATE)")

    def revisions(self) -> tuple[str | None, str | None]:
        """The revision the schema has, and the newest there is."""
        newest = ScriptDirectory.from_config(_config()).get_current_head()
        with self._engine.connect() as connection:
            return MigrationContext.configure(connection).get_current_revision(), newest

    def ping(self) -> None:
        """Ask the database for an answer.

        Raises
        ------
        sqlalchemy.exc.SQLAlchemyError
            When there is none.
        """
        with self._engine.connect() as connection:
            connection.execute(text("SELECT 1"))

    def close(self) -> None:
        """Close all connections."""
        self._engine.dispose()


@contextmanager
def _unhurried(connection: Connection) -> Iterator[None]:
    """Let statements take as long as they need: changing a large table is silent work."""
    driver: Any = connection.connection.driver_connection
    limit = getattr(driver, "silence_seconds", None)
    if limit is None:
        yield
        return
    driver.silence_seconds = None
    try:
        yield
    finally:
        driver.silence_seconds = limit


def _config() -> Config:
    config = Config()
    config.set_main_option("script_location", str(Path(__file__).parent / "migrations"))
    return config


def _prepare_sqlite(engine: Engine) -> None:
    @event.listens_for(engine, "connect")
    def set_up(connection: Any, _record: object) -> None:
        connection.isolation_level = None  # the driver must not begin transactions behind our back
        cursor = connection.cursor()
        cursor.execute("PRAGMA journal_mode = WAL")  # readers do not wait for the writer
        cursor.execute("PRAGMA synchronous = FULL")  # a 202 is a promise, also after a power cut
        cursor.execute("PRAGMA foreign_keys = ON")
        cursor.execute("PRAGMA secure_delete = ON")  # what was deleted is overwritten, not only forgotten
        cursor.close()

    @event.listens_for(engine, "begin")
    def begin(connection: Connection) -> None:
        # a transaction that will write takes its lock at once: upgrading later can fail without waiting
        writes = connection.get_execution_options().get("writes", False)
        connection.exec_driver_sql("BEGIN IMMEDIATE" if writes else "BEGIN")
