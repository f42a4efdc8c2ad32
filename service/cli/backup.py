"""``mrsquant backup``: a copy of database and files that is a data folder itself."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Annotated

import typer

from service.cli.exit_codes import CommandFailure, ExitCode, writing
from service.cli.operator_settings import load_settings
from service.cli.storage import usable_storage


def backup(
    target: Annotated[Path, typer.Argument(metavar="FOLDER", help="Folder to make; it must not exist or be empty.")],
) -> int:
    """Copy all stored data, also while the service runs. To restore, replace the data folder with the copy."""
    from sqlalchemy import make_url

    from service.storage.backup import copy_all

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
    with usable_storage(settings, "damaged-storage") as storage:
        storage.check()
        if storage.contents().revision is None:
            raise CommandFailure(ExitCode.FAILURE, "usage", str(database), "there is nothing to copy yet.")
        with writing(target):
            target.mkdir(mode=0o700, parents=True, exist_ok=True)
            copied = copy_all(database, storage.blobs, target)
    sys.stderr.write(
        f"{target}: {copied.analyses} analyses, {copied.files} files, {copied.sign_offs} steps of sign-offs; "
        f"{copied.removed} analyses were deleted during the copy\n"
    )
    if not copied.damage:
        return ExitCode.ANALYSED
    for gap in copied.damage:
        sys.stderr.write(f"analysis {gap.analysis_id}: {gap.name} is {gap.state} ({gap.sha256})\n")
    detail = (
        f"{len(copied.damage)} files are missing or changed. The copy keeps what is known of their analyses, without "
        "these files; restore them from an earlier copy or upload the same files again."
    )
    raise CommandFailure(ExitCode.FAILURE, "damaged-storage", str(settings.data_dir), detail)
