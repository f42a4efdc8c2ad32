"""``mrsquant dicom-report``: DICOM objects of an analysis that a service keeps, for programs that hold the study."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Literal

import typer

from service.cli.exit_codes import ExitCode, refusing


def dicom_report(
    analysis: Annotated[str, typer.Argument(metavar="ANALYSIS", help="Id or address of a finished analysis.")],
    *,
    url: Annotated[str, typer.Option(metavar="URL", help="Base address of the service.")],
    study: Annotated[
        Path, typer.Option(metavar="FILE", help="The measured DICOM instance, whose patient and study the result gets.")
    ],
    water: Annotated[
        Path | None, typer.Option(metavar="FILE", help="DICOM instance of the water reference, to refer to.")
    ] = None,
    lends_header: Annotated[
        bool, typer.Option("--lends-header", help="FILE is another instance of the study: refer to no source.")
    ] = False,
    organisation: Annotated[
        str | None, typer.Option(help="Who answers for signed reports. Default: the institution in FILE.")
    ] = None,
    format: Annotated[Literal["dicom-sr", "dicom-pdf", "dicom-sc"], typer.Option(help="Kind of object.")] = "dicom-sr",
    out: Annotated[Path, typer.Option("--output", "-o", metavar="OUT", help="Write to this file.")],
) -> int:
    """Make a DICOM object of an analysis that a service keeps; identity stays here, the service never gets FILE."""
    from dataclasses import replace

    from fitting.errors import InaccessibleFile
    from fitting.io.companions import file_content
    from service.cli.client import calling
    from service.cli.dicom_objects import objects, source_of, write_objects
    from service.client import Client
    from service.reports.fetched import fetch

    with refusing(study):
        spectrum = (file_content(study, InaccessibleFile),)
        reference = () if water is None else (file_content(water, InaccessibleFile),)
    source = replace(source_of(spectrum, reference, None, organisation), measured=not lends_header)
    with calling(), Client(url) as client:
        found = fetch(client, analysis)
    write_objects(objects(format, found.document, found.traces, source, found.signed_pdf), out, study, water)
    return ExitCode.NOT_INTERPRETABLE if found.document.analysis.verdict.usable == "no" else ExitCode.ANALYSED
