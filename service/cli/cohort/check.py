"""``mrsquant cohort check``: what was read, what can be asked, what cannot and why."""

from __future__ import annotations

import sys
from collections import Counter
from collections.abc import Iterator
from typing import TYPE_CHECKING, Annotated

import typer

from service.cli.cohort.inputs import Inputs, read_inputs, refusing_cohort
from service.cli.cohort.options import Manifest, Measurements, Participants, PlanFile, Wide
from service.cli.failures import ExitCode

if TYPE_CHECKING:
    from fitting.cohort.table import CohortTable


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
    with refusing_cohort():
        inputs = read_inputs(measurements, participants, plan, preset, manifest=manifest, wide_unit=wide)
        lines = [*_read(inputs.table), *_groups(inputs), *_presets(inputs.table)]
    sys.stdout.write("\n".join(lines) + "\n")
    return ExitCode.ANALYSED


def _read(table: CohortTable) -> Iterator[str]:
    yield f"people           {len(table.people)}; columns: {', '.join(table.person_columns) or 'none'}"
    verdicts = Counter(facts.usable for facts in table.spectra.values())
    words = {"yes": "usable", "limited": "limited", "no": "not interpretable"}
    listed = ", ".join(f"{verdicts[verdict]} {word}" for verdict, word in words.items() if verdicts[verdict])
    yield f"spectra          {len(table.spectra)}" + (f" ({listed})" if listed else "")
    for place in sorted({key.place for key in table.spectra}, key=lambda place: place.order):
        names = {item.metabolite for item in table.measurements if item.spectrum.place == place}
        yield f"  {place.words}: {', '.join(sorted(names))}"
    without = sum(item.sd is None for item in table.measurements)
    unseen = sum(not item.detected for item in table.measurements)
    yield f"values           {len(table.measurements)}; {without} without sd, {unseen} not detected"
    yield from (f"note             {note}" for note in table.notes)


def _groups(inputs: Inputs) -> Iterator[str]:
    from fitting.cohort.cohort import Cohort
    from fitting.cohort.flow import flow

    cohort = Cohort(inputs.table, inputs.plan, inputs.spectra, inputs.studies)
    rows, cautions = flow(cohort)
    for row in rows:
        yield f"group {row['group']:<11}{row['analysed']} of {row['enrolled']} people can be analysed"
    yield from (f"caution          {caution.code}: {caution.sentence}" for caution in cautions)
    for key, settings in inputs.plan.sections.items():
        yield f"asked            {key}" + (f" ({len(settings)})" if len(settings) > 1 else "")


def _presets(table: CohortTable) -> Iterator[str]:
    from fitting.cohort import preset_names, preset_plan
    from fitting.cohort.readiness import lacking

    for name in preset_names():
        missing = lacking(table, preset_plan(name))
        yield f"preset           {name}: " + (
            f"cannot be asked in full: {'; '.join(missing)}" if missing else "can be asked"
        )
