"""Back up database and files while the service runs; the copy is a data folder itself."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable, Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Literal, NamedTuple

from service.errors import DamagedStorage
from service.storage.binding import write_id
from service.storage.blobs import BlobStore

DATABASE_NAME = "mrsquant.sqlite3"

_LOCK_SECONDS = 60
"""Timeout of the copy for the write lock; the service holds it for milliseconds."""
_ROUNDS = 5
_FEW = 20
"""A round that copies no more files than this is the last one before writers are blocked."""

_COUNTS = "SELECT (SELECT count(*) FROM analyses), (SELECT count(*) FROM files), (SELECT count(*) FROM sign_offs)"
_ALL = "SELECT DISTINCT sha256 FROM files"
_OF_UNFINISHED = "JOIN analyses ON id = analysis_id WHERE state IN ('queued', 'running')"
_UNFINISHED = f"{_ALL} {_OF_UNFINISHED}"
_FILES = "SELECT analysis_id, name, sha256 FROM files"
_FILES_OF_UNFINISHED = f"{_FILES} {_OF_UNFINISHED}"


class Damage(NamedTuple):
    """A file that an analysis refers to and that cannot be copied."""

    analysis_id: str
    name: str
    sha256: str
    state: Literal["missing", "changed", ""] = ""


class Copied(NamedTuple):
    """Content of a backup."""

    analyses: int
    files: int
    sign_offs: int
    """Steps of sign-offs."""
    removed: int
    """Analyses that were deleted while the copy was made; they are not in it."""
    damage: tuple[Damage, ...]
    """Files that the copy refers to and does not hold."""


def copy_all(database: Path, blobs: BlobStore, target: Path) -> Copied:
    """Copy a SQLite database and the files it refers to into the folder ``target``.

    The files come first, for an analysis that ends gives up its inputs. Then, while writers are briefly blocked, the
    few new files of unfinished analyses are copied; the database is copied as of that moment. A file of it that cannot
    be copied is damage when the service's database still refers to it, and the copy keeps the row; else it belonged to
    a finished analysis that was deleted meanwhile, which then goes from the copy too.
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
        gaps = [gap for gap in _references(copy, _FILES) if not kept.has(gap.sha256)]
        # files of unfinished analyses were copied while writers were blocked, so none was deleted
        wanted = {*_references(copy, _FILES_OF_UNFINISHED), *_references(source, _FILES)}
        damage = [gap for gap in gaps if gap in wanted]
        removed = {gap.analysis_id for gap in gaps} - {gap.analysis_id for gap in damage}
        _remove(copy, removed)
        _remove_strays(copy, kept)
        bound = _bound_id(copy)
        if bound is not None:
            write_id(target, bound)
        analyses, files, sign_offs = copy.execute(_COUNTS).fetchone()
        states = tuple(gap._replace(state="changed" if blobs.has(gap.sha256) else "missing") for gap in damage)
        return Copied(analyses, files, sign_offs, len(removed), states)


def _opened(database: Path) -> sqlite3.Connection:
    return sqlite3.connect(f"file:{database}?mode=rw", uri=True, timeout=_LOCK_SECONDS, isolation_level=None)


@contextmanager
def _moment(database: Path, source: sqlite3.Connection) -> Iterator[None]:
    """Block all other writers, and give ``source`` a snapshot of the database until it rolls back."""
    with closing(_opened(database)) as lock:
        lock.execute("BEGIN IMMEDIATE")
        source.execute("BEGIN")
        source.execute("SELECT count(*) FROM sqlite_master").fetchone()  # a transaction begins when it first reads
        yield
        lock.rollback()


def _digests(database: sqlite3.Connection, query: str) -> list[str]:
    return [sha256 for (sha256,) in database.execute(query)]


def _copy(digests: Iterable[str], blobs: BlobStore, kept: BlobStore) -> int:
    """Copy those of the files that are not copied yet and can be read; returns how many."""
    copied = 0
    for sha256 in digests:
        if kept.has(sha256):
            continue
        try:
            content = blobs.get(sha256)
        except DamagedStorage:
            continue
        kept.ensure(sha256, content)
        copied += 1
    return copied


def _references(database: sqlite3.Connection, query: str) -> list[Damage]:
    return [Damage(analysis_id, name, sha256) for analysis_id, name, sha256 in database.execute(query)]


def _remove(copy: sqlite3.Connection, analysis_ids: Iterable[str]) -> None:
    copy.execute("PRAGMA foreign_keys = ON")
    copy.executemany("DELETE FROM analyses WHERE id = ?", [(analysis_id,) for analysis_id in sorted(analysis_ids)])
    copy.commit()


def _bound_id(copy: sqlite3.Connection) -> str | None:
    """The id of the installation; one from before there were ids has none."""
    if not copy.execute("SELECT 1 FROM sqlite_master WHERE name = 'storage_id'").fetchone():
        return None
    found = copy.execute("SELECT id FROM storage_id").fetchone()
    return None if found is None else str(found[0])


def _remove_strays(copy: sqlite3.Connection, kept: BlobStore) -> None:
    """Files of analyses that ended or were deleted after they were copied."""
    referred = set(_digests(copy, _ALL))
    for shard in kept.shards():
        for sha256 in kept.digests(shard) - referred:
            kept.remove(sha256)
