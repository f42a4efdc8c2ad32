"""``mrsquant submit``: send one spectrum to a running service, and wait for the report if wanted."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Annotated, Any

import typer

from fitting.request import PARTS, Document
from service.cli.exit_codes import ExitCode, refusing
from service.cli.output import refuse_overwriting, write
from service.cli.request_options import Paths, takes_request

CANCELLED = {"code": "cancelled", "detail": "The analysis was cancelled; submit it again."}


@takes_request(files=[part.name for part in PARTS if part.is_uploaded and part.name != "metabolite"])
def submit(
    file: Annotated[Path, typer.Argument(metavar="FILE", help="Spectrum in any supported format.")],
    *,
    document: Document,
    paths: Paths,
    url: Annotated[str, typer.Option(metavar="URL", help="Base address of the service.")],
    wait: Annotated[bool, typer.Option("--wait", help="Wait for the result and print it as a table.")] = False,
    pdf: Annotated[
        Path | None, typer.Option(metavar="OUT", help="Wait for the result and write its PDF report.")
    ] = None,
) -> int:
    """Send one spectrum to a running service; print the address of its analysis, or with --wait the result."""
    from fitting.run.check import check_document
    from fitting.run.job import read_part
    from service.cli.client import calling, uploads
    from service.client import Client, problem_error

    refuse_overwriting(pdf, file, *paths.values())
    with refusing(file):
        check_document(document)
        parts = {name: read_part(name, path) for name, path in {"metabolite": file, **paths}.items()}
    with calling(), Client(url) as client:
        analysis = client.submit(uploads(parts), document)
        if not wait and pdf is None:
            sys.stdout.write(f"{analysis}\n")
            return ExitCode.ANALYSED
        answer = client.wait(analysis)
        if answer["state"] != "succeeded":
            raise problem_error(answer["problem"] or CANCELLED, str(file))
        if pdf is not None:
            write(client.report(analysis, "pdf"), pdf)
    if pdf is None or wait:
        _print(answer)
    return ExitCode.NOT_INTERPRETABLE if answer["verdict"]["usable"] == "no" else ExitCode.ANALYSED


def _print(document: dict[str, Any]) -> None:
    from service.documents import load_analysis
    from service.reports import AnalysisDocument
    from service.reports.table import as_text

    envelope = {name: document[name] for name in ("id", "created", "finished", "seconds", "subject", "session")}
    sys.stdout.write(as_text(AnalysisDocument(load_analysis(document), **envelope)))
