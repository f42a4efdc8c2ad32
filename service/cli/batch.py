"""``mrsquant batch``: every spectrum of a manifest, in parallel, one CSV in manifest order."""

from __future__ import annotations

import functools
import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from fitting.request import Document
from service.cli import output
from service.cli.exit_codes import CommandFailure, ExitCode, refusing, writing
from service.cli.manifest import ManifestRow, read_manifest
from service.cli.operator_settings import load_settings
from service.cli.output import refuse_overwriting
from service.cli.own_norms import other_laboratories, own_norms
from service.cli.own_sites import check_site, own_sites
from service.cli.progress_bar import with_progress
from service.cli.request_options import Paths, takes_request
from service.cli.signals import terminated_like_interrupted

if TYPE_CHECKING:
    from fitting.quality.verdict.usable import Usable
    from service.reports.study.spectrum import StudySpectrum


@takes_request(files=("basis", "relaxation", "macromolecules", "site"))
def batch(
    manifest: Annotated[Path, typer.Argument(metavar="MANIFEST.csv", help="One row for each spectrum.")],
    out: Annotated[Path, typer.Option("--output", "-o", metavar="RESULTS.csv", help="File to write.")],
    *,
    document: Document,
    paths: Paths,
    report: Annotated[
        Path | None,
        typer.Option(metavar="STUDY.html", help="Page of the study to write: quality, every spectrum, distributions."),
    ] = None,
    workers: Annotated[int | None, typer.Option(min=1, help="Processes; default: one for each core.")] = None,
) -> int:
    """Analyse every spectrum of a manifest; a refusal or failure affects only its own row.

    Options apply to every row without a value of its own.
    """
    from service.cli.answers import analyse_entry, answer_of_crash
    from service.cli.ordered_map import Crashed, map_in_order
    from service.reports import spreadsheet
    from service.reports.results_csv import COLUMNS
    from service.reports.study import html
    from service.reports.study.content import counted

    with refusing(manifest):
        table = read_manifest(manifest)
    entries = [item.after(document, paths) if isinstance(item, ManifestRow) else item for item in table.entries]
    files = (path for entry in entries if isinstance(entry, ManifestRow) for path in entry.paths.values())
    inputs = [manifest, *files]
    refuse_overwriting(out, *inputs)
    refuse_overwriting(report, out, *inputs)
    check_site(paths)
    if table.carried:
        sys.stderr.write(f"{manifest}: not read, carried through: {', '.join(table.carried)}\n")
    settings = load_settings()
    task = functools.partial(
        analyse_entry,
        site_norms=own_norms(),
        sites=own_sites(),
        laboratories=other_laboratories(),
        cache_dir=settings.cache_dir,
        with_spectrum=report is not None,
    )
    copied = {name: f"manifest_{name}" if name in COLUMNS else name for name in table.carried}
    columns = (*COLUMNS, *copied.values())
    verdicts: list[Usable | None] = []
    spectra: list[StudySpectrum] = []
    if report is not None:
        output.write(b"", report)  # one that cannot be written is refused before hours of work
    with terminated_like_interrupted(), writing(out), out.open("wb", buffering=0) as sink:
        sink.write(spreadsheet.written((), columns).encode())
        used = min(workers or os.cpu_count() or 1, len(entries))
        outcomes = map_in_order(task, entries, used, settings.worker_memory_bytes)
        try:
            for entry, outcome in with_progress(outcomes, len(entries)):
                answer = answer_of_crash(entry) if isinstance(outcome, Crashed) else outcome
                carried = {copied[name]: cell for name, cell in entry.carried.items()}
                lines = spreadsheet.written([{**row, **carried} for row in answer.rows], columns, header=False)
                sink.write(lines.encode())  # one system call for each spectrum: never half a row
                verdicts.append(answer.verdict)
                spectra += [] if report is None or answer.spectrum is None else [answer.spectrum]
        except KeyboardInterrupt as error:
            raise CommandFailure(
                ExitCode.FAILURE, "interrupted", str(out), "it holds the spectra finished so far."
            ) from error
        finally:
            outcomes.close()
    if report is not None:
        output.write(html.render(manifest.stem, spectra), report)
        sys.stderr.write(f"{report}: page of the study\n")
    sys.stderr.write(f"{out}: one row for each spectrum and metabolite\n{counted(verdicts)}\n")
    return ExitCode.REFUSED if set(verdicts) == {None} else ExitCode.ANALYSED
