"""A copy of everything that is kept, taken while the service runs; the copy is a data folder itself."""

from __future__ import annotations

import hashlib
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import NamedTuple

from service.storage.blobs import BlobStore

DATABASE_NAME = "mrsquant.sqlite3"


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

    The database comes first, as it is at one moment. A file of it that is gone when its turn comes belonged to an
    analysis that was deleted meanwhile, which then goes from the copy too.

    Raises
    ------
    DamagedBlob
        When a file has been damaged on the disk.
    """
    with (
        closing(sqlite3.connect(f"file:{database}?mode=ro", uri=True)) as source,
        closing(sqlite3.connect(target / DATABASE_NAME)) as copy,
    ):
        source.backup(copy)
        copy.execute("PRAGMA foreign_keys = ON")
        files, gone = _copy_files(copy, blobs, BlobStore(target / "blobs"))
        copy.executemany("DELETE FROM analyses WHERE id = ?", [(analysis_id,) for analysis_id in sorted(gone)])
        copy.commit()
        analyses = copy.execute("SELECT count(*) FROM analyses").fetchone()[0]
    return Copied(analyses, files, len(gone))


def _copy_files(copy: sqlite3.Connection, blobs: BlobStore, target: BlobStore) -> tuple[int, set[str]]:
    gone: set[str] = set()
    files = 0
    for analysis_id, sha256 in _references(copy):
        try:
            content = blobs.get(sha256)
        except FileNotFoundError:
            gone.add(analysis_id)
            continue
        if hashlib.sha256(content).hexdigest() != sha256:
            raise DamagedBlob(f"the file {sha256} is not what was stored")
        target.ensure(sha256, content)
        files += 1
    return files, gone


def _references(copy: sqlite3.Connection) -> Iterator[tuple[str, str]]:
    yield from copy.execute("SELECT analysis_id, sha256 FROM files ORDER BY sha256").fetchall()
