"""The nouns of a calibrated scanner; their fields are the members of ``SITE.json``."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from functools import cached_property
from typing import Any

from fitting.model.site_background import SiteBackground
from fitting.norms import Control, Controls, Measured, Method
from fitting.norms.case import RATIO
from fitting.norms.leave_one_out import Checks
from fitting.reason import Reason

KIND = "mrsquant-site"
SCHEMA = 1
"""Version of the document's shape; nullable members are added without a new number."""
ID_DIGITS = 8
"""Of the site's id in the ids of its norms."""


@dataclass(frozen=True, slots=True)
class SiteAcquisition:
    """Scanner and protocol that a site holds for."""

    vendor: str | None
    """Scanner manufacturer; null when the files do not say."""
    scanner_model: str | None
    """Scanner model; null when the files do not say."""
    field_t: float
    """Nominal static field, tesla."""
    sequence: str
    """Localisation family."""
    echo_time: float
    """s."""
    repetition_time: float | None
    """s; null when the files do not say."""


@dataclass(frozen=True, slots=True)
class SiteProcessing:
    """Everything in the processing that shifts the values of all people alike."""

    software: str
    """Program, version and choices of method, as in the match of norms."""
    engine: str
    """SHA-256 of the code and data that compute values."""
    basis_sha256: str | None
    """SHA-256 of the supplied basis set; null when it is simulated."""


@dataclass(frozen=True, slots=True)
class SiteProgram:
    """The program that made the calibration."""

    name: str
    """Name."""
    version: str
    """Version."""
    norm_version: str
    """Version of the published norms that judged the controls."""


@dataclass(frozen=True, slots=True)
class SiteValue:
    """A ratio to tCr with both standard deviations."""

    value: float
    """Ratio to total creatine."""
    sd: float
    """Standard deviation against the truth."""
    sd_scan: float | None
    """Part of ``sd`` that differs from scan to scan on one scanner; null when it is not known."""


@dataclass(frozen=True, slots=True)
class SiteControl:
    """One healthy person under a pseudonym, with the values of one spectrum."""

    id: str
    """Pseudonym, the same in all regions."""
    age_years: float | None
    """Age, years."""
    sex: str | None
    """Sex."""
    gm: float | None
    """Volume fraction of grey matter, 0 to 1."""
    input_sha256: str
    """SHA-256 of the spectrum's file, by which the analysis can be found and repeated."""
    values: Mapping[str, SiteValue]
    """Ratios to tCr by metabolite."""


@dataclass(frozen=True, slots=True)
class SiteRegion:
    """The controls of one region and side."""

    region: str
    """Canonical name of the region."""
    subregion: str | None
    """Part of the region."""
    hemisphere: str | None
    """Side of the brain."""
    controls: tuple[SiteControl, ...]
    """In the order in which they were given."""
    checks: Checks
    """Each control judged by the others."""


@dataclass(frozen=True, slots=True)
class SiteLeftOut:
    """A spectrum that was given and is no control, with the reason."""

    id: str
    """Pseudonym, or its number among the spectra."""
    region: str | None
    """Region of the spectrum, when it is known."""
    code: str
    """For programs."""
    sentence: str
    """For people."""
    input_sha256: str | None
    """SHA-256 of the spectrum's file; null when it was not read."""


@dataclass(frozen=True)
class Site:
    """One scanner with one protocol and one way of processing, calibrated with its own healthy people."""

    name: str
    """Lower-case letters, digits and hyphens."""
    acquisition: SiteAcquisition
    """What it holds for."""
    processing: SiteProcessing
    """How the values were computed; only values computed alike are compared."""
    program: SiteProgram
    """What made it."""
    regions: tuple[SiteRegion, ...]
    """Controls by region and side."""
    left_out: tuple[SiteLeftOut, ...]
    """Spectra that are no controls, with the reasons."""
    warnings: tuple[Reason, ...]
    """What to check before the calibration is relied on."""
    background: Mapping[str, Any] | None
    """Macromolecular background learned from the controls' spectra; null without one."""

    @cached_property
    def content(self) -> bytes:
        """Canonical bytes: JSON in UTF-8, keys sorted, no spaces, and a line break at the end.

        The member ``checksum`` is the SHA-256 of the same bytes without it and shows an altered file.
        """
        document = {"kind": KIND, "schema": SCHEMA, **asdict(self)}
        return canonical({**document, "checksum": hashlib.sha256(canonical(document)).hexdigest()})

    @cached_property
    def id(self) -> str:
        """SHA-256 of the canonical bytes: equal ids are equal sites."""
        return hashlib.sha256(self.content).hexdigest()

    @cached_property
    def learned(self) -> SiteBackground | None:
        """The learned macromolecules as the fit takes them.

        Raises
        ------
        UnusableBasis
            When the member ``background`` is damaged.
        """
        return None if self.background is None else SiteBackground.from_document(self.background)

    @property
    def people(self) -> int:
        """Number of different persons."""
        return len({control.id for region in self.regions for control in region.controls})

    @cached_property
    def controls(self) -> tuple[Controls, ...]:
        """The people of each region and side, as the comparison takes them."""
        method = Method(
            field_t=self.acquisition.field_t,
            sequence=self.acquisition.sequence,
            echo_time=self.acquisition.echo_time,
            unit=RATIO,
            software=self.processing.software,
        )
        return tuple(
            Controls(
                id=self._norm_id(item),
                origin="site",
                method=method,
                region=item.region,
                subregion=item.subregion,
                hemisphere=item.hemisphere,
                people=people_of(item.controls),
            )
            for item in self.regions
        )

    def _norm_id(self, region: SiteRegion) -> str:
        place = (region.subregion or region.region, region.hemisphere)
        return ".".join(["site", self.name, self.id[:ID_DIGITS], *(part.lower() for part in place if part)])


def people_of(controls: tuple[SiteControl, ...]) -> tuple[Control, ...]:
    """The people as norms know them."""
    return tuple(
        Control(
            id=item.id,
            values={name: Measured(at.value, at.sd, at.sd_scan) for name, at in item.values.items()},
            age_years=item.age_years,
            sex=item.sex,
            gm=item.gm,
        )
        for item in controls
    )


def canonical(document: Mapping[str, Any]) -> bytes:
    """Canonical bytes of a JSON document.

    Raises
    ------
    ValueError
        When a number is not finite.
    """
    text = json.dumps(document, sort_keys=True, separators=(",", ":"), ensure_ascii=False, allow_nan=False)
    return f"{text}\n".encode()
