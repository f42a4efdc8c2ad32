"""What was read of a cohort, and what can be asked of it."""

from __future__ import annotations

from collections import Counter

from fitting.cohort.cohort import Cohort
from fitting.cohort.findings import Item
from fitting.cohort.flow import flow
from fitting.cohort.inputs import CohortInputs
from fitting.cohort.planning.plan import preset_names
from fitting.cohort.presets import preset_plan
from fitting.cohort.readiness import lacking


def overview(inputs: CohortInputs) -> Item:
    """People, spectra, values, groups, what the plan asks, and what each preset lacks; nothing is analysed.

    Raises
    ------
    FittingError
        When tables and plan do not belong together.
    """
    table = inputs.table
    rows, cautions = flow(Cohort(table, inputs.plan, inputs.spectra, inputs.studies))
    verdicts = Counter(facts.usable for facts in table.spectra.values())
    places = sorted({key.place for key in table.spectra}, key=lambda place: place.order)
    return {
        "people": len(table.people),
        "columns": list(table.person_columns),
        "spectra": {"all": len(table.spectra), **{verdict: verdicts[verdict] for verdict in ("yes", "limited", "no")}},
        "places": [
            {
                "region": place.region,
                "subregion": place.subregion,
                "hemisphere": place.hemisphere,
                "words": place.words,
                "metabolites": sorted({item.metabolite for item in table.measurements if item.spectrum.place == place}),
            }
            for place in places
        ],
        "values": len(table.measurements),
        "without_sd": sum(item.sd is None for item in table.measurements),
        "not_detected": sum(not item.detected for item in table.measurements),
        "notes": list(table.notes),
        "groups": [{name: row[name] for name in ("group", "enrolled", "measured", "analysed")} for row in rows],
        "cautions": [{"code": item.code, "sentence": item.sentence, "where": item.where} for item in cautions],
        "asked": [{"section": key, "count": len(settings)} for key, settings in inputs.plan.sections.items()],
        "presets": [
            {"name": name, "title": preset_plan(name).common.title, "lacks": lacking(table, preset_plan(name))}
            for name in preset_names()
        ],
    }
