"""``mrsquant cohort``: groups of people compared under a plan."""

from __future__ import annotations

import typer

from service.cli.cohort.batch import batch
from service.cli.cohort.check import check
from service.cli.cohort.measure import measure
from service.cli.cohort.norm import norm
from service.cli.cohort.power import power
from service.cli.cohort.preset import preset
from service.cli.cohort.run import run

app = typer.Typer(help="Compare groups of people under a plan that was fixed before.", no_args_is_help=True)
for command in (measure, check, run, batch, preset, power, norm):
    app.command()(command)
