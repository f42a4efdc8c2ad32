"""Files by the SHA-256 of their content, in a folder; a file is complete or not there, and verified when it is read."""

from __future__ import annotations

import hashlib
import os
import re
import tempfile
import time
from pathlib import Path

from service.errors import DamagedStorage, NotReady

_SHARD = 2
"""Digits of the digest that name the folder: a thousand files in each are a quarter of a million."""
_DIGEST = re.compile("[0-9a-f]{64}")
_UNFINISHED = ".new-"


class BlobStore:
    """Uploaded and computed files below one folder, each kept once whatever refers to it.

    Unreferenced files are moved to the folder ``trash`` beside it; a file that is referenced again is restored.
    """

    def __init__(self, folder: Path, *, create: bool = True) -> None:
        self._folder = folder
        self._trash = folder.with_name("trash")
        if create:
            self.create()

    def create(self) -> None:
        """Make the folder, once: if it is missing later, its disk is unmounted, and no other folder may replace it."""
        self._folder.mkdir(mode=0o700, parents=True, exist_ok=True)

    def ensure(self, sha256: str, content: bytes) -> None:
        """Keep ``content``, whose digest is ``sha256``; a file that is damaged is replaced.

        Raises
        ------
        NotReady
            When the folder is gone.
        """
        path = self._path(sha256)
        if _read(path, sha256) is not None:
            os.utime(path)  # as young as a new one: the sweep does not take it before its row is there
            return
        self._make_shard(path)
        handle, temporary = tempfile.mkstemp(dir=path.parent, prefix=_UNFINISHED)
        try:
            with os.fdopen(handle, "wb") as file:
                file.write(content)
                file.flush()
                os.fsync(file.fileno())
            os.replace(temporary, path)
        except BaseException:
            os.unlink(temporary)
            raise

    def get(self, sha256: str) -> bytes:
        """The content with this digest, also from the trash.

        Raises
        ------
        DamagedStorage
            When it is not there, or is not what was stored.
        """
        path = self._path(sha256)
        content = _read(path, sha256)
        if content is None and self.restore(sha256):
            content = _read(path, sha256)
        if content is None:
            state = "changed" if path.exists() else "missing"
            raise DamagedStorage(
                f"A stored file is {state}. Upload the same file again; operators restore {sha256} from a backup.",
                sha256=sha256,
                state=state,
            )
        return content

    def is_intact(self, sha256: str) -> bool:
        """Whether the content with this digest can be read, from the trash if necessary."""
        return any(_read(path, sha256) is not None for path in (self._path(sha256), self._trash / sha256))

    def has(self, sha256: str) -> bool:
        """Whether a file exists for this digest, in the store or the trash; does not read it."""
        return self._path(sha256).exists() or (self._trash / sha256).exists()

    def is_empty(self) -> bool:
        """Whether the store is empty."""
        return not any(self.digests(shard) for shard in self.shards())

    def remove(self, sha256: str) -> None:
        """Delete the content with this digest permanently; does nothing when it is absent."""
        self._path(sha256).unlink(missing_ok=True)
        (self._trash / sha256).unlink(missing_ok=True)

    def shards(self) -> list[str]:
        """First two digits of the digests there are; each has a folder."""
        if not self._folder.exists():
            return []
        return sorted(path.name for path in self._folder.iterdir() if path.is_dir() and len(path.name) == _SHARD)

    def digests(self, shard: str) -> set[str]:
        """The digests in one folder."""
        return {path.name for path in (self._folder / shard).iterdir() if _DIGEST.fullmatch(path.name)}

    def age(self, sha256: str) -> float | None:
        """Seconds since the content was stored last; None when it is not there."""
        return _age(self._path(sha256))

    def remove_unfinished(self, shard: str, seconds: float) -> int:
        """Remove temporary files that killed writers left this long ago; return their number."""
        old = [path for path in (self._folder / shard).glob(f"{_UNFINISHED}*") if (_age(path) or 0) > seconds]
        for path in old:
            path.unlink(missing_ok=True)
        return len(old)

    def move_to_trash(self, sha256: str) -> None:
        """Move the content to the trash."""
        self._trash.mkdir(mode=0o700, exist_ok=True)
        path = self._path(sha256)
        os.utime(path)  # the modification time records the start of its time in the trash
        os.replace(path, self._trash / sha256)

    def trashed(self, seconds: float = 0) -> list[str]:
        """Digests of content that has been in the trash this long."""
        if not self._trash.exists():
            return []
        return [path.name for path in self._trash.iterdir() if (_age(path) or 0) >= seconds]

    def remove_from_trash(self, sha256: str) -> None:
        """Delete content in the trash permanently."""
        (self._trash / sha256).unlink(missing_ok=True)

    def restore(self, sha256: str) -> bool:
        """Bring content back from the trash, if it is there unchanged."""
        kept = self._trash / sha256
        if _read(kept, sha256) is None:
            return False
        path = self._path(sha256)
        self._make_shard(path)
        try:
            os.replace(kept, path)
        except FileNotFoundError:  # another process was faster
            return path.exists()
        return True

    def _make_shard(self, path: Path) -> None:
        try:
            path.parent.mkdir(mode=0o700, exist_ok=True)
        except FileNotFoundError as error:
            raise NotReady("The data folder is gone; try again later.", headers={"Retry-After": "30"}) from error

    def _path(self, sha256: str) -> Path:
        return self._folder / sha256[:_SHARD] / sha256


def _read(path: Path, sha256: str) -> bytes | None:
    """The content of a file; None when it is not there or has another digest."""
    try:
        content = path.read_bytes()
    except FileNotFoundError:
        return None
    return content if hashlib.sha256(content).hexdigest() == sha256 else None


def _age(path: Path) -> float | None:
    try:
        return time.time() - path.stat().st_mtime
    except FileNotFoundError:
        return None
