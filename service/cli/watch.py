"""``mrsquant watch``: send every scan that appears in a folder to a running service."""

from __future__ import annotations

import os
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, get_args

import typer

from fitting.request import Document
from service.cli.exit_codes import CommandFailure, ExitCode, refusing
from service.cli.request_options import Paths, takes_request
from service.cli.signals import terminated_like_interrupted

if TYPE_CHECKING:
    from service.cli.folder import Folder
    from service.client.exchanges import ReportFormat
    from service.schemas.region_rules import RegionRule

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
    region_rules: Annotated[
        Path | None,
        typer.Option(
            metavar="RULES.toml",
            help="[[region]] tables of pattern and region, which a file's name or folder is searched for.",
        ),
    ] = None,
    report: Annotated[
        str | None, typer.Option(metavar="pdf,json", help="Write these reports of each scan: html, pdf, json, csv.")
    ] = None,
    out: Annotated[
        Path | None,
        typer.Option(metavar="DIR", help="Write outcomes and reports there instead of beside the scans."),
    ] = None,
    water_pattern: Annotated[
        str | None,
        typer.Option(metavar="{stem}_ref{suffix}", help="Name of a scan's water reference, instead of the usual ones."),
    ] = None,
    once: Annotated[
        bool, typer.Option("--once", help="End when everything there was sent and has ended, for cron.")
    ] = False,
) -> int:
    """Submit each new scan of a folder, with its water reference, until Ctrl-C.

    FILE.done or FILE.error.json records the outcome.
    """
    from fitting.run.check import check_document
    from service.cli.client import calling
    from service.cli.folder import Folder
    from service.client import Client

    if not folder.is_dir():
        raise CommandFailure(ExitCode.REFUSED, "inaccessible-file", str(folder), "is no folder; check the path.")
    with refusing(folder):
        check_document(document)
    rules = _rules(region_rules)
    reports, water_pattern = _reports(report), _checked_pattern(water_pattern)
    _check_writable(folder if out is None else out)
    with calling(), Client(url) as client, terminated_like_interrupted():
        watched = Folder(
            folder, client, document, settle, _tell, rules=rules, reports=reports, out=out, water_pattern=water_pattern
        )
        try:
            while True:
                _look(watched, patiently=not once)
                if once and not watched.is_waiting:
                    return ExitCode.ANALYSED
                time.sleep(min(LOOK_SECONDS, settle) or 0.1)
        except KeyboardInterrupt:  # the next run submits it again: equal submissions are one analysis
            return ExitCode.ANALYSED


def _rules(path: Path | None) -> tuple[RegionRule, ...]:
    from service.schemas.region_rules import read_rules

    if path is None:
        return ()
    with refusing(path):
        return read_rules(path)


def _reports(names: str | None) -> tuple[ReportFormat, ...]:
    from service.client.exchanges import ReportFormat

    wanted = () if names is None else tuple(name.strip() for name in names.split(","))
    offered = get_args(ReportFormat)
    unknown = [name for name in wanted if name not in offered]
    if unknown:
        detail = f"there is no report {', '.join(map(repr, unknown))}; there are {', '.join(offered)}."
        raise CommandFailure(ExitCode.FAILURE, "usage", "--report", detail)
    return tuple(name for name in offered if name in wanted)


def _checked_pattern(pattern: str | None) -> str | None:
    from service.cli.reference_names import of_pattern

    if pattern is not None:
        try:
            of_pattern(pattern, "scan.dcm")
        except ValueError as error:
            raise CommandFailure(ExitCode.FAILURE, "usage", "--water-pattern", f"{error}.") from error
    return pattern


def _check_writable(folder: Path) -> None:
    """Refuse a folder that outcomes cannot be written to, before anything is sent."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
        is_writable = os.access(folder, os.W_OK)
    except OSError:
        is_writable = False
    if not is_writable:
        detail = "outcomes cannot be written there; name another folder with --out."
        raise CommandFailure(ExitCode.FAILURE, "file-not-writable", str(folder), detail)


def _look(watched: Folder, *, patiently: bool) -> None:
    from service.cli.client import failure_of
    from service.client import ClientError

    try:
        watched.look()
    except ClientError as error:
        if not patiently:
            raise
        _tell(failure_of(error).line)
    except OSError as error:
        reason = error.strerror or type(error).__name__
        raise CommandFailure(
            ExitCode.FAILURE, "file-not-writable", str(watched.out or watched.path), f"{reason}; try --out."
        ) from error


def _tell(line: str) -> None:
    sys.stderr.write(line + "\n")
