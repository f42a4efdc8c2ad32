"""``mrsquant analyse``: one spectrum in, one report out."""

from __future__ import annotations

import time
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal, cast

import typer

from fitting.request import PARTS, Document
from service.cli.exit_codes import CommandFailure, ExitCode, refusing
from service.cli.operator_settings import load_settings
from service.cli.output import (
    SEVERAL_FILES,
    Format,
    check_destination,
    chosen_format,
    refuse_overwriting,
    write,
    write_several,
)
from service.cli.own_norms import other_laboratories, own_norms
from service.cli.own_sites import check_site, own_sites
from service.cli.request_options import Paths, takes_request

if TYPE_CHECKING:
    from fitting.model.result import Traces
    from service.reports import AnalysisDocument, Export, Paper
    from service.reports import Format as ReportFormat


@takes_request(files=[part.name for part in PARTS if part.name != "metabolite"])
def analyse(
    file: Annotated[Path, typer.Argument(metavar="FILE", help="Spectrum in any supported format.")],
    *,
    document: Document,
    paths: Paths,
    format: Annotated[Format | None, typer.Option(help="Default: what OUT's suffix says, else a table.")] = None,
    paper: Annotated[Literal["a4", "letter"], typer.Option(help="Size of the pages of a PDF.")] = "a4",
    study: Annotated[
        Path | None,
        typer.Option(metavar="FILE", help="DICOM instance of the study that dicom-… belongs to, when FILE is none."),
    ] = None,
    out: Annotated[
        Path | None,
        typer.Option(
            "--output",
            "-o",
            metavar="OUT",
            help="Write to this file instead of stdout; nifti-mrs and lcmodel: into this folder.",
        ),
    ] = None,
) -> int:
    """Quantify one spectrum and compare it with matched control norms."""
    from fitting.run import analyse as run_pipeline
    from fitting.run.job import Job
    from service.cli.dicom_objects import dicom_format, objects, source_of, write_objects
    from service.reports import AnalysisDocument

    chosen = chosen_format(format, out)
    as_dicom = dicom_format(chosen)
    check_destination(chosen, out)
    refuse_overwriting(out, file, study, *paths.values())
    check_site(paths)
    norms, sites = own_norms(), own_sites()
    with refusing(file):
        job = Job.read(document, {"metabolite": file, **paths}, norms, sites)
        job = replace(job, laboratories=other_laboratories())
        source = source_of(job.metabolite, job.water_reference, study) if as_dicom else None
        started = time.perf_counter()
        analysis, traces = run_pipeline(job, cache_dir=load_settings().cache_dir)
        seconds = time.perf_counter() - started
    # RESULTS.csv has a column for the time, paper needs its date; other formats are the same bytes for the same input
    timed = seconds if chosen == "csv" else None
    finished = datetime.now(UTC).isoformat(timespec="seconds") if chosen == "pdf" else None
    subject, session, group = (document.get(name) for name in ("subject", "session", "group"))
    answer = AnalysisDocument(analysis, seconds=timed, finished=finished, subject=subject, session=session, group=group)
    if as_dicom and source is not None:
        write_objects(objects(as_dicom, answer, traces, source), out, file, study, *paths.values())
    elif chosen in SEVERAL_FILES and out is not None:
        write_several(_exported(chosen, answer, traces), out)
    else:
        write(_rendered(chosen, answer, traces, paper), out)
    readable = analysis.verdict.usable != "no" and analysis.outcome.code != "failed"
    return ExitCode.ANALYSED if readable else ExitCode.NOT_INTERPRETABLE


def _rendered(format: Format, answer: AnalysisDocument, traces: Traces, paper: Paper) -> bytes:
    from service.reports import FormatUnavailable, render

    try:
        return render(cast("ReportFormat", format), answer, traces, paper).content
    except FormatUnavailable as error:
        raise CommandFailure(ExitCode.FAILURE, error.code, f"--format {format}", error.detail) from error


def _exported(format: Format, answer: AnalysisDocument, traces: Traces) -> dict[str, bytes]:
    from service.reports import EXPORTS

    files = EXPORTS[cast("Export", format)](answer, traces)
    return {name: file.content for name, file in files.items()}
