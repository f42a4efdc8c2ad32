"""``mrsquant cohort check``: what was read, what can be asked, what cannot and why."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from typing import TYPE_CHECKING, Annotated

import typer

from service.cli.cohort.inputs import read_inputs, refusing_cohort
from service.cli.cohort.options import Manifest, Measurements, Participants, PlanFile, Wide
from service.cli.exit_codes import ExitCode

if TYPE_CHECKING:
    from fitting.cohort.findings import Item


def check(
    measurements: Measurements = None,
    *,
    participants: Participants = None,
    plan: PlanFile = None,
    preset: Annotated[str | None, typer.Option(help="A shipped plan in place of --plan.")] = None,
    manifest: Manifest = None,
    wide: Wide = None,
) -> int:
    """Say what was read and which presets can be asked of it; nothing is analysed."""
    from fitting.cohort.overview import overview

    with refusing_cohort():
        inputs = read_inputs(measurements, participants, plan, preset, manifest=manifest, wide_unit=wide)
        found = overview(inputs)
    sys.stdout.write("\n".join([*_read(found), *_groups(found), *_presets(found)]) + "\n")
    return ExitCode.ANALYSED


def _read(found: Item) -> Iterator[str]:
    yield f"people           {found['people']}; columns: {', '.join(found['columns']) or 'none'}"
    words = {"yes": "usable", "limited": "limited", "no": "not interpretable"}
    counts = found["spectra"]
    listed = ", ".join(f"{counts[verdict]} {word}" for verdict, word in words.items() if counts[verdict])
    yield f"spectra          {counts['all']}" + (f" ({listed})" if listed else "")
    yield from (f"  {place['words']}: {', '.join(place['metabolites'])}" for place in found["places"])
    yield f"values           {found['values']}; {found['without_sd']} without sd, {found['not_detected']} not detected"
    yield from (f"note             {note}" for note in found["notes"])


def _groups(found: Item) -> Iterator[str]:
    for row in found["groups"]:
        yield f"group {row['group']:<11}{row['analysed']} of {row['enrolled']} people can be analysed"
    yield from (f"caution          {caution['code']}: {caution['sentence']}" for caution in found["cautions"])
    for item in found["asked"]:
        yield f"asked            {item['section']}" + (f" ({item['count']})" if item["count"] > 1 else "")


def _presets(found: Item) -> Iterator[str]:
    for preset in found["presets"]:
        lacks = preset["lacks"]
        yield f"preset           {preset['name']}: " + (
            f"cannot be asked in full: {'; '.join(lacks)}" if lacks else "can be asked"
        )
