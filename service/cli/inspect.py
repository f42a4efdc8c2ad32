"""``mrsquant inspect``: what the header says, what is missing, which basis and norms would be used."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from fitting.subject import Options
from service.cli.failures import ExitCode, refusing
from service.cli.metadata import Metadata, takes_metadata

if TYPE_CHECKING:
    from rich.table import Table

    from fitting.pipeline import Inspection


@takes_metadata
def inspect(
    file: Annotated[Path, typer.Argument(metavar="FILE", help="Spectrum in any supported format.")],
    *,
    metadata: Metadata,
    water_reference: Annotated[
        Path | None, typer.Option(metavar="FILE", help="Scan without water suppression, if it is another file.")
    ] = None,
    basis: Annotated[
        Path | None, typer.Option(metavar="PATH", help="LCModel .BASIS file or folder of FSL-MRS JSON files.")
    ] = None,
) -> int:
    """Say what was read from the header, what is missing, and which basis and norms would be used."""
    from rich.console import Console

    from fitting.pipeline import inspect as run_inspection
    from service.cli.inputs import read_job

    with refusing(file):
        job = read_job(
            file,
            water_reference=water_reference,
            subject=metadata.subject(),
            options=Options(overrides=metadata.overrides()),
            basis=basis,
        )
        inspection = run_inspection(job)
    Console(file=sys.stdout, highlight=False, emoji=False, soft_wrap=True).print(_table(inspection))
    return ExitCode.ANALYSED


def _table(inspection: Inspection) -> Table:
    from rich.table import Table
    from rich.text import Text

    table = Table(box=None, show_header=False, pad_edge=False)
    table.add_column(no_wrap=True)
    table.add_column(overflow="fold")
    absent = Text("not in the file", style="dim")
    table.add_row("format", inspection.format)
    for name, value in inspection.facts.items():
        table.add_row(
            name, absent if value is None else Text(f"{value:.9g}" if isinstance(value, float) else str(value))
        )
    table.add_row("water reference", inspection.water_reference or Text("none", style="dim"))
    table.add_row(
        "missing", Text(", ".join(inspection.missing) or "nothing", style="bold" if inspection.missing else "")
    )
    table.add_row("basis", inspection.basis or Text("none until the missing quantities are given", style="dim"))
    table.add_row("norms", Text("\n".join(inspection.norms) or "none applies"))
    for warning in inspection.warnings:
        table.add_row("warning", Text(warning, style="yellow"))
    return table
