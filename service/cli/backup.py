"""``mrsquant backup``: a copy of database and files that is a data folder itself."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Annotated

import typer

from service.cli.configuration import load_settings
from service.cli.failures import CommandFailure, ExitCode, writing


def backup(
    target: Annotated[Path, typer.Argument(metavar="FOLDER", help="Folder to make; it must not exist or be empty.")],
) -> int:
    """Copy everything that is kept, while the service runs or not. To restore, make the copy the data folder."""
    from sqlalchemy import make_url

    from service.storage.backup import DamagedBlob, copy_all
    from service.storage.blobs import BlobStore

    settings = load_settings()
    url = make_url(settings.database_url)
    if url.get_backend_name() != "sqlite":
        detail = "is PostgreSQL: take pg_dump first, then copy the folder `blobs`; see docs/how-to/backup.md."
        raise CommandFailure(ExitCode.FAILURE, "usage", "MRSQUANT_DATABASE_URL", detail)
    database = Path(url.database or "")
    if not database.is_file():
        raise CommandFailure(ExitCode.FAILURE, "usage", str(database), "there is nothing to copy yet.")
    if target.exists() and any(target.iterdir()):
        raise CommandFailure(ExitCode.FAILURE, "usage", str(target), "is not empty; choose another folder.")
    with writing(target):
        target.mkdir(mode=0o700, parents=True, exist_ok=True)
        try:
            copied = copy_all(database, BlobStore(settings.data_dir / "blobs"), target)
        except DamagedBlob as error:
            raise CommandFailure(ExitCode.FAILURE, "damaged-file", str(settings.data_dir), f"{error}.") from error
    sys.stderr.write(f"{target}: {copied.analyses} analyses, {copied.files} files\n")
    return ExitCode.ANALYSED
