"""The Analysis noun: everything one spectrum's answer says, JSON-able, equal for equal input."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal

from fitting.acquisition import VoiGeometry
from fitting.model.diagnostics import RegionResidual
from fitting.model.result import Outcome
from fitting.norms.assessment import Finding, NormNotUsed, NormUsed, ProfileDistance, ZScore
from fitting.preprocessing.facts import Transients
from fitting.preprocessing.step import Step
from fitting.quantification.concentrations import Concentration, ModelMove, Ratio
from fitting.reason import Absence, Reason

SCHEMA = 2
"""Version of this document's shape; stored with every analysis. A field that may be null is added without a new number;
any other change needs the next number and a step in ``service/storage/upgrades.py``."""

NOTICE = (
    "Research use only. Not a medical device; not for diagnosis, treatment or patient management. "
    "Results must be reviewed by a qualified MR scientist or physician."
)

Usable = Literal["yes", "limited", "no"]


@dataclass(frozen=True, slots=True)
class Verdict:
    """Whether the spectrum may be interpreted, and why."""

    usable: Usable
    """``yes``, ``limited`` (with caution) or ``no`` (not interpretable)."""
    reasons: tuple[Reason, ...]
    """Why it is not plainly usable; empty when it is."""


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
    """Was a water reference used?"""
    supplied: tuple[str, ...]
    """Names of the quantities that came from the request instead of the header."""


@dataclass(frozen=True, slots=True)
class Quality:
    """Numbers behind the verdict, with their definitions."""

    snr: float
    """Signal-to-noise ratio, as ``snr_definition`` says."""
    snr_definition: str
    """How the signal-to-noise ratio is defined."""
    snr_consensus: float | None
    """Signal-to-noise ratio, as ``snr_consensus_definition`` says; null without noise."""
    snr_consensus_definition: str
    """How the signal-to-noise ratio of the consensus is defined."""
    linewidth_hz: float
    """Full width at half maximum of a metabolite singlet, Hz."""
    linewidth_ppm: float
    """The same, ppm."""
    tnaa_linewidth_hz: float | None
    """Full width at half maximum of tNAA at 2.01 ppm in the data less all else that was fitted, Hz; null where it is
    not visible."""
    tnaa_linewidth_ppm: float | None
    """The same, ppm."""
    tcr_linewidth_hz: float | None
    """Full width at half maximum of tCr at 3.03 ppm, as for tNAA, Hz."""
    tcr_linewidth_ppm: float | None
    """The same, ppm."""
    water_linewidth_hz: float | None
    """Full width at half maximum of the water reference, Hz."""
    water_linewidth_ppm: float | None
    """The same, ppm."""
    frequency_drift_hz: float | None
    """Span of the transients' frequency over the scan, Hz."""
    phase_spread_deg: float | None
    """Standard deviation of the transients' phase, degrees."""
    eddy_current_deg: float | None
    """Largest phase of the water reference beyond a shift and a constant in its first 50 ms, degrees."""
    residual_water: float | None
    """Height of the residual water over the height of tNAA, before its removal."""
    lipid: float | None
    """Height from 1.15 to 1.5 ppm over the highest peak from 1.85 to 3.35 ppm, both of the magnitude spectrum."""
    spurious_echo: float | None
    """Height of the strongest late wave packet in the fit residual, beyond what noise makes, over that of the fitted
    signal; 0 is none."""
    clipped_samples: int | None
    """Samples of the spectrum in runs at the end of the receiver's range; null in analyses made before they were
    counted."""
    water_clipped_samples: int | None
    """The same of the water reference."""
    noise_correlation: float | None
    """Root mean square of the noise's first ten autocorrelation coefficients times the root of its length; about 1 is
    white."""
    noise_tail: float | None
    """Standard deviation of the noise in the last quarter of the FID over that of the whole; about 1 is unfiltered."""
    spikes: int | None
    """Lone samples that stand far out of the averaged signal; null in analyses made before they were counted."""
    axis_error: float | None
    """How much further apart the singlets of brain stand than dwell time and spectrometer frequency put them, relative;
    null where the pattern of brain peaks was not found."""
    residual_rms_over_noise: float
    """Root mean square of the fit residual over that of the noise; 1 is a perfect fit."""
    residual_by_region: tuple[RegionResidual, ...]
    """The same in parts of the spectrum: a fit can be good on the whole and wrong in one place."""
    baseline_share: float | None
    """Area of the baseline's magnitude over that of baseline and fitted signals together."""
    baseline_effective_dimension: float
    """Effective number of parameters the baseline used."""
    shift_ppm: float
    """How far the spectrum was moved to its reference, ppm, toward higher ppm."""
    digitisation_step: float | None
    """Smallest step between two values of the samples over their noise's standard deviation."""
    quadrature_image: float | None
    """Height of the lines' images at the mirrored frequency over the lines, beyond what noise makes."""
    water_ripple: float | None
    """Amplitude of the strongest wave on the decay of the water reference, relative to the water."""
    water_offset: float | None
    """Height of a constant that the water reference ends on over its largest sample."""
    amplitude_spread: float | None
    """Standard deviation of the transients' amplitude over its mean, beyond what noise makes."""
    opposed_coils: int | None
    """Coils whose signal has the other sign in the spectrum than in its water reference."""
    unexplained_line: float | None
    """Height of the clearest line that the fit left over the noise's standard deviation of it."""
    phase_departure_deg: float | None
    """Phase of the data against the fitted metabolites from 20 to 60 ms, beyond what noise makes, degrees."""


@dataclass(frozen=True, slots=True)
class MetaboliteResult:
    """One metabolite or sum with its values, errors and position among controls.

    Exactly one of ``z`` and ``z_absent`` is None.
    """

    name: str
    """Metabolite or sum, such as ``tNAA``."""
    verdict: Verdict
    """Whether this value may be interpreted and held against norms, and what speaks against it."""
    amplitude: float
    """Signal of one proton, arbitrary units of the data."""
    amplitude_sd: float
    """Standard deviation of the amplitude that we stand behind."""
    crlb_percent: float | None
    """Classical Cramer-Rao bound, per cent of the amplitude."""
    detected: bool
    """Is the amplitude distinguishable from zero?"""
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
    """Where the measured volume lies in the image that came with the spectrum, and what tissue maps say it holds."""

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
    """Sum of the three shares before they are scaled to 1: what of the measured volume is any of the tissues."""
    gm: float | None
    """Volume fraction of grey matter by the maps, 0 to 1."""
    wm: float | None
    """Volume fraction of white matter by the maps, 0 to 1."""
    csf: float | None
    """Volume fraction of cerebrospinal fluid by the maps, 0 to 1."""
    tissue_from: Literal["request", "maps"] | None
    """Whose fractions the concentrations were corrected with."""
    notes: tuple[Reason, ...]
    """What to look at before trusting place or fractions."""


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
class Provenance:
    """What produced the answer; with these pins the same input gives the same bytes."""

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
    """Every choice of method."""
    input_sha256: str
    """SHA-256 of the metabolite file(s)."""
    water_sha256: str | None
    """SHA-256 of the water reference file(s)."""
    processing: tuple[Step, ...]
    """Preprocessing steps, in order."""


@dataclass(frozen=True, slots=True)
class Analysis:
    """The whole answer for one spectrum; deterministic (no clock, no random identifiers)."""

    outcome: Outcome
    """How the fit ended."""
    verdict: Verdict
    """May the spectrum be interpreted?"""
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
        "crlb_percent": result.crlb_percent,
        "ratio_tcr": None if ratio is None else ratio.value,
        "ratio_tcr_sd": None if ratio is None else ratio.sd,
        "concentration": None if concentration is None else concentration.value,
        "concentration_sd": None if concentration is None else concentration.sd,
        "concentration_unit": None if concentration is None else concentration.unit,
        "z": None if z is None else z.value,
        "z_low": None if z is None else z.low,
        "z_high": None if z is None else z.high,
        "flag": None if z is None else z.flag,
        "z_absent": None if result.z_absent is None else result.z_absent.code,
    }
