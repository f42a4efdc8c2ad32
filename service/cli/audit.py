"""``mrsquant audit``: show the audit log and verify its integrity."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Annotated

import typer

from service.cli.exit_codes import CommandFailure, ExitCode
from service.cli.operator_settings import load_settings

if TYPE_CHECKING:
    from service.storage.audit import AuditLog
    from service.storage.audit_folder import AuditFolder

app = typer.Typer(no_args_is_help=True, help="Show and verify the audit log of MRSQUANT_DATABASE_URL.")


@app.command()
def verify(
    contains: Annotated[
        str | None, typer.Option(metavar="SHA256", help="Digest of an earlier row, kept elsewhere, that must be there.")
    ] = None,
) -> int:
    """Read the whole chain and compare it with the data folder; print number and digest of its newest row."""
    from service.storage.audit import BrokenChain
    from service.storage.audit_folder import UnreadableHead

    with _log() as (log, folder):
        try:
            head = log.verify(contains)
            _, faults = log.examine(folder.head())
        except (BrokenChain, UnreadableHead) as error:
            raise CommandFailure(ExitCode.FAILURE, "audit-log-broken", "audit_log", str(error)) from error
    if faults:
        raise CommandFailure(ExitCode.FAILURE, "audit-log-broken", "audit_log", " ".join(faults))
    sys.stdout.write(f"{head.position}\t{head.sha256}\n")
    return ExitCode.ANALYSED


@app.command()
def accept() -> int:
    """Accept the present log after an older copy was restored; a new row records the newest row known before.

    Restore the triggers that forbid changes. Truncated rows stay lost. Print number and digest of the new row.
    """
    from service.storage.audit_folder import UnreadableHead

    with _log() as (log, folder):
        try:
            known = folder.head()
        except UnreadableHead:
            known = None
        head = log.accept(known)
        folder.keep(head, backwards=True)
    sys.stdout.write(f"{head.position}\t{head.sha256}\n")
    return ExitCode.ANALYSED


@app.command()
def show(
    analysis: Annotated[str | None, typer.Option(metavar="ID", help="Only what was done to this analysis.")] = None,
) -> int:
    """Print who did what and when, oldest first, one JSON object a line."""
    columns = ("position", "at", "actor", "project", "action", "status", "analysis_id", "address", "request_id")
    with _log() as (log, _):
        for row in log.rows(analysis):
            entry = {name: getattr(row, name) for name in columns} | {"at": row.at.isoformat()}
            sys.stdout.write(json.dumps(entry) + "\n")
    return ExitCode.ANALYSED


@contextmanager
def _log() -> Iterator[tuple[AuditLog, AuditFolder]]:
    from sqlalchemy.exc import SQLAlchemyError

    from service.storage.audit import AuditLog
    from service.storage.audit_folder import AuditFolder
    from service.storage.database import Database

    settings = load_settings()
    database = Database(settings.database_url)
    try:
        yield AuditLog(database), AuditFolder(settings.data_dir)
    except SQLAlchemyError as error:
        detail = f"it cannot be read ({type(error).__name__}); has the service run with it?"
        raise CommandFailure(ExitCode.FAILURE, "database-unusable", "MRSQUANT_DATABASE_URL", detail) from error
    finally:
        database.close()
