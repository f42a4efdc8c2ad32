"""The service instance that owns running analyses: a name in the database and a file that its process locks."""

from __future__ import annotations

import fcntl
import os
import secrets
import socket
from contextlib import suppress
from pathlib import Path


class Instance:
    """The process as the owner of the analyses that it claims.

    The kernel lets go of the file's lock when the process ends, however it ends, so a service that starts again in
    the same data folder knows at once what its predecessor left behind. Instances that use another folder are known
    by their heartbeat only.
    """

    def __init__(self, folder: Path) -> None:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        self._folder = folder
        self.name = f"{socket.gethostname()[:80]}:{os.getpid()}:{secrets.token_hex(4)}"
        self._path = self._file_of(self.name)
        self._descriptor = os.open(self._path, os.O_CREAT | os.O_RDWR | os.O_CLOEXEC, 0o600)
        fcntl.flock(self._descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)

    def is_dead(self, name: str) -> bool:
        """Whether the process of this name is known to have ended; removes its file."""
        if name == self.name:
            return False
        path = self._file_of(name)
        try:
            descriptor = os.open(path, os.O_RDWR | os.O_CLOEXEC)
        except FileNotFoundError:
            return False
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return False
        finally:
            os.close(descriptor)
        return True

    def forget(self, name: str) -> None:
        """Remove the file of a dead instance that owns no analysis any more."""
        self._file_of(name).unlink(missing_ok=True)

    def close(self) -> None:
        """Release the lock; may be called again."""
        self._path.unlink(missing_ok=True)
        with suppress(OSError):
            os.close(self._descriptor)

    def _file_of(self, name: str) -> Path:
        return self._folder / f"{name.rsplit(':', 1)[-1]}.lock"
