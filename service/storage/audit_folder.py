"""Files of the audit log outside its table: the newest row, waiting entries, entries that the table refuses.

The newest row (position and digest) shows at the next look that the table's end was cut off or that it was emptied:
who can write the database cannot write this folder. It is written after the rows and may lag behind them, so a crash
between the two is no alarm. All services with one data folder share it, and it only ever moves forward.
"""

from __future__ import annotations

import fcntl
import json
import os
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from service.storage.audit import AuditEntry, Head

MAX_REFUSED_BYTES = 1_000_000
"""Size at which the file of refused entries takes no more; further ones are counted only."""


class UnreadableHead(Exception):
    """The file of the newest row is damaged."""


class AuditFolder:
    """One folder, shared by all processes of the service."""

    def __init__(self, data_dir: Path) -> None:
        self._folder = data_dir / "audit"
        self._head = self._folder / "head.json"
        self._waiting = self._folder / "waiting.jsonl"
        self.refused = self._folder / "refused.jsonl"

    def head(self) -> Head | None:
        """The newest row that is known; None when none was kept yet.

        Raises
        ------
        UnreadableHead
        """
        try:
            said = json.loads(self._head.read_text("utf-8"))
            return Head(int(said["position"]), str(said["sha256"]))
        except FileNotFoundError:
            return None
        except (ValueError, KeyError, TypeError) as error:
            raise UnreadableHead(f"{self._head} is damaged") from error

    def keep(self, head: Head, *, backwards: bool = False) -> None:
        """Store the newest row; an older one than the known one only on request."""
        with self._locked():
            if not backwards:
                known = self.head()
                if known is not None and known.position >= head.position:
                    return
            new = self._head.with_name(".head-new")
            with new.open("w", encoding="utf-8") as file:
                json.dump(head._asdict(), file)
                file.flush()
                os.fsync(file.fileno())
            new.replace(self._head)

    def refuse(self, entry: AuditEntry, reason: str) -> bool:
        """Set aside an entry that the table refuses; False when the file is full."""
        with self._locked():
            if self.refused.exists() and self.refused.stat().st_size > MAX_REFUSED_BYTES:
                return False
            _add(self.refused, [{**entry._asdict(), "reason": reason}])
            return True

    def refusals(self) -> int:
        """Number of entries set aside."""
        try:
            with self.refused.open("rb") as file:
                return sum(1 for _ in file)
        except FileNotFoundError:
            return 0

    def leave(self, entries: Sequence[AuditEntry]) -> None:
        """Keep entries for the next start that could not be written before the end."""
        with self._locked():
            _add(self._waiting, [entry._asdict() for entry in entries])

    @contextmanager
    def left(self) -> Iterator[list[AuditEntry]]:
        """The entries an earlier process left; they are deleted when the block ends without an exception."""
        with self._locked():
            lines = self._waiting.read_text("utf-8").splitlines() if self._waiting.exists() else []
            yield [AuditEntry(**json.loads(line)) for line in lines]
            self._waiting.unlink(missing_ok=True)

    @contextmanager
    def _locked(self) -> Iterator[None]:
        self._folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        descriptor = os.open(self._folder / ".lock", os.O_CREAT | os.O_RDWR | os.O_CLOEXEC, 0o600)
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX)
            yield
        finally:
            os.close(descriptor)


def _add(path: Path, rows: Sequence[object]) -> None:
    descriptor = os.open(path, os.O_CREAT | os.O_WRONLY | os.O_APPEND | os.O_CLOEXEC, 0o600)
    with os.fdopen(descriptor, "w", encoding="utf-8") as file:
        file.writelines(json.dumps(row) + "\n" for row in rows)
        file.flush()
        os.fsync(file.fileno())
