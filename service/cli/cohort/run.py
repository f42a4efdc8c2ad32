"""``mrsquant cohort run``: one cohort under one plan."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Annotated, Any

import typer

from service.cli.cohort.inputs import read_inputs, refusing_cohort
from service.cli.cohort.options import Manifest, Measurements, Participants, PlanFile, Spectra, Wide
from service.cli.failures import CommandFailure, ExitCode
from service.cli.output import Format, check_destination, chosen_format, refuse_overwriting, write


def run(
    measurements: Measurements = None,
    *,
    participants: Participants = None,
    plan: PlanFile = None,
    preset: Annotated[str | None, typer.Option(help="A shipped plan; see 'mrsquant cohort preset'.")] = None,
    manifest: Manifest = None,
    wide: Wide = None,
    spectra: Spectra = None,
    format: Annotated[Format | None, typer.Option(help="Format of the output; default: by the suffix of OUT.")] = None,
    out: Annotated[Path | None, typer.Option("--output", "-o", metavar="OUT", help="File to write.")] = None,
) -> int:
    """Analyse a cohort; what cannot be answered is said in the answer with its reason."""
    from fitting.cohort.individual import individual

    if plan is not None and preset is not None:
        raise CommandFailure(ExitCode.FAILURE, "usage", "cohort run", "give --plan or --preset, not both.")
    chosen = chosen_format(format, out)
    check_destination(chosen, out)
    refuse_overwriting(out, measurements, participants, plan, manifest, spectra)
    with refusing_cohort():
        inputs = read_inputs(
            measurements, participants, plan, preset, manifest=manifest, wide_unit=wide, spectra=spectra
        )
        answer = inputs.answer()
        drawn = individual(inputs) if chosen in ("html", "pdf") else None
    write(_rendered(answer, drawn, chosen), out)
    return ExitCode.ANALYSED


def _rendered(answer: dict[str, Any], drawn: dict[str, Any] | None, format: Format) -> bytes:
    from service.reports.cohort import html, pdf, statements, text
    from service.reports.document import FormatUnavailable

    if format == "json":
        return (json.dumps(answer, ensure_ascii=False, indent=1) + "\n").encode()
    if format == "html":
        return html.render(answer, drawn)
    if format == "pdf":
        try:
            return pdf.render(answer, drawn)
        except FormatUnavailable as absent:
            raise CommandFailure(ExitCode.FAILURE, absent.code, "--format pdf", absent.detail) from absent
    return (statements.write(answer) if format == "csv" else text.render(answer)).encode()
