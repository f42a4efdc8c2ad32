"""``mrsquant cohort preset``: shipped plans."""

from __future__ import annotations

import sys
from typing import Annotated

import typer

from service.cli.cohort.inputs import refusing_cohort
from service.cli.exit_codes import ExitCode


def preset(
    name: Annotated[str | None, typer.Argument(help="Preset to print; without it they are listed.")] = None,
) -> int:
    """List the shipped plans, or print one to edit."""
    from fitting.cohort import preset_names, preset_plan

    with refusing_cohort():
        if name is not None:
            sys.stdout.write(preset_plan(name).text)
            return ExitCode.ANALYSED
        for each in preset_names():
            sys.stdout.write(f"{each:<20}{preset_plan(each).common.title}\n")
    return ExitCode.ANALYSED
