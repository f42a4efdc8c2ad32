"""``/v1/norms`` and ``/v1/regions``: what results are compared with."""

from __future__ import annotations

from typing import Annotated, Literal

from fastapi import APIRouter, Query
from pydantic import BaseModel, ConfigDict

from fitting.norms import Norm, norm_catalogue, norm_version, regions
from service.api.problems import responses
from service.errors import UnknownNorm

router = APIRouter(prefix="/v1", tags=["norms"])


class _Output(BaseModel):
    model_config = ConfigDict(frozen=True, use_attribute_docstrings=True, from_attributes=True)


class CohortOut(_Output):
    """The controls of one study behind a norm."""

    study: str
    """Short reference."""
    doi: str
    """Digital object identifier."""
    locator: str
    """Table or figure the values stand in."""
    mean: float
    """Mean of the controls, in the norm's unit."""
    sd: float | None
    """Standard deviation between the controls, in the norm's unit; null when none is printed."""
    n: int
    """Number of controls."""
    age_mean: float | None
    """Mean age of the controls, years."""
    derived: bool
    """The mean is a ratio of group means."""
    sequences: tuple[str, ...]
    """Localisation sequences."""


class NormOut(_Output):
    """A reference distribution of one metabolite in one region, pooled over studies."""

    id: str
    """Stable identifier."""
    region: str
    """Region of the brain."""
    metabolite: str
    """Metabolite or sum."""
    unit: Literal["tCr", "mM", "IU"]
    """``tCr``: ratio of concentrations to total creatine; ``mM``; ``IU``: institutional units."""
    field_t: float
    """Nominal static field of the studies, tesla."""
    grade: Literal["A", "B", "C", "D"]
    """Strength of the evidence, A is best."""
    supports_z: bool
    """Is there enough evidence for a z-score?"""
    studies: int
    """Number of studies."""
    n: int
    """Number of controls."""
    mean: float
    """Mean over the studies, in ``unit``."""
    sd_within: float | None
    """Standard deviation between people within a study, in ``unit``."""
    sd_between: float | None
    """Standard deviation between studies, in ``unit``; null for a single study."""
    age_mean: float | None
    """Mean age of the controls, years."""


class NormWithCohorts(NormOut):
    """A norm with the studies behind it."""

    cohorts: tuple[CohortOut, ...]
    """The studies."""


class NormList(_Output):
    """The norms there are."""

    version: str
    """Content address of all norms; it stands in every result's ``provenance``."""
    items: tuple[NormOut, ...]
    """The norms, by region and metabolite."""


class GapOut(_Output):
    """Metabolites without a trustworthy control value, and why."""

    metabolites: tuple[str, ...]
    """Metabolites; ``*`` is all."""
    reason: str
    """Why there is none."""


class RegionOut(_Output):
    """A region of the brain as norms know it."""

    name: str
    """The name to use in requests."""
    label: str
    """The name for people."""
    synonyms: tuple[str, ...]
    """Other names that are understood."""
    hemispheres: tuple[str, ...]
    """Sides the region has."""
    subregions: tuple[str, ...]
    """Parts that are compared with the region's norm."""
    gaps: tuple[GapOut, ...]
    """What there is no norm for."""


class RegionList(_Output):
    """The regions there are."""

    items: tuple[RegionOut, ...]
    """The regions."""


@router.get("/norms", summary="List norms", responses=responses())
def list_norms(
    region: Annotated[str | None, Query(max_length=64, description="Name of a region.")] = None,
    metabolite: Annotated[str | None, Query(max_length=16, description="Name of a metabolite or sum.")] = None,
) -> NormList:
    """Every norm, those included that are too thin for a z-score."""
    found = (
        norm
        for norm in norm_catalogue()
        if (region is None or norm.region == region) and (metabolite is None or norm.metabolite == metabolite)
    )
    return NormList(version=norm_version(), items=tuple(NormOut.model_validate(_facts(norm)) for norm in found))


@router.get("/norms/{norm_id:path}", summary="Read a norm", responses=responses(UnknownNorm))
def get_norm(norm_id: str) -> NormWithCohorts:
    """One norm with the studies behind it."""
    for norm in norm_catalogue():
        if norm.id == norm_id:
            return NormWithCohorts.model_validate({**_facts(norm), "cohorts": norm.cohorts})
    raise UnknownNorm("There is no norm with this id; GET /v1/norms lists them.")


@router.get("/regions", summary="List regions", responses=responses())
def list_regions() -> RegionList:
    """The regions of the brain with norms or known gaps, and the names they go by."""
    items = (
        RegionOut(
            name=region.name,
            label=region.label,
            synonyms=region.synonyms,
            hemispheres=region.hemispheres,
            subregions=tuple(part.name for part in region.subregions),
            gaps=tuple(GapOut.model_validate(gap) for gap in region.gaps),
        )
        for region in regions()
    )
    return RegionList(items=tuple(items))


def _facts(norm: Norm) -> dict[str, object]:
    facts = {name: getattr(norm, name) for name in NormOut.model_fields if name != "sd_between"}
    return {**facts, "sd_between": None if norm.effects is None else norm.effects.tau}
