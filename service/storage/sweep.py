"""The sweep: move unreferenced files to the trash, and delete them permanently days later.

A file missing from the database may still be needed: the database may be an older copy, or one that lost rows. So the
sweep takes a small share or nothing, spares young files, and restores a file that is referenced again.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import suppress
from itertools import islice
from typing import NamedTuple

import structlog
from sqlalchemy import Connection, bindparam, select

from service.storage.binding import Storage
from service.storage.tables import FILES

LARGEST_SHARE = 0.05
"""Share of all files that one sweep may take."""
FEW = 10
"""Files that it may take of a small folder, though never more than are left."""
FIRST_SECONDS = 6 * 3600.0
"""Age from which a file may be taken: its submission ended long ago."""
TRASH_SECONDS = 7 * 86400.0
"""Time in the trash before a file is deleted permanently."""
_STEP = 50
"""Files that are checked again and moved under the lock for files: milliseconds."""

_SHA256 = FILES.c.sha256
# a range, for the index: neither database uses it for LIKE
_OF_SHARD = select(_SHA256).where(bindparam("first") <= _SHA256, bindparam("end") > _SHA256)
_REFERRED = select(_SHA256).where(_SHA256.in_(bindparam("digests", expanding=True)))

log = structlog.get_logger()


class Orphans(NamedTuple):
    """Files that no analysis refers to."""

    files: int
    """Files in all."""
    digests: list[str]
    """Those that nothing refers to and that are not young."""

    @property
    def are_few(self) -> bool:
        """Whether they are few enough to be remains of interrupted submissions."""
        count = len(self.digests)
        return count <= max(FEW, LARGEST_SHARE * self.files) and 2 * count <= self.files


class Swept(NamedTuple):
    """Result of a sweep."""

    moved: int = 0
    """Files moved to the trash."""
    held: int = 0
    """Files left where they are because they are more than a sweep may take."""
    removed: int = 0
    """Files deleted permanently from the trash."""


class Sweep:
    """The sweep of one storage; several processes may do it at once."""

    def __init__(self, storage: Storage) -> None:
        self._storage = storage
        self._blobs = storage.blobs

    def run(self, *, whole: bool = False) -> Swept:
        """Move unreferenced files to the trash when they are few or ``whole`` allows all of them; empty the trash.

        Raises
        ------
        UnusableStorage
            When the database and the folder do not belong together.
        """
        self._storage.check()
        for shard in self._blobs.shards():
            self._blobs.remove_unfinished(shard, FIRST_SECONDS)
        orphans = self.orphans()
        moved = held = 0
        if orphans.are_few or whole:
            moved = sum(self._move(step) for step in _steps(orphans.digests))
        else:
            held = len(orphans.digests)
            log.error("sweep held: too many files belong to no analysis", orphaned_files=held, files=orphans.files)
        removed = sum(self._empty(step) for step in _steps(self._blobs.trashed(TRASH_SECONDS)))
        return Swept(moved, held, removed)

    def orphans(self) -> Orphans:
        """Find unreferenced files without blocking writers."""
        files, digests = 0, []
        for shard in self._blobs.shards():
            kept = self._blobs.digests(shard)
            files += len(kept)
            with self._storage.database.looking() as connection:
                referred = connection.scalars(_OF_SHARD, {"first": shard, "end": f"{shard}g"}).all()
            digests += [sha256 for sha256 in sorted(kept.difference(referred)) if self._is_old(sha256)]
        return Orphans(files, digests)

    def missing(self) -> list[str]:
        """Digests that analyses refer to and that have no file."""
        with self._storage.database.looking() as connection:
            referred = connection.execution_options(yield_per=1000).scalars(select(_SHA256).distinct())
            return [sha256 for sha256 in referred if not self._blobs.has(sha256)]

    def _is_old(self, sha256: str) -> bool:
        return (self._blobs.age(sha256) or 0) > FIRST_SECONDS

    def _move(self, digests: list[str]) -> int:
        moved = 0
        with self._storage.database.changing_files() as connection:
            for sha256 in set(digests) - _referred(connection, digests):
                if self._is_old(sha256):  # a submission may have stored it again
                    with suppress(FileNotFoundError):  # another process was faster
                        self._blobs.move_to_trash(sha256)
                        moved += 1
        return moved

    def _empty(self, digests: list[str]) -> int:
        with self._storage.database.changing_files() as connection:
            wanted = _referred(connection, digests)
            for sha256 in wanted:
                self._blobs.restore(sha256)
            for sha256 in set(digests) - wanted:
                self._blobs.remove_from_trash(sha256)
        return len(digests) - len(wanted)


def _referred(connection: Connection, digests: list[str]) -> set[str]:
    return set(connection.scalars(_REFERRED, {"digests": digests}))


def _steps(digests: Iterable[str]) -> Iterator[list[str]]:
    left = iter(digests)
    while step := list(islice(left, _STEP)):
        yield step
