"""A small disk that can be filled to the last byte."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

MEGABYTES = 200


class Disk:
    """A folder on a file system of its own, in memory."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    @contextmanager
    def filled(self) -> Iterator[None]:
        """No byte is left while this lasts."""
        ballast = self.folder / "ballast"
        descriptor = os.open(ballast, os.O_CREAT | os.O_WRONLY)
        try:
            block = bytes(1 << 20)
            while block:
                try:
                    os.write(descriptor, block)
                except OSError:
                    block = block[: len(block) // 2]
            yield
        finally:
            os.close(descriptor)
            with suppress(FileNotFoundError):
                ballast.unlink()


@contextmanager
def small_disk(folder: Path) -> Iterator[Disk]:
    """Mount a small file system at ``folder`` (needs root, as in a container of continuous integration).

    Raises
    ------
    PermissionError
        When this user may not mount.
    """
    mounted = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", f"size={MEGABYTES}m,mode=0700", "tmpfs", str(folder)],
        capture_output=True,
        check=False,
    )
    if mounted.returncode:
        raise PermissionError("a small disk cannot be mounted here: run as root")
    try:
        yield Disk(folder)
    finally:
        subprocess.run(["umount", "--lazy", str(folder)], check=True)
