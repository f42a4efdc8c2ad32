"""``mrsquant batch``: every spectrum of a manifest, in parallel, one CSV in manifest order."""

from __future__ import annotations

import functools
import os
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Annotated, TypeVar

import typer

from service.cli.configuration import load_settings
from service.cli.failures import CommandFailure, ExitCode, refusing, writing
from service.cli.manifest import Entry, read_manifest
from service.cli.method import PriorOption
from service.cli.output import refuse_overwriting
from service.cli.own_norms import own_norms
from service.cli.signals import terminated_like_interrupted

Item = TypeVar("Item")


def batch(
    manifest: Annotated[Path, typer.Argument(metavar="MANIFEST.csv", help="One row for each spectrum.")],
    out: Annotated[Path, typer.Option("--output", "-o", metavar="RESULTS.csv", help="File to write.")],
    *,
    workers: Annotated[int | None, typer.Option(min=1, help="Processes; default: one for each core.")] = None,
    basis: Annotated[
        Path | None, typer.Option(metavar="PATH", help="Basis set of the rows that name none of their own.")
    ] = None,
    relaxation: Annotated[
        Path | None, typer.Option(metavar="FILE", help="CSV of relaxation times that replace the shipped ones.")
    ] = None,
    macromolecules: Annotated[
        Path | None,
        typer.Option(metavar="FILE", help="Measured macromolecules (metabolites nulled) to use instead of published."),
    ] = None,
    concentration_prior: PriorOption = None,
) -> int:
    """Analyse every spectrum of a manifest; one that is refused or fails costs only its own row."""
    from service.cli.answers import Shared, analyse_entry, answer_of_crash
    from service.cli.pool import Crashed, map_in_order
    from service.reports import spreadsheet
    from service.reports.results_csv import COLUMNS

    with refusing(manifest):
        entries = read_manifest(manifest)
    files = (
        path for entry in entries if isinstance(entry, Entry) for path in (entry.metabolite, entry.water_reference)
    )
    refuse_overwriting(out, manifest, basis, relaxation, macromolecules, *files)
    shared = Shared(basis, relaxation, macromolecules, concentration_prior, own_norms())
    task = functools.partial(analyse_entry, shared=shared, cache_dir=load_settings().cache_dir)
    analysed = 0
    with terminated_like_interrupted(), writing(out), out.open("wb", buffering=0) as sink:
        sink.write(spreadsheet.written((), COLUMNS).encode())
        outcomes = map_in_order(task, entries, min(workers or os.cpu_count() or 1, len(entries)))
        try:
            for entry, outcome in _with_progress(outcomes, len(entries)):
                answer = answer_of_crash(entry) if isinstance(outcome, Crashed) else outcome
                lines = spreadsheet.written(answer.rows, COLUMNS, header=False)
                sink.write(lines.encode())  # one system call for each spectrum: never half a row
                analysed += answer.analysed
        except KeyboardInterrupt as error:
            raise CommandFailure(
                ExitCode.FAILURE, "interrupted", str(out), "it holds the spectra finished so far."
            ) from error
        finally:
            outcomes.close()
    sys.stderr.write(f"{out}: {analysed} of {len(entries)} spectra analysed\n")
    return ExitCode.ANALYSED if analysed else ExitCode.REFUSED


def _with_progress(outcomes: Iterator[Item], total: int) -> Iterator[Item]:
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

    console = Console(stderr=True)
    columns = (TextColumn("spectra"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    with Progress(*columns, console=console, disable=not console.is_terminal, transient=True) as progress:
        yield from progress.track(outcomes, total=total)
