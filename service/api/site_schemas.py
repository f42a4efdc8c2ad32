"""Schemas of calibrated scanners."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Literal
from uuid import UUID

import numpy as np
from pydantic import BeforeValidator, Field

from fitting.analysis import NOTICE
from fitting.norms.leave_one_out import Checks
from fitting.reason import Reason
from fitting.run.pins import values_digest
from fitting.sites import SiteAcquisition, SiteLeftOut, SiteProcessing, SiteProgram, SiteRegion
from fitting.sites.calibration import REPORTED
from fitting.sites.share import SharedRegion
from service.schemas.bounded import Input, Output
from service.schemas.site_norms import NormName, as_uuid
from service.storage.sites import StoredSite


class SiteRequest(Input):
    """A calibration to be made of analyses of healthy people on one scanner, with one protocol."""

    name: NormName = Field(examples=["prisma-acc"])
    """Short name; of calibrations with one name only the newest is used."""
    analyses: list[Annotated[UUID, BeforeValidator(as_uuid)]] = Field(max_length=2000)
    """Ids of analyses of healthy people, of any regions."""
    learn_macromolecules: bool | None = None
    """Learn the scanner's macromolecules from the spectra too, by the workers. True refuses when their files are not
    stored any more (``keep_files`` of a submission); false compares values only; by default they are learned where the
    files of all controls are stored."""


class SiteRegionMetaboliteOut(Output):
    """One metabolite among the controls of a region."""

    name: str
    """Metabolite or sum."""
    n: int
    """Controls who have it."""
    mean: float
    """Mean ratio to tCr."""
    sd: float | None
    """Standard deviation between the controls; null with one control."""


class SiteRegionOut(Output):
    """The controls of one region and side."""

    region: str
    """Region of the brain."""
    subregion: str | None
    """Part of the region."""
    hemisphere: str | None
    """Side of the brain."""
    n: int
    """Number of controls."""
    age_low: float | None
    """Youngest control, years; null when no age is known."""
    age_high: float | None
    """Oldest control, years."""
    metabolites: tuple[SiteRegionMetaboliteOut, ...]
    """Metabolites of the controls."""
    checks: Checks
    """Each control judged by the others."""


class SiteOut(Output):
    """A calibrated scanner; values of single people are in ``GET /v1/sites/{id}`` only."""

    id: str = Field(examples=["464a78191c52a64d4c93cce1ba45fc98a127f30e563d3440877e78411ed9948e"])
    """SHA-256 of the file: equal ids are equal calibrations."""
    name: str = Field(examples=["prisma-acc"])
    """Name."""
    created: datetime
    """From this time on it is used, UTC."""
    acquisition: SiteAcquisition
    """Scanner and protocol it holds for."""
    processing: SiteProcessing
    """How the values were computed."""
    is_current: bool
    """Whether this version of the program computes values alike; otherwise the controls are analysed again."""
    people: int
    """Number of different persons."""
    regions: tuple[SiteRegionOut, ...]
    """Controls by region and side."""
    left_out: tuple[SiteLeftOut, ...]
    """Spectra that are no controls, with the reasons."""
    warnings: tuple[Reason, ...]
    """What to check before it is relied on."""
    has_background: bool
    """Whether a macromolecular background was learned with it."""
    notice: str = Field(examples=[NOTICE])
    """What this answer must not be used for."""


class SiteList(Output):
    """The calibrated scanners."""

    items: tuple[SiteOut, ...]
    """The newest of each name, newest first."""


class SiteProfile(Output):
    """Content of ``SITE.json``."""

    kind: Literal["mrsquant-site"]
    """Kind of the file."""
    schema_version: int = Field(alias="schema")
    """Version of its shape."""
    name: str
    """Name."""
    acquisition: SiteAcquisition
    """Scanner and protocol it holds for."""
    processing: SiteProcessing
    """How the values were computed."""
    program: SiteProgram
    """What made it."""
    regions: tuple[SiteRegion, ...]
    """Controls by region and side, under pseudonyms."""
    left_out: tuple[SiteLeftOut, ...]
    """Spectra that are no controls, with the reasons."""
    warnings: tuple[Reason, ...]
    """What to check before it is relied on."""
    background: dict[str, object] | None
    """Macromolecular background learned from the controls' spectra; null without one."""
    checksum: str
    """SHA-256 of the canonical bytes without this member."""


class ShareProfile(Output):
    """Content of a file of shared norms."""

    kind: Literal["mrsquant-share"]
    """Kind of the file."""
    schema_version: int = Field(alias="schema")
    """Version of its shape."""
    name: str
    """Name of the site."""
    acquisition: SiteAcquisition
    """Scanner and protocol."""
    software: str
    """Program, version and choices of method."""
    engine: str
    """SHA-256 of the code and data that compute values."""
    basis_sha256: str | None
    """SHA-256 of the supplied basis set; null when it is simulated."""
    program: SiteProgram
    """What made the calibration."""
    regions: tuple[SharedRegion, ...]
    """By region and side; those with fewer than 3 people are not shared."""
    checksum: str
    """SHA-256 of the canonical bytes without this member."""


def site_out(stored: StoredSite) -> SiteOut:
    """The representation of a site without the values of single people."""
    site = stored.site
    return SiteOut(
        id=site.id,
        name=site.name,
        created=stored.created,
        acquisition=site.acquisition,
        processing=site.processing,
        is_current=site.processing.engine == values_digest(),
        people=site.people,
        regions=tuple(_region(region) for region in site.regions),
        left_out=site.left_out,
        warnings=site.warnings,
        has_background=site.background is not None,
        notice=NOTICE,
    )


def _region(region: SiteRegion) -> SiteRegionOut:
    ages = [item.age_years for item in region.controls if item.age_years is not None]
    known = {name for item in region.controls for name in item.values}
    names = [*(name for name in REPORTED if name in known), *sorted(known - set(REPORTED))]
    return SiteRegionOut(
        region=region.region,
        subregion=region.subregion,
        hemisphere=region.hemisphere,
        n=len(region.controls),
        age_low=min(ages, default=None),
        age_high=max(ages, default=None),
        metabolites=tuple(_metabolite(region, name) for name in names),
        checks=region.checks,
    )


def _metabolite(region: SiteRegion, name: str) -> SiteRegionMetaboliteOut:
    values = np.array([item.values[name].value for item in region.controls if name in item.values])
    sd = float(values.std(ddof=1)) if values.size > 1 else None
    return SiteRegionMetaboliteOut(name=name, n=values.size, mean=float(values.mean()), sd=sd)
