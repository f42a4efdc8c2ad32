"""A copy of everything that is kept, taken while the service runs; the copy is a data folder itself."""

from __future__ import annotations

import hashlib
import sqlite3
from collections.abc import Iterable, Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import NamedTuple

from service.storage.blobs import BlobStore

DATABASE_NAME = "mrsquant.sqlite3"

_LOCK_SECONDS = 60
"""How long the copy waits for its turn to write; the service keeps it for milliseconds."""
_ROUNDS = 5
_FEW = 20
"""Files that are copied in a moment, while nobody writes."""

_ALL = "SELECT DISTINCT sha256 FROM files"
_UNFINISHED = f"{_ALL} JOIN analyses ON id = analysis_id WHERE state IN ('queued', 'running')"


class Copied(NamedTuple):
    """What a backup holds."""

    analyses: int
    files: int
    removed: int
    """Analyses that somebody deleted while the copy was made; they are not in it."""


class DamagedBlob(Exception):
    """A file is not what its name says; the message names it."""


def copy_all(database: Path, blobs: BlobStore, target: Path) -> Copied:
    """Copy a SQLite database and the files it refers to into the folder ``target``.

    The files come first, for an analysis that ends gives up its inputs. Then, for a moment in which nobody writes,
    the few that came meanwhile to analyses that are not finished; the database is copied as it was in that moment.
    A file of it that is gone when its turn comes belonged to a finished analysis that was deleted meanwhile, which
    then goes from the copy too.

    Raises
    ------
    DamagedBlob
        When a file has been damaged on the disk.
    """
    kept = BlobStore(target / "blobs")
    with closing(_opened(database)) as source, closing(sqlite3.connect(target / DATABASE_NAME)) as copy:
        for _ in range(_ROUNDS):
            if _copy(_digests(source, _ALL), blobs, kept) <= _FEW:
                break
        with _moment(database, source):
            _copy(_digests(source, _UNFINISHED), blobs, kept)
        source.backup(copy)
        source.rollback()
        _copy(_digests(copy, _ALL), blobs, kept)
        copied = _without_gaps(copy, kept)
        _remove_strays(copy, kept)
    return copied


def _opened(database: Path) -> sqlite3.Connection:
    return sqlite3.connect(f"file:{database}?mode=rw", uri=True, timeout=_LOCK_SECONDS, isolation_level=None)


@contextmanager
def _moment(database: Path, source: sqlite3.Connection) -> Iterator[None]:
    """Keep all others from writing, and let ``source`` see the database as it is now until it rolls back."""
    with closing(_opened(database)) as lock:
        lock.execute("BEGIN IMMEDIATE")
        source.execute("BEGIN")
        source.execute("SELECT count(*) FROM sqlite_master").fetchone()  # a transaction begins when it first reads
        yield
        lock.rollback()


def _digests(database: sqlite3.Connection, query: str) -> list[str]:
    return [sha256 for (sha256,) in database.execute(query)]


def _copy(digests: Iterable[str], blobs: BlobStore, kept: BlobStore) -> int:
    """Copy those of the files that are not copied yet and still there; returns how many."""
    copied = 0
    for sha256 in digests:
        if kept.has(sha256):
            continue
        try:
            content = blobs.get(sha256)
        except FileNotFoundError:
            continue
        if hashlib.sha256(content).hexdigest() != sha256:
            raise DamagedBlob(f"the file {sha256} is not what was stored")
        kept.ensure(sha256, content)
        copied += 1
    return copied


def _without_gaps(copy: sqlite3.Connection, kept: BlobStore) -> Copied:
    """Remove analyses of which a file is missing; says what is left."""
    references = copy.execute("SELECT analysis_id, sha256 FROM files").fetchall()
    gone = {analysis_id for analysis_id, sha256 in references if not kept.has(sha256)}
    copy.execute("PRAGMA foreign_keys = ON")
    copy.executemany("DELETE FROM analyses WHERE id = ?", [(analysis_id,) for analysis_id in sorted(gone)])
    copy.commit()
    count = "SELECT (SELECT count(*) FROM analyses), (SELECT count(*) FROM files)"
    analyses, files = copy.execute(count).fetchone()
    return Copied(analyses, files, len(gone))


def _remove_strays(copy: sqlite3.Connection, kept: BlobStore) -> None:
    """Files of analyses that ended or were deleted after they were copied."""
    referred = set(_digests(copy, _ALL))
    for shard in kept.shards():
        for name in kept.names(shard) - referred:
            kept.remove_file(shard, name)
