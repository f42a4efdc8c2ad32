"""A folder of calibrated scanners: one ``SITE.json`` for each."""

from __future__ import annotations

from pathlib import Path

from fitting.errors import UnusableSite
from fitting.io.companions import file_content
from fitting.sites import Site, read_site


def read_site_folder(folder: Path) -> tuple[Site, ...]:
    """The sites of a folder, newest file first.

    Raises
    ------
    UnusableSite
        Naming the file, when it is no calibration, or when there is none at all.
    """
    files = sorted(folder.glob("*.json"), key=lambda path: (-path.stat().st_mtime, path.name))
    if not files:
        raise UnusableSite(f"Folder '{folder.name}' holds no .json file with a calibration; check the path.")
    return tuple(read_site(file_content(path, UnusableSite).content, path.name) for path in files)
