"""Controls: healthy people of one laboratory, or of published studies, that a value is compared with."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from typing import Any

from fitting.norms.assessment import NormKind

UNITS = ("tCr", "mmol/kg", "iu", "mM")
"""Ratio to tCr, tissue-corrected water scaling, institutional units, mmol per litre."""
FEWEST_CONTROLS = 8
"""With fewer, a value 3.5 SD from their mean may be an ordinary one; the answer is given as a reason instead."""
FEWEST_FOR_REGRESSION = 20
"""Fewer controls do not carry an adjustment for covariates."""
SUPPLIED_ID = "supplied"


@dataclass(frozen=True, slots=True)
class Measured:
    """A value with its standard deviation, None where that is unknown."""

    value: float
    sd: float | None = None
    """Against the truth."""
    sd_scan: float | None = None
    """What differs from scan to scan on one scanner, the part that counts among people of one scanner."""


@dataclass(frozen=True, slots=True)
class Control:
    """One healthy person under a pseudonym; None is unknown."""

    id: str
    values: Mapping[str, Measured]
    """By metabolite, in the unit of the controls' method."""
    age_years: float | None = None
    sex: str | None = None
    gm: float | None = None
    """Volume fraction of grey matter, 0 to 1."""


@dataclass(frozen=True, slots=True)
class Summary:
    """A group with known mean, standard deviation between people and number only."""

    mean: float
    sd: float
    n: int


@dataclass(frozen=True, slots=True)
class Method:
    """Acquisition and processing of values; None is not stated."""

    field_t: float | None = None
    """Static field, tesla."""
    sequence: str | None = None
    echo_time: float | None = None
    """s."""
    unit: str | None = None
    software: str | None = None
    """Program with version, such as ``LCModel 6.3``."""


@dataclass(frozen=True, slots=True)
class SoftwareOffset:
    """Measured difference between two programs: the same spectra, analysed by both."""

    software: str
    """Program with version whose values are to be compared with the controls."""
    ratios: Mapping[str, Measured]
    """Its values over those of the controls' program, by metabolite; the SD is that of the mean ratio."""


@dataclass(frozen=True, slots=True)
class Controls:
    """Healthy people measured alike: individual people, one group's summary, or the summaries of several studies.

    The origin decides how the method is matched: ``site`` controls state all of it and must match in all of it;
    ``supplied`` ones belong to the laboratory of the value, and facts they do not state are taken to equal the value's.
    """

    id: str
    origin: NormKind
    method: Method = field(default_factory=Method)
    region: str | None = None
    """Canonical name of the region; None with ``supplied`` controls, which are of the value's region."""
    subregion: str | None = None
    hemisphere: str | None = None
    people: tuple[Control, ...] = ()
    summary: Summary | None = None
    """Of one metabolite, in place of ``people``."""
    studies: tuple[Summary, ...] | None = None
    """Of one metabolite in several laboratories, in place of ``people``."""
    offsets: tuple[SoftwareOffset, ...] = ()
    """Measured offsets of other programs, whose values may then be compared with these people."""
    offset_variance: float = 0.0
    """Variance of the logarithm of an offset that the values were multiplied by."""

    @property
    def metabolites(self) -> tuple[str, ...]:
        """Metabolites that any of the people has, in the order of first appearance."""
        return tuple(dict.fromkeys(name for person in self.people for name in person.values))

    def having(self, metabolite: str) -> tuple[Control, ...]:
        """The people who have this metabolite."""
        return tuple(person for person in self.people if metabolite in person.values)

    def norm_id(self, metabolite: str) -> str:
        """Id of these controls as the norm of one metabolite."""
        return self.id if self.origin == "supplied" else f"{self.id}.{metabolite.lower()}"


def site_document(controls: Controls) -> dict[str, Any]:
    """A site's controls as they are stored; the keys never change, for the digest is of them."""
    return {
        "id": controls.id,
        "region": controls.region,
        "subregion": controls.subregion,
        "hemisphere": controls.hemisphere,
        "method": asdict(controls.method),
        "controls": [_person(person) for person in controls.people],
        **({"offsets": [asdict(offset) for offset in controls.offsets]} if controls.offsets else {}),
    }


def _person(person: Control) -> dict[str, Any]:
    """A person as stored; values from before ``sd_scan`` was known have no such key."""
    document = asdict(person)
    for value in document["values"].values():
        if value["sd_scan"] is None:
            del value["sd_scan"]
    return document


def digest(controls: Controls) -> str:
    """SHA-256 of a site's controls without their id."""
    content = site_document(controls)
    content.pop("id")
    return hashlib.sha256(json.dumps(content, sort_keys=True).encode()).hexdigest()


def site_version(site: Sequence[Controls]) -> str:
    """Suffix that these controls add to the version of the published norms; empty without any."""
    if not site:
        return ""
    content = "\0".join(f"{controls.id}:{digest(controls)}" for controls in site)
    return f"+site-{hashlib.sha256(content.encode()).hexdigest()[:12]}"
