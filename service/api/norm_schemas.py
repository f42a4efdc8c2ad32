"""Schemas of norms and regions."""

from __future__ import annotations

from datetime import datetime
from typing import Literal

import numpy as np
from pydantic import Field

from fitting.analysis import NOTICE
from fitting.norms import Controls, Norm, check_controls
from fitting.norms.controls import FEWEST_CONTROLS, FEWEST_FOR_REGRESSION
from fitting.norms.leave_one_out import Checks
from fitting.norms.matching import is_modelled
from fitting.sites import SiteAcquisition
from fitting.sites.share import SharedRegion
from service.schemas.bounded import Output, Unit
from service.storage.shared_norms import StoredShare
from service.storage.site_norms import load_site_norm
from service.storage.tables import SiteNormRow


class CohortOut(Output):
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


class NormOut(Output):
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
    """Whether there is enough evidence for a z-score."""
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


class SiteMetaboliteOut(Output):
    """One metabolite in a site's own controls."""

    name: str
    """Metabolite or sum."""
    norm_id: str
    """As it stands in results."""
    n: int
    """Controls who have it."""
    mean: float
    """Mean, in the norm's unit."""
    sd: float | None
    """Standard deviation between the controls, in the norm's unit; null with one control."""
    supports_z: bool
    """Whether there are enough controls for a z-score: one where the control model has this ratio, otherwise 8."""
    adjusts: bool
    """Whether there are enough controls to adjust for age, sex and grey matter fraction, as far as known for all of
    them."""


class MeasuredOffsetOut(Output):
    """Measured ratio of another program's values to those of the controls' program."""

    software: str = Field(examples=["Osprey 2.4"])
    """The other program, with version."""
    metabolite: str = Field(examples=["tNAA"])
    """Metabolite or sum."""
    ratio: float = Field(examples=[1.04])
    """Its values over those of the controls' program."""
    sd: float = Field(examples=[0.01])
    """Standard deviation of the ratio; it adds to what is not known of the controls' mean."""


class SiteNormOut(Output):
    """One version of a site's own controls; their individual values are not given out."""

    id: str = Field(examples=["site.acc-press30.v2"])
    """Stable identifier."""
    name: str = Field(examples=["acc-press30"])
    """Name the versions share."""
    version: int = Field(examples=[2])
    """Counts up; the newest is used."""
    created: datetime
    """When it was posted, UTC."""
    region: str
    """Region of the brain."""
    subregion: str | None
    """Part of the region, when the controls are of one."""
    hemisphere: str | None
    """Side of the brain, when it was said."""
    unit: Unit
    """``tCr``: ratio of concentrations to total creatine."""
    field_t: float
    """Static field, tesla."""
    sequence: str
    """Localisation family."""
    echo_time: float
    """Echo time, s."""
    software: str
    """Program with version."""
    n: int
    """Number of controls."""
    age_low: float | None
    """Youngest control, years; null when no age is known. For people outside the range intervals are wider."""
    age_high: float | None
    """Oldest control, years."""
    metabolites: tuple[SiteMetaboliteOut, ...]
    """Metabolites of the controls."""
    checks: Checks
    """Leave-one-out check of the controls: calibration, improbable values and duplicates."""
    offsets: tuple[MeasuredOffsetOut, ...]
    """Measured offsets of other programs, whose values may be compared with these controls."""
    notice: str = Field(examples=[NOTICE])
    """What this answer must not be used for."""


class SharedNormOut(Output):
    """What another laboratory shared of its healthy people: a further laboratory of the control model."""

    id: str = Field(examples=["9d5ed678fe57bcca610140957afab571f2a1d9a0c0cbd58b6b1d8c3f2c1d1b0e"])
    """SHA-256 of the file: equal ids are equal content."""
    kind: Literal["shared"] = Field(examples=["shared"])
    """Tells it from a site's own controls."""
    name: str = Field(examples=["hospital-b"])
    """Name of the laboratory's calibration; of one name only the newest is used."""
    created: datetime
    """From this time on it is used, UTC."""
    acquisition: SiteAcquisition
    """Scanner and protocol."""
    software: str
    """Program, version and choices of method."""
    regions: tuple[SharedRegion, ...]
    """Numbers of people, means, spreads and covariances by region and side."""
    notice: str = Field(examples=[NOTICE])
    """What this answer must not be used for."""


class NormList(Output):
    """The norms there are."""

    version: str
    """Content address of all published norms; it stands in every result's ``provenance``."""
    items: tuple[NormOut, ...]
    """The published norms, by region and metabolite."""
    site: tuple[SiteNormOut, ...]
    """The newest versions of the site's own, by name."""
    shared: tuple[SharedNormOut, ...]
    """What other laboratories shared, newest first; the control model takes each as one more laboratory."""


class GapOut(Output):
    """Metabolites without a trustworthy control value, and why."""

    metabolites: tuple[str, ...]
    """Metabolites; ``*`` is all."""
    reason: str
    """Reason for the absence."""


class RegionOut(Output):
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
    """Metabolites without a norm."""


class RegionList(Output):
    """The regions there are."""

    items: tuple[RegionOut, ...]
    """The regions."""


def norm_facts(norm: Norm) -> dict[str, object]:
    """The fields of ``NormOut``."""
    facts = {name: getattr(norm, name) for name in NormOut.model_fields if name != "sd_between"}
    return {**facts, "sd_between": None if norm.effects is None else norm.effects.tau}


def site_norm_out(row: SiteNormRow) -> SiteNormOut:
    """The representation of a version that was not withdrawn."""
    norm = load_site_norm(row.document or {})
    ages = [person.age_years for person in norm.people if person.age_years is not None]
    return SiteNormOut(
        id=norm.id,
        name=row.name,
        version=row.version,
        created=row.created,
        region=norm.region,
        subregion=norm.subregion,
        hemisphere=norm.hemisphere,
        unit=norm.method.unit,
        field_t=norm.method.field_t,
        sequence=norm.method.sequence,
        echo_time=norm.method.echo_time,
        software=norm.method.software,
        n=len(norm.people),
        age_low=min(ages, default=None),
        age_high=max(ages, default=None),
        metabolites=tuple(_metabolite(norm, name) for name in norm.metabolites),
        checks=check_controls(norm),
        offsets=tuple(
            MeasuredOffsetOut(software=item.software, metabolite=name, ratio=ratio.value, sd=ratio.sd or 0.0)
            for item in norm.offsets
            for name, ratio in item.ratios.items()
        ),
        notice=NOTICE,
    )


def shared_norm_out(stored: StoredShare) -> SharedNormOut:
    """The representation of what another laboratory shared."""
    share = stored.share
    return SharedNormOut(
        id=share.id,
        kind="shared",
        name=share.name,
        created=stored.created,
        acquisition=share.acquisition,
        software=share.software,
        regions=share.regions,
        notice=NOTICE,
    )


def _metabolite(norm: Controls, name: str) -> SiteMetaboliteOut:
    values = np.array([person.values[name].value for person in norm.having(name)])
    return SiteMetaboliteOut(
        name=name,
        norm_id=norm.norm_id(name),
        n=values.size,
        mean=float(values.mean()),
        sd=float(values.std(ddof=1)) if values.size > 1 else None,
        supports_z=values.size >= (1 if is_modelled(norm, name) else FEWEST_CONTROLS),
        adjusts=values.size >= FEWEST_FOR_REGRESSION,
    )
