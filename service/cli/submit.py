"""``mrsquant submit``: send one spectrum to a running service, and wait for the report if wanted."""

from __future__ import annotations

import sys
from dataclasses import asdict
from pathlib import Path
from typing import Annotated, Any

import typer

from service.cli.failures import ExitCode, refusing
from service.cli.images import AnatomyOption, TissueMapsOption, read_images
from service.cli.metadata import Metadata, takes_metadata
from service.cli.method import PriorOption
from service.cli.output import refuse_overwriting, write

CANCELLED = {"code": "cancelled", "detail": "Somebody cancelled the analysis; submit it again."}


@takes_metadata
def submit(
    file: Annotated[Path, typer.Argument(metavar="FILE", help="Spectrum in any supported format.")],
    *,
    metadata: Metadata,
    url: Annotated[str, typer.Option(metavar="URL", help="Base address of the service.")],
    water_reference: Annotated[
        Path | None, typer.Option(metavar="FILE", help="Scan without water suppression, if it is another file.")
    ] = None,
    macromolecules: Annotated[
        Path | None,
        typer.Option(metavar="FILE", help="Measured macromolecules (metabolites nulled) to use instead of published."),
    ] = None,
    concentration_prior: PriorOption = None,
    anatomy: AnatomyOption = None,
    tissue_maps: TissueMapsOption = None,
    wait: Annotated[bool, typer.Option("--wait", help="Wait for the result and print it as a table.")] = False,
    pdf: Annotated[
        Path | None, typer.Option(metavar="OUT", help="Wait for the result and write its PDF report.")
    ] = None,
) -> int:
    """Send one spectrum to a running service; print the address of its analysis, or with --wait the result."""
    from fitting.io.companions import source_files
    from service.cli.client import ServiceClient, refusal_of

    refuse_overwriting(pdf, file, water_reference, macromolecules, anatomy, *(tissue_maps or ()))
    with refusing(file):
        metabolite = source_files(file)
        water = () if water_reference is None else source_files(water_reference)
        measured = () if macromolecules is None else source_files(macromolecules)
        images = read_images(anatomy, tissue_maps)
        request = request_document(metadata, concentration_prior)
    with ServiceClient(url) as client:
        analysis = client.submit(metabolite, water, request, images, macromolecules=measured)
        if not wait and pdf is None:
            sys.stdout.write(f"{analysis}\n")
            return ExitCode.ANALYSED
        document = client.wait(analysis)
        if document["state"] != "succeeded":
            raise refusal_of(document["problem"] or CANCELLED, str(file))
        if pdf is not None:
            write(client.report(analysis, "pdf"), pdf)
    if pdf is None or wait:
        _print(document)
    return ExitCode.NOT_INTERPRETABLE if document["verdict"]["usable"] == "no" else ExitCode.ANALYSED


def request_document(metadata: Metadata, concentration_prior: str | None = None) -> dict[str, Any]:
    """The ``request`` part of the upload: what was given, under the names of the API."""
    subject = asdict(metadata.subject())
    overrides = {name: value for name, value in asdict(metadata.overrides()).items() if value is not None}
    given: dict[str, Any] = {name: value for name, value in subject.items() if value is not None}
    options = {} if concentration_prior is None else {"concentration_prior": concentration_prior}
    return given | ({"overrides": overrides} if overrides else {}) | ({"options": options} if options else {})


def _print(document: dict[str, Any]) -> None:
    from service.reports import AnalysisDocument
    from service.reports.table import as_text
    from service.storage.documents import load_analysis

    envelope = {name: document[name] for name in ("id", "created", "finished", "seconds", "subject", "session")}
    sys.stdout.write(as_text(AnalysisDocument(load_analysis(document), **envelope)))
