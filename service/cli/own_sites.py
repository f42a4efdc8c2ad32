"""Calibrated scanners for commands that need no server: ``--site`` and the folder ``MRSQUANT_SITES_PATH``."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING

from service.cli.exit_codes import refusing
from service.cli.operator_settings import load_settings

if TYPE_CHECKING:
    from fitting.sites import Site


def own_sites() -> tuple[Site, ...]:
    """Every site of the folder, newest file first; none without the setting.

    Raises
    ------
    CommandFailure
        When a file in it is not a calibration.
    """
    folder = load_settings().sites_path
    if folder is None:
        return ()
    from service.schemas.site_folder import read_site_folder

    with refusing(folder):
        return read_site_folder(folder)


def site_at(path: Path) -> Site:
    """The site of a profile on disk.

    Raises
    ------
    CommandFailure
        When it cannot be read.
    """
    from fitting.errors import UnusableSite
    from fitting.io.companions import file_content
    from fitting.sites import read_site

    with refusing(path):
        return read_site(file_content(path, UnusableSite).content, path.name)


def check_site(paths: Mapping[str, Path]) -> None:
    """Refuse an unreadable ``--site`` once, before it is sent with every spectrum.

    Raises
    ------
    CommandFailure
    """
    if "site" in paths:
        site_at(paths["site"])
