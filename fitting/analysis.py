"""The Analysis noun: everything one spectrum's answer says, JSON-able, equal for equal input."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from fitting.model.result import Outcome
from fitting.norms.assessment import Absence, Finding, NormUsed, ZScore
from fitting.preprocessing.quality import Step
from fitting.quantification.concentrations import Concentration, Ratio

SCHEMA = 1
"""Version of this document's shape; stored with every analysis."""

NOTICE = (
    "Research use only. Not a medical device; not for diagnosis, treatment or patient management. "
    "Results must be reviewed by a qualified MR scientist or physician."
)

Usable = Literal["yes", "limited", "no"]


@dataclass(frozen=True, slots=True)
class Reason:
    """A code for programs and a sentence for people."""

    code: str
    sentence: str


@dataclass(frozen=True, slots=True)
class Verdict:
    """Whether the spectrum may be interpreted, and why."""

    usable: Usable
    reasons: tuple[Reason, ...]


@dataclass(frozen=True, slots=True)
class AcquisitionFacts:
    """How the spectrum was acquired, as read from the header or supplied by the request."""

    vendor: str | None
    format: str
    scanner_model: str | None
    software: str | None
    field_t: float
    spectrometer_frequency: float
    sequence: str | None
    sequence_name: str | None
    echo_time: float
    repetition_time: float | None
    dwell_time: float
    points: int
    coils: int
    transients: int
    averages: int | None
    transients_rejected: int
    voi_volume_ml: float | None
    region: str | None
    hemisphere: str | None
    age_years: float | None
    sex: str | None
    gm: float | None
    wm: float | None
    csf: float | None
    water_reference: bool
    supplied: tuple[str, ...]
    """Names of the quantities that came from the request instead of the header."""


@dataclass(frozen=True, slots=True)
class Quality:
    """Numbers behind the verdict, with their definitions."""

    snr: float
    snr_definition: str
    linewidth_hz: float
    linewidth_ppm: float
    water_linewidth_hz: float | None
    frequency_drift_hz: float | None
    phase_spread_deg: float | None
    residual_water: float | None
    residual_rms_over_noise: float
    baseline_effective_dimension: float
    shift_ppm: float


@dataclass(frozen=True, slots=True)
class MetaboliteResult:
    """One metabolite or sum with its values, errors and position among controls.

    Exactly one of ``z`` and ``z_absent`` is None.
    """

    name: str
    amplitude: float
    amplitude_sd: float
    crlb_percent: float | None
    detected: bool
    upper_bound: float | None
    ratio_tcr: Ratio | None
    concentration: Concentration | None
    z: ZScore | None
    z_absent: Absence | None


@dataclass(frozen=True, slots=True)
class Multiplicity:
    """How many comparisons were made and how many flags chance alone would raise."""

    tests: int
    expected_by_chance: float
    flagged: int


@dataclass(frozen=True, slots=True)
class Provenance:
    """What produced the answer; with these pins the same input gives the same bytes."""

    software: str
    version: str
    schema: int
    basis_id: str
    basis_description: str
    basis_source: str
    macromolecules: str
    norm_version: str
    relaxation: str
    options: dict[str, str | float | bool | None]
    input_sha256: str
    water_sha256: str | None
    processing: tuple[Step, ...]


@dataclass(frozen=True, slots=True)
class Analysis:
    """The whole answer for one spectrum; deterministic (no clock, no random identifiers)."""

    outcome: Outcome
    verdict: Verdict
    acquisition: AcquisitionFacts
    quality: Quality
    metabolites: tuple[MetaboliteResult, ...]
    norms: tuple[NormUsed, ...]
    multiplicity: Multiplicity
    evidence: tuple[Finding, ...]
    provenance: Provenance
    notice: str = NOTICE
