"""``mrsquant inspect``: what the header says, what is missing, which basis and norms would be used."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from fitting.subject import Options
from service.cli.failures import ExitCode, refusing
from service.cli.images import AnatomyOption, TissueMapsOption
from service.cli.metadata import Metadata, takes_metadata
from service.cli.own_norms import own_norms

if TYPE_CHECKING:
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
    anatomy: AnatomyOption = None,
    tissue_maps: TissueMapsOption = None,
) -> int:
    """Say what was read from the header, what is missing, and which basis and norms would be used."""
    from fitting.pipeline import inspect as run_inspection
    from service.cli.inputs import read_job

    norms = own_norms()
    with refusing(file):
        job = read_job(
            file,
            water_reference=water_reference,
            subject=metadata.subject(),
            options=Options(overrides=metadata.overrides()),
            basis=basis,
            anatomy=anatomy,
            tissue_maps=tissue_maps,
            site_norms=norms,
        )
        inspection = run_inspection(job)
    for name, value in _lines(inspection):
        sys.stdout.write(f"{name:<24}{value}\n")
    return ExitCode.ANALYSED


def _lines(inspection: Inspection) -> Iterator[tuple[str, str]]:
    yield "format", inspection.format
    for name, value in inspection.facts.items():
        yield name, _shown(value)
    yield "water reference", inspection.water_reference or "none"
    yield "missing", ", ".join(inspection.missing) or "nothing"
    yield "basis", inspection.basis or "none until what is missing is given"
    for norm in inspection.norms or ("none applies",):
        yield "norm", norm
    for warning in inspection.warnings:
        yield "warning", warning


def _shown(value: str | float | int | None) -> str:
    if value is None:
        return "not in the file"
    return f"{value:.9g}" if isinstance(value, float) else str(value)
