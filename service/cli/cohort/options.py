"""Options that several commands about cohorts share."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

Measurements = Annotated[
    Path | None,
    typer.Argument(metavar="[MEASUREMENTS.csv]", help="One row for each value, or RESULTS.csv of a batch."),
]
Participants = Annotated[
    Path | None, typer.Option(metavar="P.tsv", help="One row for each person: participant_id, group, age, scales.")
]
PlanFile = Annotated[Path | None, typer.Option("--plan", metavar="PLAN.toml", help="What is asked.")]
Manifest = Annotated[
    Path | None, typer.Option(metavar="MANIFEST.csv", help="Manifest of the batch that wrote RESULTS.csv.")
]
Wide = Annotated[
    str | None,
    typer.Option("--wide", metavar="UNIT", help="The table is wide, one row a person, with all values in this unit."),
]
Spectra = Annotated[
    Path | None, typer.Option(metavar="SPECTRA.csv", help="Spectra for a classification whose plan names none.")
]
