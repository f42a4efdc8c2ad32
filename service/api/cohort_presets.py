"""``/v1/cohort-presets`` and ``/v1/power``: what can be asked of a cohort, and how many people it takes."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Depends, Path

from fitting.cohort import preset_names, preset_plan
from fitting.cohort.power import planned_power
from fitting.errors import ImplausibleParameter
from service.access.route_access import Access
from service.api.cohort_planning_schemas import PowerOut, PowerRequest, PresetList, PresetOut, PresetSummary
from service.api.problems import responses
from service.errors import UnknownPreset

router = APIRouter(prefix="/v1", tags=["cohorts"])

Name = Annotated[str, Path(pattern=r"^[a-z0-9][a-z0-9-]{0,39}$", description="Name of a preset.")]


@router.get(
    "/cohort-presets",
    dependencies=[Depends(Access("any", note="refusals"))],
    summary="List shipped plans",
    responses=responses(),
)
def list_presets() -> PresetList:
    """The eight studies of chronic back pain and treatment reversal, as plans."""
    return PresetList(items=tuple(PresetSummary(**_summary(name)) for name in preset_names()))


@router.get(
    "/cohort-presets/{name}",
    dependencies=[Depends(Access("any", note="refusals"))],
    summary="Read a shipped plan",
    responses=responses(UnknownPreset),
)
def get_preset(name: Name) -> PresetOut:
    """The plan as TOML, to be edited before the data are seen."""
    if name not in preset_names():
        raise UnknownPreset("No shipped plan has this name; GET /v1/cohort-presets lists them.")
    return PresetOut(**_summary(name), plan=preset_plan(name).text)


@router.post(
    "/power",
    dependencies=[Depends(Access("any", note="change"))],
    summary="What a comparison of two groups can find",
    responses=responses(ImplausibleParameter),
)
def plan_power(request: PowerRequest) -> PowerOut:
    """Power, people needed, smallest difference, and how far a found difference would exaggerate."""
    n = None if request.n is None else (request.n[0], request.n[1])
    found = planned_power(request.difference_percent, request.cv_percent, request.measurement_cv_percent, n)
    return PowerOut(**{**dict.fromkeys(PowerOut.model_fields), **found})


def _summary(name: str) -> dict[str, object]:
    plan = preset_plan(name)
    return {"name": name, "title": plan.common.title, "sections": tuple(plan.sections)}
