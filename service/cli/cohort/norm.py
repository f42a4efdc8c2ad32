"""``mrsquant cohort norm``: the controls of a cohort as a norm of the site."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Annotated, Literal

import typer

from fitting.errors import ImplausibleParameter
from service.cli.cohort.inputs import read_text, refusing_cohort
from service.cli.cohort.options import Manifest, Participants
from service.cli.exit_codes import ExitCode
from service.cli.output import refuse_overwriting, write


def norm(
    measurements: Annotated[Path, typer.Argument(metavar="MEASUREMENTS.csv", help="One row for each value.")],
    out: Annotated[Path, typer.Option("--output", "-o", metavar="norm.json", help="File to write.")],
    *,
    participants: Participants = None,
    group: Annotated[str, typer.Option(help="Group of the healthy people.")] = "control",
    region: Annotated[str | None, typer.Option(help="Region, where the table has several.")] = None,
    hemisphere: Annotated[
        Literal["left", "right", "midline"] | None, typer.Option(help="Side, where the table has several.")
    ] = None,
    unit: Annotated[Literal["tCr", "mmol/kg", "mM", "iu"], typer.Option(help="Unit of the norm.")] = "tCr",
    name: Annotated[str, typer.Option(help="Name of the norm, such as acc-press30.")] = "cohort",
    manifest: Manifest = None,
) -> int:
    """Write the body of POST /v1/norms from a cohort's healthy people; nothing is computed anew."""
    from pydantic import ValidationError

    from fitting.cohort import read_cohort
    from fitting.cohort.control_norm import norm_body
    from service.schemas.site_norms import NormRequest

    refuse_overwriting(out, measurements, participants, manifest)
    with refusing_cohort():
        table = read_cohort(
            (read_text(measurements), measurements.name),
            None if participants is None else (read_text(participants), participants.name),
            manifest=None if manifest is None else read_text(manifest),
        )
        body = norm_body(table, group, name, region=region, hemisphere=hemisphere, unit=unit)
        try:
            NormRequest.model_validate(body).norm_of_controls()
        except ValidationError as error:
            first = error.errors()[0]
            where = ".".join(str(part) for part in first["loc"])
            raise ImplausibleParameter(f"The norm's {where} cannot be used: {first['msg']}.") from None
    write((json.dumps(body, ensure_ascii=False, indent=1) + "\n").encode(), out)
    return ExitCode.ANALYSED
