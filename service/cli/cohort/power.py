"""``mrsquant cohort power``: what a comparison of two groups can find."""

from __future__ import annotations

import json
import sys
from typing import Annotated, Literal

import typer

from service.cli.cohort.inputs import refusing_cohort
from service.cli.exit_codes import CommandFailure, ExitCode


def power(
    *,
    difference: Annotated[float, typer.Option(help="True difference, per cent of the reference's mean.")],
    cv: Annotated[float, typer.Option(help="Coefficient of variation between people, per cent.")],
    measurement_cv: Annotated[float, typer.Option(help="Coefficient of variation of one measurement, per cent.")] = 0.0,
    n: Annotated[
        str | None, typer.Option(metavar="N,N", help="People in each group; default: those that reach 80 %.")
    ] = None,
    format: Annotated[Literal["table", "json"], typer.Option(help="Format of the output.")] = "table",
) -> int:
    """Power, people needed and smallest difference of a planned study; percentages are per cent, 10 for 10 %."""
    from fitting.cohort.power import planned_power

    with refusing_cohort():
        answer = planned_power(difference, cv, measurement_cv, _counts(n))
    if format == "json":
        sys.stdout.write(json.dumps(answer) + "\n")
        return ExitCode.ANALYSED
    needed = answer["n_per_group_80"]
    lines = [
        f"people needed      {needed if needed is not None else 'more than a million'} in each group for 80 % power"
    ]
    if "power" in answer:
        lines += [
            f"people             {answer['n'][0]} and {answer['n'][1]}",
            f"power              {100 * answer['power']:.0f} % for a true difference of {difference:g} %",
            f"detectable         {answer['detectable_percent_80']:.1f} % in four of five such studies",
            f"exaggeration       {answer['exaggeration']:.2f}-fold on average when the result is significant",
            f"wrong sign         {100 * answer['wrong_sign']:.2g} % of significant results",
        ]
    sys.stdout.write("\n".join(lines) + "\n")
    return ExitCode.ANALYSED


def _counts(text: str | None) -> tuple[int, int] | None:
    if text is None:
        return None
    try:
        counts = [int(part) for part in text.split(",")]
    except ValueError:
        counts = []
    if len(counts) == 1:
        counts *= 2
    if len(counts) != 2:
        raise CommandFailure(ExitCode.FAILURE, "usage", "cohort power", "write --n as 20,20.")
    return counts[0], counts[1]
