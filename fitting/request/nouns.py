"""Data that may accompany a spectrum: person, visit, scan and method.

Each field is declared here once, with its text, unit and limits; ``fitting.request`` lists what is derived from it.
There is no field for a name, birth date or hospital number: a person has a pseudonym.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Annotated, Any, Literal

from fitting.request.scales import scales

Kind = Literal["number", "choice", "pseudonym", "region", "name"]
"""Type of a field: a finite number; one of its choices; a pseudonym; the name of a region; the name of a method."""


@dataclass(frozen=True, slots=True)
class Said:
    """Declaration of one field, the same on every surface."""

    text: str
    """Sentences for users; the first one stands alone where space is limited."""
    example: Any = None
    kind: Kind = "number"
    label: str = ""
    """Name in forms and reports; fields without one are absent there."""
    choices: tuple[str, ...] = ()
    """All allowed values; empty for an open list."""
    low: float | None = None
    """Smallest value."""
    above: float | None = None
    """Every value is greater than this."""
    high: float | None = None
    """Largest value."""
    per_si: float = 1.0
    """Factor from the request's unit to the label's (1000 for s and ms)."""
    hint: str = ""
    """A sentence below the field of a form."""
    column: str | None = None
    """Its name in flat lists of fields, as in a manifest, if that is not its own."""
    option: str | None = None
    """Its name on the command line, if that is not the column's."""
    most: int = 1
    """Values that it holds; a field of more than one is a list without repetitions."""


@dataclass(frozen=True, slots=True)
class TissueFractions:
    """Volume fractions of the measured volume, 0 to 1; they sum to 1 within 0.02, else ``implausible-parameter``."""

    gm: Annotated[float, Said("Grey matter, 0 to 1.", 0.6, label="Grey matter")]
    wm: Annotated[float, Said("White matter, 0 to 1.", 0.3, label="White matter")]
    csf: Annotated[float, Said("Cerebrospinal fluid, 0 to 1.", 0.1, label="Cerebrospinal fluid")]


@dataclass(frozen=True, slots=True)
class Subject:
    """The person and the region, all optional; a norm that needs a missing fact names it."""

    region: Annotated[
        str | None,
        Said(
            "Region of the brain that was measured, such as ACC; ``GET /v1/regions`` lists those with norms.",
            "ACC",
            kind="region",
            label="Region",
            hint="Without it nothing is compared with controls.",
        ),
    ] = None
    hemisphere: Annotated[
        str | None,
        Said("Side of the brain.", "midline", kind="choice", label="Side", choices=("left", "right", "midline")),
    ] = None
    age_years: Annotated[
        float | None,
        Said(
            "Age at the scan, years.",
            44,
            low=0,
            high=120,
            label="Age (years)",
            hint="Norms are matched by age.",
            option="age",
        ),
    ] = None
    sex: Annotated[
        str | None,
        Said("Sex of the person.", "female", kind="choice", label="Sex", choices=("female", "male", "other")),
    ] = None
    tissue: Annotated[
        TissueFractions | None, Said("Tissue composition of the measured volume, from a segmented image.")
    ] = None


@dataclass(frozen=True, slots=True)
class PersonVisit:
    """Which person and visit an analysis belongs to, by pseudonyms; it changes no number."""

    subject: Annotated[
        str | None,
        Said(
            "Pseudonym of the person: 1 to 64 letters, digits, dots, hyphens and underscores. Never a name or hospital "
            "number: two words of letters, a date, and seven or more digits without a letter are refused.",
            "sub-017",
            kind="pseudonym",
            label="Subject (pseudonym)",
            hint="Never a name or hospital number.",
        ),
    ] = None
    session: Annotated[
        str | None, Said("Pseudonym of the visit, of the same form.", "ses-02", kind="pseudonym", label="Session")
    ] = None
    session_day: Annotated[
        float | None,
        Said(
            "Days from the person's first visit (day 0) to this one. A number of days, because a date may identify a "
            "person; the date of the scan is never taken from a file. Without it sessions stand in the order of "
            "submission.",
            42,
            low=0,
            high=36500,
            label="Day since the first visit",
            hint="A number of days, never a date. The first visit is day 0.",
        ),
    ] = None
    group: Annotated[
        str | None,
        Said("Group of a study that the person belongs to, in its own word.", "control", kind="name", label="Group"),
    ] = None
    tags: Annotated[
        tuple[str, ...] | None,
        Said(
            "Words by which the analysis is found again, 20 at most. In flat tables and on the command line they are "
            "separated by semicolons or commas.",
            ["pilot", "second-reading"],
            kind="name",
            label="Tags",
            hint="Separated by semicolons or commas.",
            most=20,
        ),
    ] = None


def _scale(name: str) -> Said:
    """Declaration of a clinical measure from ``data/scales.toml``."""
    scale = scales()[name]
    return Said(scale.text, scale.example, low=scale.low, high=scale.high, label=scale.label)


@dataclass(frozen=True, slots=True)
class ClinicalMeasures:
    """Measures of the visit; shown beside the result, never used to compute it."""

    pain_vas: Annotated[float | None, _scale("pain_vas")] = None
    pain_nrs: Annotated[float | None, _scale("pain_nrs")] = None
    odi: Annotated[float | None, _scale("odi")] = None
    duration_months: Annotated[float | None, _scale("duration_months")] = None
    anxiety: Annotated[float | None, _scale("hads_anxiety")] = None
    depression: Annotated[float | None, _scale("hads_depression")] = None
    stai_state: Annotated[float | None, _scale("stai_state")] = None
    stai_trait: Annotated[float | None, _scale("stai_trait")] = None
    bdi: Annotated[float | None, _scale("bdi")] = None
    mpq_sensory: Annotated[float | None, _scale("mpq_sensory")] = None
    mpq_affective: Annotated[float | None, _scale("mpq_affective")] = None
    mpq_total: Annotated[float | None, _scale("mpq_total")] = None
    pcs: Annotated[float | None, _scale("pcs")] = None
    tsk: Annotated[float | None, _scale("tsk")] = None


@dataclass(frozen=True, slots=True)
class Overrides:
    """Acquisition quantities that fill in or replace what the file header says; SI units.

    A value outside what a brain 1H-MRS scan can have is refused as ``implausible-parameter``.
    """

    echo_time: Annotated[float | None, Said("Echo time, s.", 0.030, label="Echo time (ms)", per_si=1e3)] = None
    repetition_time: Annotated[
        float | None, Said("Repetition time, s.", 2.0, label="Repetition time (ms)", per_si=1e3)
    ] = None
    spectrometer_frequency: Annotated[
        float | None,
        Said("Transmitter frequency of 1H, Hz.", 123.25e6, label="Transmitter frequency (MHz)", per_si=1e-6),
    ] = None
    dwell_time: Annotated[
        float | None, Said("Time between complex points, s.", 0.0005, label="Dwell time (µs)", per_si=1e6)
    ] = None
    sequence: Annotated[
        str | None,
        Said("Localisation family: PRESS, STEAM, sLASER or SPECIAL.", "PRESS", kind="name", label="Sequence"),
    ] = None
    mixing_time: Annotated[
        float | None, Said("Mixing time of STEAM, s.", 0.010, label="Mixing time of STEAM (ms)", per_si=1e3)
    ] = None


@dataclass(frozen=True, slots=True)
class Options:
    """Choices of method; every one is recorded in the result."""

    optimiser: Annotated[
        str,
        Said(
            "Optimiser of the fit; the refusal of an unknown one lists them, as for every option.",
            "lmfit-leastsq",
            kind="name",
        ),
    ] = "lmfit-leastsq"
    baseline: Annotated[str, Said("Baseline model.", "two-scale", kind="name")] = "two-scale"
    macromolecules: Annotated[
        str, Said("Macromolecule model.", "default", kind="name", column="macromolecule_model")
    ] = "default"
    basis_scale: Annotated[
        str,
        Said(
            "Scale of a supplied basis set: as its file has it, or with metabolites whose singlet counts another "
            "number of protons than it has rescaled to their protons.",
            "file",
            kind="choice",
            choices=("file", "protons"),
        ),
    ] = "file"
    concentration_prior: Annotated[
        str | None,
        Said(
            "Table of expected concentrations that draws the values toward them; none by default, and every value says "
            "how far it was moved. It needs a water reference.",
            "adult-brain",
            kind="name",
            label="Expected concentrations",
            hint="Draws values toward those of a healthy brain. It needs a water reference, and the report says how "
            "far each value was moved. Do not look for deviations with it.",
        ),
    ] = None
    deadline_seconds: Annotated[
        float | None,
        Said("Stop the fit after this many seconds and answer ``stopped_early``.", 60, above=0, high=3600),
    ] = None
    overrides: Overrides = field(default_factory=Overrides)


@dataclass(frozen=True, slots=True)
class Request:
    """All facts and options that a request gives with a spectrum."""

    subject: Subject = field(default_factory=Subject)
    visit: PersonVisit = field(default_factory=PersonVisit)
    clinical: ClinicalMeasures = field(default_factory=ClinicalMeasures)
    options: Options = field(default_factory=Options)
