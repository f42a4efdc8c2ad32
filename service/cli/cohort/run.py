"""``mrsquant cohort run``: one cohort under one plan."""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal

import typer

from service.cli.cohort.inputs import read_inputs, read_text, refusing_cohort
from service.cli.cohort.options import Manifest, Measurements, Participants, PlanFile, Spectra, Wide
from service.cli.exit_codes import CommandFailure, ExitCode
from service.cli.output import refuse_overwriting, refuse_terminal, write

if TYPE_CHECKING:
    from fitting.cohort.inputs import CohortInputs


CohortFormat = Literal["table", "json", "csv", "html", "pdf", "zip"]
_BY_SUFFIX: dict[str, CohortFormat] = {
    **{".json": "json", ".csv": "csv", ".html": "html", ".htm": "html", ".pdf": "pdf", ".zip": "zip"},
}


@dataclass(frozen=True, slots=True)
class _Files:
    """Where a cohort's tables are."""

    measurements: Path | None
    participants: Path | None
    manifest: Path | None
    spectra: Path | None
    wide_unit: str | None


def run(
    measurements: Measurements = None,
    *,
    participants: Participants = None,
    plan: PlanFile = None,
    preset: Annotated[str | None, typer.Option(help="A shipped plan; see 'mrsquant cohort preset'.")] = None,
    manifest: Manifest = None,
    wide: Wide = None,
    spectra: Spectra = None,
    format: Annotated[
        CohortFormat | None, typer.Option(help="Format of the output; default: by the suffix of OUT.")
    ] = None,
    out: Annotated[Path | None, typer.Option("--output", "-o", metavar="OUT", help="File to write.")] = None,
) -> int:
    """Analyse a cohort; what cannot be answered is said in the answer with its reason.

    A zip holds the report, the answer, the plan and the tables, so that the study repeats with one command.
    """
    if plan is not None and preset is not None:
        raise CommandFailure(ExitCode.FAILURE, "usage", "cohort run", "give --plan or --preset, not both.")
    chosen = format or _BY_SUFFIX.get("" if out is None else out.suffix.lower(), "table")
    refuse_terminal(chosen, out)
    refuse_overwriting(out, measurements, participants, plan, manifest, spectra)
    with refusing_cohort():
        inputs = read_inputs(
            measurements, participants, plan, preset, manifest=manifest, wide_unit=wide, spectra=spectra
        )
        answer = inputs.answer()
        content = _rendered(inputs, answer, chosen, _Files(measurements, participants, manifest, spectra, wide), plan)
    write(content, out)
    return ExitCode.ANALYSED


def _rendered(
    inputs: CohortInputs, answer: dict[str, Any], format: CohortFormat, given: _Files, plan: Path | None
) -> bytes:
    from fitting.cohort.individual import individual
    from service.reports.analysis_document import FormatUnavailable
    from service.reports.cohort import html, pdf, statements, text

    match format:
        case "json":
            return (json.dumps(answer, ensure_ascii=False, indent=1) + "\n").encode()
        case "html":
            return html.render(answer, individual(inputs))
        case "pdf":
            try:
                return pdf.render(answer, individual(inputs), datetime.now(UTC))
            except FormatUnavailable as absent:
                raise CommandFailure(ExitCode.FAILURE, absent.code, "--format pdf", absent.detail) from absent
        case "zip":
            return _archive(inputs, answer, given, plan)
        case "csv":
            return statements.write(answer).encode()
        case "table":
            return text.render(answer).encode()


def _archive(inputs: CohortInputs, answer: dict[str, Any], given: _Files, plan: Path | None) -> bytes:
    from fitting.cohort.individual import individual
    from fitting.cohort.inputs import SPECTRA
    from service.reports.cohort import archive

    folder = plan.parent if plan is not None else (given.measurements or given.participants or Path()).parent
    named = {name or SPECTRA: folder / (name or SPECTRA) for name in (*inputs.spectra, *inputs.studies)}
    if given.spectra is not None and SPECTRA in named:
        named[SPECTRA] = given.spectra
    tables = archive.StudyTables(
        None if given.participants is None else read_text(given.participants),
        None if given.measurements is None else read_text(given.measurements),
        None if given.manifest is None else read_text(given.manifest),
        {name: read_text(path) for name, path in named.items()},
        given.wide_unit,
    )
    return archive.bundle(answer, tables, individual(inputs))
