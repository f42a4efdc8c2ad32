"""The result of one spectrum, ``Analysis``: serialisable to JSON and deterministic."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal

from fitting.acquisition import VoiGeometry
from fitting.model.result import Outcome
from fitting.norms.assessment import Finding, NormNotUsed, NormUsed, ProfileDistance, ZScore
from fitting.preprocessing.preprocessed import Transients
from fitting.preprocessing.step import Step
from fitting.quality import Quality
from fitting.quality.verdict.usable import Verdict
from fitting.quantification.concentrations import Concentration, ModelMove, Ratio
from fitting.reason import Absence, Reason

SCHEMA = 2
"""Version of this document's shape; stored with every analysis. A field that may be null is added without a new number;
any other change needs the next number and a step in ``service/upgrades.py``."""

NOTICE = (
    "Research use only. Not a medical device; not for diagnosis, treatment or patient management. "
    "Results must be reviewed by a qualified MR scientist or physician."
)


@dataclass(frozen=True, slots=True)
class AcquisitionFacts:
    """How the spectrum was acquired, as read from the header or supplied by the request."""

    vendor: str | None
    """Scanner manufacturer."""
    format: str
    """Name of the reader, such as ``siemens_rda``."""
    scanner_model: str | None
    """Scanner model."""
    software: str | None
    """Scanner software version."""
    field_t: float
    """Static field, tesla."""
    spectrometer_frequency: float
    """Transmitter frequency of 1H, Hz."""
    sequence: str | None
    """Localisation family."""
    sequence_name: str | None
    """What the header calls the sequence."""
    echo_time: float | None
    """Echo time, s."""
    repetition_time: float | None
    """Repetition time, s."""
    mixing_time: float | None
    """Mixing time of STEAM, s; null in analyses made before it was kept."""
    dwell_time: float
    """Time between complex points, s."""
    points: int
    """Complex points per transient."""
    coils: int
    """Receive coils stored."""
    transients: int
    """Transients stored."""
    averages: int | None
    """Transients the scanner acquired, also when it stored only their mean."""
    transients_rejected: int
    """Transients left out as outliers."""
    voi_volume_ml: float | None
    """Volume of the measured region, ml."""
    region: str | None
    """Region of the brain, from the request."""
    hemisphere: str | None
    """``left``, ``right`` or ``midline``."""
    age_years: float | None
    """Age, years."""
    sex: str | None
    """``female``, ``male`` or ``other``."""
    gm: float | None
    """Volume fraction of grey matter, 0 to 1."""
    wm: float | None
    """Volume fraction of white matter, 0 to 1."""
    csf: float | None
    """Volume fraction of cerebrospinal fluid, 0 to 1."""
    water_reference: bool
    """Whether a water reference was used."""
    supplied: tuple[str, ...]
    """Names of the quantities that came from the request instead of the header."""


@dataclass(frozen=True, slots=True)
class MetaboliteResult:
    """One metabolite or sum with its values, errors and position among controls.

    Exactly one of ``z`` and ``z_absent`` is None.
    """

    name: str
    """Metabolite or sum, such as ``tNAA``."""
    verdict: Verdict
    """Whether this value may be interpreted and compared with norms, with the reasons against it."""
    amplitude: float
    """Signal of one proton, arbitrary units of the data."""
    amplitude_sd: float
    """Standard deviation of the amplitude, with all modelled sources of error."""
    amplitude_sd_scan: float | None
    """Part of ``amplitude_sd`` that differs from scan to scan on one scanner: noise, baseline, phases, widths and the
    person's own macromolecules; null in analyses made before it was computed, like the next."""
    amplitude_sd_shared: float | None
    """Part of ``amplitude_sd`` that all scans of one scanner share: macromolecules, pulses and timings; the squares of
    both parts add up to that of ``amplitude_sd``."""
    crlb_percent: float | None
    """Classical Cramer-Rao bound, per cent of the amplitude."""
    detected: bool
    """Whether the amplitude is distinguishable from zero."""
    upper_bound: float | None
    """Amplitude that 95 % of repeats would stay below, when not detected."""
    model_move: ModelMove | None
    """The other reasonable baseline or macromolecule template that moves the amplitude most."""
    prior_move: float | None
    """How far the concentration prior moved the amplitude, in standard deviations that it has without; null without a
    prior."""
    ratio_tcr: Ratio | None
    """Ratio to total creatine."""
    concentration: Concentration | None
    """Water-scaled concentration; needs a water reference."""
    z: ZScore | None
    """Position among matched controls."""
    z_absent: Absence | None
    """Why there is no z-score."""


@dataclass(frozen=True, slots=True)
class Anatomy:
    """Position of the measured volume in the supplied image, and its content by tissue maps."""

    voi: VoiGeometry | None
    """Place of the measured volume, from the header of the spectrum; null when it does not say."""
    image_sha256: str | None
    """SHA-256 of the image; null when none was supplied."""
    outside_image: float | None
    """Share of the measured volume that lies outside of the image, 0 to 1."""
    maps_sha256: tuple[str, ...]
    """SHA-256 of the maps of grey matter, white matter and cerebrospinal fluid; empty when none were supplied."""
    outside_maps: float | None
    """Share of the measured volume that lies outside of a map, 0 to 1."""
    segmented: float | None
    """Sum of the three shares before they are scaled to 1: the share of the measured volume that is any tissue."""
    gm: float | None
    """Volume fraction of grey matter by the maps, 0 to 1."""
    wm: float | None
    """Volume fraction of white matter by the maps, 0 to 1."""
    csf: float | None
    """Volume fraction of cerebrospinal fluid by the maps, 0 to 1."""
    tissue_from: Literal["request", "maps"] | None
    """Source of the tissue fractions that corrected the concentrations."""
    notes: tuple[Reason, ...]
    """Points to check before trusting place or fractions."""


@dataclass(frozen=True, slots=True)
class Multiplicity:
    """How many comparisons were made and how many flags chance alone would raise."""

    tests: int
    """Comparisons with a norm."""
    expected_by_chance: float
    """Flags expected if nothing were different."""
    flagged: int
    """Flags raised."""
    flagged_q: int | None
    """Flags that remain when a false discovery rate of 5 % is kept (Benjamini-Hochberg q < 0.05); null in analyses made
    before it was computed."""
    profile: ProfileDistance | None
    """All values together against own controls."""
    profile_absent: Absence | None
    """Why there is no profile distance."""


@dataclass(frozen=True, slots=True)
class SiteUsed:
    """The calibration of the scanner that was applied, or that was near and does not hold for this scan."""

    id: str
    """SHA-256 of the calibration: equal ids are equal calibrations."""
    name: str
    """Its name."""
    applied: bool
    """Whether the values were compared with its people."""
    reason: Reason | None
    """Why it was not applied: ``site-mismatch`` and the differences."""


@dataclass(frozen=True, slots=True)
class Provenance:
    """Versions and digests that determine the answer; with equal ones the same input gives the same bytes."""

    software: str
    """Name of the program."""
    version: str
    """Version of the program."""
    schema: int
    """Version of the document's shape when it was made."""
    engine: str | None
    """SHA-256 of the program's code; null in analyses made before it was kept, like the two below."""
    data: str | None
    """SHA-256 of the data the program ships: spin systems, pulses, macromolecules, relaxation times, norms, rules."""
    libraries: dict[str, str] | None
    """Versions of the numerical libraries and the readers."""
    basis_id: str
    """Content address of the basis set."""
    basis_description: str
    """The basis set for people."""
    basis_source: str
    """Where the basis set comes from."""
    macromolecules: str
    """Macromolecule model."""
    norm_version: str
    """Version of the norm tables."""
    relaxation: str
    """Source of the relaxation times, with the digest of those that were supplied."""
    options: dict[str, str | float | bool | None]
    """Every method option."""
    input_sha256: str
    """SHA-256 of the metabolite file(s)."""
    water_sha256: str | None
    """SHA-256 of the water reference file(s)."""
    processing: tuple[Step, ...]
    """Preprocessing steps, in order."""
    values_code: str | None
    """SHA-256 of the code and data that compute values, norms and texts aside: people of one calibration have equal
    ones. Null in analyses made before it was kept, like the two below."""
    basis_sha256: str | None
    """SHA-256 of the supplied basis set; null when it is simulated."""
    site: SiteUsed | None
    """The calibration of the scanner; null when none was named and none is near."""


@dataclass(frozen=True, slots=True)
class Analysis:
    """The whole answer for one spectrum; deterministic (no clock, no random identifiers)."""

    outcome: Outcome
    """How the fit ended."""
    verdict: Verdict
    """Whether the spectrum may be interpreted."""
    acquisition: AcquisitionFacts
    """How the spectrum was acquired."""
    quality: Quality
    """Numbers behind the verdict."""
    transients: Transients | None
    """What told the transients apart; null when only one is stored."""
    metabolites: tuple[MetaboliteResult, ...]
    """One entry for each metabolite and sum."""
    norms: tuple[NormUsed, ...]
    """The norms behind the z-scores."""
    norms_not_used: tuple[NormNotUsed, ...]
    """Norms of the site for this region that were not applied, with the reason."""
    multiplicity: Multiplicity
    """How many flags chance alone would raise."""
    evidence: tuple[Finding, ...]
    """Group findings for this region: context, not a diagnosis."""
    provenance: Provenance
    """What produced the answer."""
    anatomy: Anatomy | None = None
    """The measured volume in the image and tissue maps; null when none were supplied."""
    notice: str = NOTICE
    """What this answer must not be used for."""

    def to_frame(self) -> Any:
        """One row for each metabolite and sum, as a pandas DataFrame.

        Raises
        ------
        ImportError
            When pandas is not installed.
        """
        import pandas  # noqa: PLC0415 - optional

        return pandas.DataFrame([_row(result) for result in self.metabolites]).set_index("name")


def _row(result: MetaboliteResult) -> dict[str, Any]:
    ratio, concentration, z = result.ratio_tcr, result.concentration, result.z
    return {
        "name": result.name,
        "usable": result.verdict.usable,
        "detected": result.detected,
        "amplitude": result.amplitude,
        "amplitude_sd": result.amplitude_sd,
        "amplitude_sd_scan": result.amplitude_sd_scan,
        "crlb_percent": result.crlb_percent,
        "ratio_tcr": None if ratio is None else ratio.value,
        "ratio_tcr_sd": None if ratio is None else ratio.sd,
        "ratio_tcr_sd_scan": None if ratio is None else ratio.sd_scan,
        "concentration": None if concentration is None else concentration.value,
        "concentration_sd": None if concentration is None else concentration.sd,
        "concentration_sd_scan": None if concentration is None else concentration.sd_scan,
        "concentration_unit": None if concentration is None else concentration.unit,
        "z": None if z is None else z.value,
        "z_low": None if z is None else z.low,
        "z_high": None if z is None else z.high,
        "flag": None if z is None else z.flag,
        "z_absent": None if result.z_absent is None else result.z_absent.code,
    }
