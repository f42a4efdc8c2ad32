"""``mrsquant watch``: send every spectrum that appears in a folder to a running service."""

from __future__ import annotations

import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from fitting.request import Document
from service.cli.failures import CommandFailure, ExitCode, refusing
from service.cli.request_options import Paths, takes_request
from service.cli.signals import terminated_like_interrupted

if TYPE_CHECKING:
    from service.cli.folder import Folder

LOOK_SECONDS = 2.0


@takes_request()
def watch(
    folder: Annotated[Path, typer.Argument(metavar="FOLDER", help="Folder that spectra are exported into.")],
    *,
    document: Document,
    paths: Paths,  # noqa: ARG001 - every command of a request has both
    url: Annotated[str, typer.Option(metavar="URL", help="Base address of the service.")],
    settle: Annotated[
        float, typer.Option(min=0, metavar="SECONDS", help="A file that did not change for this long is whole.")
    ] = 10.0,
    once: Annotated[
        bool, typer.Option("--once", help="End when everything there was sent and has ended, for cron.")
    ] = False,
) -> int:
    """Submit each new spectrum of a folder until Ctrl-C; FILE.done or FILE.error.json records the outcome."""
    from fitting.run.check import check_document
    from service.cli.client import calling
    from service.cli.folder import Folder
    from service.client import Client

    if not folder.is_dir():
        raise CommandFailure(ExitCode.REFUSED, "inaccessible-file", str(folder), "is no folder; check the path.")
    with refusing(folder):
        check_document(document)
    with calling(), Client(url) as client, terminated_like_interrupted():
        watched = Folder(folder, client, document, settle, _tell)
        try:
            while True:
                _look(watched, patiently=not once)
                if once and not watched.seen and not watched.sent:
                    return ExitCode.ANALYSED
                time.sleep(min(LOOK_SECONDS, settle) or 0.1)
        except KeyboardInterrupt:  # the next run submits it again: equal submissions are one analysis
            return ExitCode.ANALYSED


def _look(watched: Folder, *, patiently: bool) -> None:
    from service.cli.client import failure_of
    from service.client import ClientError

    try:
        watched.look()
    except ClientError as error:
        if not patiently:
            raise
        _tell(failure_of(error).line)


def _tell(line: str) -> None:
    sys.stderr.write(line + "\n")
