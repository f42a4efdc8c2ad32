"""``mrsquant cohort batch``: many cohorts, one answer a line."""

from __future__ import annotations

import json
import os
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

import typer

from fitting.errors import FittingError
from service.cli.cohort.inputs import read_inputs, read_text, refusing_cohort
from service.cli.exit_codes import CommandFailure, ExitCode, writing
from service.cli.output import refuse_overwriting
from service.cli.progress_bar import with_progress
from service.cli.signals import terminated_like_interrupted

COLUMNS = ("id", "measurements", "participants", "plan")


@dataclass(frozen=True, slots=True)
class BatchEntry:
    """One cohort of the manifest; an empty cell is None."""

    id: str
    measurements: Path | None
    participants: Path | None
    plan: Path | None


def batch(
    manifest: Annotated[
        Path, typer.Argument(metavar="MANIFEST.csv", help="Columns id,measurements,participants,plan.")
    ],
    out: Annotated[Path, typer.Option("--output", "-o", metavar="RESULTS.jsonl", help="File to write.")],
    *,
    workers: Annotated[int | None, typer.Option(min=1, help="Processes; default: one for each core.")] = None,
) -> int:
    """Analyse many cohorts; a refusal is the line of its own cohort only."""
    from service.cli.ordered_map import Crashed, map_in_order

    with refusing_cohort():
        entries = read_entries(manifest)
    files = (path for entry in entries for path in (entry.measurements, entry.participants, entry.plan))
    refuse_overwriting(out, manifest, *files)
    with terminated_like_interrupted(), writing(out), out.open("w", encoding="utf-8") as sink:
        outcomes = map_in_order(analyse_entry, entries, min(workers or os.cpu_count() or 1, len(entries)))
        refusals = 0
        try:
            for entry, outcome in with_progress(outcomes, len(entries)):
                crash = {"code": "worker-crashed", "sentence": "The process that analysed this cohort died."}
                answer = {"refused": crash} if isinstance(outcome, Crashed) else outcome
                refusals += "refused" in answer
                sink.write(json.dumps({"entry": entry.id, **answer}, ensure_ascii=False) + "\n")
        except KeyboardInterrupt as error:
            raise CommandFailure(
                ExitCode.FAILURE, "interrupted", str(out), "it holds the cohorts finished so far."
            ) from error
        finally:
            outcomes.close()
    sys.stderr.write(f"{out}: {len(entries) - refusals} of {len(entries)} cohorts analysed\n")
    return ExitCode.ANALYSED if refusals < len(entries) else ExitCode.REFUSED


def read_entries(manifest: Path) -> list[BatchEntry]:
    """Cohorts of a manifest, with paths relative to it.

    Raises
    ------
    MissingColumn, UnusableTable
        When it is no manifest.
    """
    from fitting.cohort.tables.cells import rows_of

    _, rows = rows_of(read_text(manifest), manifest.name, ("id", "plan"))

    def path(text: str | None) -> Path | None:
        return None if text is None else manifest.parent / text

    return [BatchEntry(row.required("id"), *(path(row.text(name)) for name in COLUMNS[1:])) for row in rows]


def analyse_entry(entry: BatchEntry) -> dict[str, object]:
    """Answer of one cohort, computed in a worker process."""
    try:
        inputs = read_inputs(entry.measurements, entry.participants, entry.plan, None)
        return inputs.answer()
    except FittingError as error:
        return {"refused": {"code": error.code, "sentence": error.detail}}
