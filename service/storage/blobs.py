"""Files by the SHA-256 of their content, in a folder; a file is complete or not there."""

from __future__ import annotations

import os
import tempfile
from pathlib import Path

_SHARD = 2
"""Digits of the digest that name the folder: a thousand files in each are a quarter of a million."""


class BlobStore:
    """Uploaded and computed files below one folder, each kept once whatever refers to it."""

    def __init__(self, folder: Path) -> None:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        self._folder = folder

    def ensure(self, sha256: str, content: bytes) -> None:
        """Keep ``content``, whose digest is ``sha256``."""
        if self.has(sha256):
            return
        path = self._path(sha256)
        path.parent.mkdir(mode=0o700, exist_ok=True)
        handle, temporary = tempfile.mkstemp(dir=path.parent, prefix=".new-")
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
        """The content with this digest.

        Raises
        ------
        FileNotFoundError
            When it is not there.
        """
        return self._path(sha256).read_bytes()

    def has(self, sha256: str) -> bool:
        """Is the content with this digest there?"""
        return self._path(sha256).exists()

    def remove(self, sha256: str) -> None:
        """Delete the content with this digest; nothing happens when it is not there."""
        self._path(sha256).unlink(missing_ok=True)

    def shards(self) -> list[str]:
        """First two digits of the digests there are; each has a folder."""
        return sorted(path.name for path in self._folder.iterdir() if path.is_dir() and len(path.name) == _SHARD)

    def names(self, shard: str) -> set[str]:
        """Names of the files in one folder: digests, and what a writer that was killed left behind."""
        return {path.name for path in (self._folder / shard).iterdir()}

    def remove_file(self, shard: str, name: str) -> None:
        """Delete one of ``names``."""
        (self._folder / shard / name).unlink(missing_ok=True)

    def _path(self, sha256: str) -> Path:
        return self._folder / sha256[:_SHARD] / sha256
