"""``mrsquant inspect``: show the header's content, missing quantities, and the basis and norms that would be used."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from fitting.request import PARTS, Document
from service.cli.exit_codes import ExitCode, refusing
from service.cli.own_norms import own_norms
from service.cli.own_sites import check_site, own_sites
from service.cli.request_options import Paths, takes_request

if TYPE_CHECKING:
    from fitting.run import Inspection


@takes_request(files=[part.name for part in PARTS if part.name not in ("metabolite", "relaxation")])
def inspect(
    file: Annotated[Path, typer.Argument(metavar="FILE", help="Spectrum in any supported format.")],
    *,
    document: Document,
    paths: Paths,
) -> int:
    """Report the header, missing quantities, and the basis and norms that would be used."""
    from fitting.run import inspect as run_inspection
    from fitting.run.job import Job

    check_site(paths)
    norms, sites = own_norms(), own_sites()
    with refusing(file):
        inspection = run_inspection(Job.read(document, {"metabolite": file, **paths}, norms, sites))
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
    if inspection.site is not None:
        used = inspection.site
        yield "site", f"{used.name} ({used.id[:12]})" if used.reason is None else used.reason.sentence
    for warning in inspection.warnings:
        yield "warning", warning


def _shown(value: str | float | int | None) -> str:
    if value is None:
        return "not in the file"
    return f"{value:.9g}" if isinstance(value, float) else str(value)
