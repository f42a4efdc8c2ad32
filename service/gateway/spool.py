"""The spool: source instances and the state of each on disk, so that a killed gateway goes on where it was.

``DIR/<key>.dcm`` is an instance and ``<key>.json`` its state, replaced atomically; ``<key>.<kind>-<n>.dcm`` are the
objects made for it. A key is a digest of the SOP Instance UID: names, identifiers and dates never decide what belongs
to what.
"""

from __future__ import annotations

import errno
import hashlib
import json
import os
import threading
from collections.abc import Iterable
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import Literal

MOST_BYTES = 2 * 1024**3
"""Of all instances and objects together; beyond it senders get a status that asks them to try later."""
_KEY_DIGITS = 32

State = Literal["received", "reference", "member", "submitted", "built", "refused", "failed"]
"""``received`` waits for its study; ``reference`` is water; ``member`` a further file of a scan; ``submitted`` is known
to a service; ``built`` has its objects in the spool. Of ``refused`` and ``failed`` the state is kept until it is
forgotten, and the instance is not."""
ENDED = ("refused", "failed")


class SpoolFull(Exception):
    """The disk or the allowance takes no more."""


@dataclass(frozen=True, slots=True)
class Parcel:
    """One object to deliver."""

    file: str
    kind: str
    sent: bool = False
    refused: str | None = None
    """Status with which the peer refused it, for good."""


@dataclass(frozen=True, slots=True)
class SpoolEntry:
    """One source instance and how far it has come."""

    key: str
    sop_instance_uid: str
    study: str
    sha256: str
    received: float
    """Seconds since the epoch."""
    state: State = "received"
    water: str | None = None
    """Key of its water reference."""
    members: tuple[str, ...] = ()
    """Keys of the further files of its scan."""
    note: str | None = None
    analysis: str | None = None
    """Address of the analysis at the service."""
    parcels: tuple[Parcel, ...] = ()
    tries: int = 0
    due: float = 0.0
    """Not before this time, seconds since the epoch."""
    code: str | None = None
    """Code of the problem."""


@dataclass(slots=True)
class Spool:
    """Every instance that has not been forgotten; safe to use from several threads."""

    path: Path
    entries: dict[str, SpoolEntry] = field(default_factory=dict)
    lock: threading.RLock = field(default_factory=threading.RLock)

    @classmethod
    def open(cls, path: Path) -> Spool:
        """The spool of a folder, which is created with access for its owner only; leftovers of a kill are removed.

        Raises
        ------
        OSError
            When the folder cannot be made or read.
        """
        path.mkdir(mode=0o700, parents=True, exist_ok=True)
        path.chmod(0o700)
        spool = cls(path)
        for file in sorted(path.glob("*.json")):
            entry = _entry(json.loads(file.read_text(encoding="utf-8")))
            if spool.instance(entry.key).exists() or entry.state in ENDED:
                spool.entries[entry.key] = entry
        known = spool.entries.keys()
        for file in path.iterdir():
            if file.name != KEY_FILE and (file.name.endswith(".new") or file.name.split(".")[0] not in known):
                file.unlink()
        return spool

    def instance(self, key: str) -> Path:
        """File of a source instance."""
        return self.path / f"{key}.dcm"

    def content(self, key: str) -> bytes:
        """Bytes of a source instance."""
        return self.instance(key).read_bytes()

    def receive(self, sop_instance_uid: str, study: str, content: bytes, now: float) -> tuple[SpoolEntry, bool]:
        """Put an instance on disk; the entry, and whether it is news. Other bytes under the same UID win.

        Raises
        ------
        SpoolFull
            When disk or allowance are exhausted; nothing is kept then.
        """
        key, digest = key_of(sop_instance_uid), hashlib.sha256(content).hexdigest()
        with self.lock:
            known = self.entries.get(key)
            if known is not None and known.sha256 == digest and known.state not in ENDED:
                return known, False
            if self.size() + len(content) > MOST_BYTES:
                raise SpoolFull
            if known is not None:
                self._remove_parcels(known)
            entry = SpoolEntry(key, sop_instance_uid, study, digest, now)
            try:
                write_durably(self.instance(key), content)
                self.put(entry)
            except OSError as error:
                self.instance(key).unlink(missing_ok=True)
                if error.errno in (errno.ENOSPC, errno.EDQUOT, errno.EFBIG):
                    raise SpoolFull from error
                raise
            return entry, True

    def put(self, entry: SpoolEntry) -> None:
        """Keep a state."""
        with self.lock:
            document = json.dumps(asdict(entry), indent=1).encode()
            write_durably(self.path / f"{entry.key}.json", document)
            self.entries[entry.key] = entry

    def advance(self, entry: SpoolEntry) -> bool:
        """Keep a state unless other bytes came under its UID meanwhile; whether it was kept."""
        with self.lock:
            known = self.entries.get(entry.key)
            if known is None or known.sha256 != entry.sha256:
                return False
            self.put(entry)
            return True

    def add_parcels(self, entry: SpoolEntry, objects: Iterable[tuple[str, bytes]]) -> SpoolEntry:
        """The entry with objects (kind, content), which are on disk now; nothing is written for a forgotten one."""
        parcels = []
        for number, (kind, content) in enumerate(objects):
            name = f"{entry.key}.{kind}-{number}.dcm"
            with self.lock:
                if entry.key not in self.entries:
                    break
                write_durably(self.path / name, content)
            parcels.append(Parcel(name, kind))
        return replace(entry, parcels=tuple(parcels))

    def forget(self, entry: SpoolEntry) -> None:
        """Remove an instance, its objects and its state."""
        with self.lock:
            if self.entries.get(entry.key, entry).sha256 != entry.sha256:
                return
            self.entries.pop(entry.key, None)
            (self.path / f"{entry.key}.json").unlink(missing_ok=True)
            self._remove_parcels(entry)
            self.instance(entry.key).unlink(missing_ok=True)

    def end(self, entry: SpoolEntry) -> None:
        """Keep the state of a scan that will have no result, and nothing else of it."""
        with self.lock:
            if self.advance(entry):
                self._remove_parcels(entry)
                self.instance(entry.key).unlink(missing_ok=True)

    def of_study(self, study: str) -> list[SpoolEntry]:
        """The instances of a study in the order of their arrival."""
        with self.lock:
            return sorted((e for e in self.entries.values() if e.study == study), key=lambda e: (e.received, e.key))

    def all(self) -> list[SpoolEntry]:
        """Every instance in the order of its arrival."""
        with self.lock:
            return sorted(self.entries.values(), key=lambda entry: (entry.received, entry.key))

    def size(self) -> int:
        """Bytes on disk."""
        total = 0
        for file in self.path.iterdir():
            try:
                total += file.stat().st_size
            except FileNotFoundError:
                continue
        return total

    def _remove_parcels(self, entry: SpoolEntry) -> None:
        """Remove the objects made for an instance, also those that its state does not name yet."""
        for file in self.path.glob(f"{entry.key}.*-*.dcm"):
            file.unlink(missing_ok=True)


KEY_FILE = "site.key"
"""Secret of the pseudonyms, beside the instances."""


def key_of(sop_instance_uid: str) -> str:
    """Name of an instance's files."""
    return hashlib.sha256(sop_instance_uid.encode()).hexdigest()[:_KEY_DIGITS]


def write_durably(path: Path, content: bytes) -> None:
    """Write a file that is whole and on disk when this returns, readable by its owner only."""
    temporary = path.with_name(f"{path.name}.new")
    handle = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(handle, "wb") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())
    temporary.replace(path)
    folder = os.open(path.parent, os.O_RDONLY)
    try:
        os.fsync(folder)
    finally:
        os.close(folder)


def _entry(document: dict[str, object]) -> SpoolEntry:
    parcels = document.pop("parcels", ())
    members = document.pop("members", ())
    return SpoolEntry(
        **document,  # type: ignore[arg-type]
        parcels=tuple(Parcel(**parcel) for parcel in parcels),  # type: ignore[attr-defined]
        members=tuple(members),  # type: ignore[arg-type]
    )
