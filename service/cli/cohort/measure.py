"""``mrsquant cohort measure``: a folder of spectra to the table of measurements."""

from __future__ import annotations

import functools
import os
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated

import typer

from fitting.request import Document
from service.cli.exit_codes import CommandFailure, ExitCode, refusing, writing
from service.cli.manifest import ManifestRow, read_manifest
from service.cli.operator_settings import load_settings
from service.cli.output import refuse_overwriting, write
from service.cli.own_sites import check_site, own_sites
from service.cli.progress_bar import with_progress
from service.cli.request_options import Paths, takes_request
from service.cli.signals import terminated_like_interrupted


@takes_request(files=("basis", "relaxation", "macromolecules", "site"))
def measure(
    manifest: Annotated[Path, typer.Argument(metavar="MANIFEST.csv", help="One row for each spectrum.")],
    out: Annotated[Path, typer.Option("--output", "-o", metavar="MEASUREMENTS.csv", help="File to write.")],
    *,
    document: Document,
    paths: Paths,
    spectra: Annotated[
        Path | None,
        typer.Option(metavar="SPECTRA.csv", help="Spectra to write as well, for a classification of them."),
    ] = None,
    workers: Annotated[int | None, typer.Option(min=1, help="Processes; default: one for each core.")] = None,
) -> int:
    """Analyse the spectra of a cohort and write one row for each value, for 'mrsquant cohort run'.

    The person is the manifest's participant_id or subject, else its id; spectra that cannot be analysed are named on
    stderr.
    """
    from service.cli.cohort.measure_entry import SpectrumRows, measure_entry
    from service.cli.ordered_map import Crashed, map_in_order
    from service.reports import spreadsheet
    from service.reports.cohort import spectra as spectra_table
    from service.reports.cohort.measured import COLUMNS

    with refusing(manifest):
        table = read_manifest(manifest)
    entries = [item.after(document, paths) if isinstance(item, ManifestRow) else item for item in table.entries]
    files = (path for entry in entries if isinstance(entry, ManifestRow) for path in entry.paths.values())
    inputs = [manifest, *files]
    refuse_overwriting(out, *inputs)
    refuse_overwriting(spectra, out, *inputs)
    check_site(paths)
    settings = load_settings()
    task = functools.partial(measure_entry, sites=own_sites(), cache_dir=settings.cache_dir)
    measured = 0
    shapes: list[Mapping[str, str]] = []
    with terminated_like_interrupted(), writing(out), out.open("wb", buffering=0) as sink:
        sink.write(spreadsheet.written((), COLUMNS).encode())
        used = min(workers or os.cpu_count() or 1, len(entries))
        outcomes = map_in_order(task, entries, used, settings.worker_memory_bytes)
        try:
            for entry, outcome in with_progress(outcomes, len(entries)):
                found = (
                    SpectrumRows((), "worker-crashed: its process died") if isinstance(outcome, Crashed) else outcome
                )
                if found.problem is not None:
                    sys.stderr.write(f"{entry.id}: {found.problem}\n")
                sink.write(spreadsheet.written(found.rows, COLUMNS, header=False).encode())
                measured += bool(found.rows)
                if found.spectrum is not None:
                    shapes.append(found.spectrum)
        except KeyboardInterrupt as error:
            raise CommandFailure(
                ExitCode.FAILURE, "interrupted", str(out), "it holds the spectra finished so far."
            ) from error
        finally:
            outcomes.close()
    if spectra is not None:
        write(spreadsheet.written(shapes, spectra_table.COLUMNS).encode(), spectra)
    sys.stderr.write(f"{out}: {measured} of {len(entries)} spectra measured\n")
    return ExitCode.ANALYSED if measured else ExitCode.REFUSED
