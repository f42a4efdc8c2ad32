"""``mrsquant analyse``: one spectrum in, one report out."""

from __future__ import annotations

import time
from pathlib import Path
from typing import Annotated, Literal

import typer

from fitting.subject import Options
from service.cli.configuration import load_settings
from service.cli.failures import CommandFailure, ExitCode, refusing
from service.cli.images import AnatomyOption, TissueMapsOption
from service.cli.metadata import Metadata, takes_metadata
from service.cli.method import PriorOption
from service.cli.output import Format, check_destination, chosen_format, refuse_overwriting, write
from service.cli.own_norms import own_norms


@takes_metadata
def analyse(
    file: Annotated[Path, typer.Argument(metavar="FILE", help="Spectrum in any supported format.")],
    *,
    metadata: Metadata,
    water_reference: Annotated[
        Path | None, typer.Option(metavar="FILE", help="Scan without water suppression, if it is another file.")
    ] = None,
    basis: Annotated[
        Path | None, typer.Option(metavar="PATH", help="LCModel .BASIS file or folder of FSL-MRS JSON files.")
    ] = None,
    relaxation: Annotated[
        Path | None, typer.Option(metavar="FILE", help="CSV of relaxation times that replace the shipped ones.")
    ] = None,
    macromolecules: Annotated[
        Path | None,
        typer.Option(metavar="FILE", help="Measured macromolecules (metabolites nulled) to use instead of published."),
    ] = None,
    concentration_prior: PriorOption = None,
    anatomy: AnatomyOption = None,
    tissue_maps: TissueMapsOption = None,
    format: Annotated[Format | None, typer.Option(help="Default: what OUT's suffix says, else a table.")] = None,
    paper: Annotated[Literal["a4", "letter"], typer.Option(help="Size of the pages of a PDF.")] = "a4",
    out: Annotated[
        Path | None, typer.Option("--output", "-o", metavar="OUT", help="Write to this file instead of stdout.")
    ] = None,
) -> int:
    """Quantify one spectrum and compare it with matched control norms."""
    from fitting.pipeline import analyse as run_pipeline
    from service.cli.inputs import read_job
    from service.reports import AnalysisDocument, FormatUnavailable, render

    chosen = chosen_format(format, out)
    check_destination(chosen, out)
    refuse_overwriting(out, file, water_reference, basis, relaxation, macromolecules, anatomy, *(tissue_maps or ()))
    norms = own_norms()
    with refusing(file):
        job = read_job(
            file,
            water_reference=water_reference,
            subject=metadata.subject(),
            options=Options(concentration_prior=concentration_prior, overrides=metadata.overrides()),
            basis=basis,
            relaxation=relaxation,
            macromolecules=macromolecules,
            anatomy=anatomy,
            tissue_maps=tissue_maps,
            site_norms=norms,
        )
        started = time.perf_counter()
        analysis, traces = run_pipeline(job, cache_dir=load_settings().cache_dir)
        seconds = time.perf_counter() - started
    # RESULTS.csv has a column for the time; every other format is the same bytes for the same input
    document = AnalysisDocument(analysis, seconds=seconds if chosen == "csv" else None)
    try:
        rendered = render(chosen, document, traces, paper)
    except FormatUnavailable as error:
        raise CommandFailure(ExitCode.FAILURE, error.code, f"--format {chosen}", error.detail) from error
    write(rendered.content, out)
    readable = analysis.verdict.usable != "no" and analysis.outcome.code != "failed"
    return ExitCode.ANALYSED if readable else ExitCode.NOT_INTERPRETABLE
