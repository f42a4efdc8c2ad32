"""Inspection: report what an analysis would use, without fitting."""

from __future__ import annotations

from dataclasses import dataclass

from fitting.analysis import SiteUsed
from fitting.norms import applicable_norms
from fitting.request import Subject
from fitting.run.basis_choice import basis_in_words, basis_source, check_background
from fitting.run.check import check_request
from fitting.run.completion import missing
from fitting.run.intake import Intake, take_in
from fitting.run.job import Job
from fitting.run.placement import Placement, place
from fitting.run.sequence_notes import sequence_hint
from fitting.run.site_choice import site_for
from fitting.sites import SiteChoice

INSPECTED = (
    "vendor",
    "scanner_model",
    "software",
    "nucleus",
    "spectrometer_frequency",
    "dwell_time",
    "echo_time",
    "repetition_time",
    "mixing_time",
    "sequence",
    "sequence_name",
    "averages",
    "water_suppressed",
    "voi_volume_ml",
)
"""Acquisition quantities an inspection lists."""


@dataclass(frozen=True, slots=True)
class Inspection:
    """Acquisition from the header, missing quantities, and the basis and norms that would be used."""

    format: str
    facts: dict[str, str | float | int | None]
    """Acquisition quantities by name (SI), with transients, coils, points and field_t."""
    water_reference: str | None
    """Location of the water reference: ``same file``, ``separate file`` or None."""
    missing: tuple[str, ...]
    basis: str | None
    norms: tuple[str, ...]
    """Ids of the norms that would apply, best first."""
    warnings: tuple[str, ...]
    site: SiteUsed | None = None
    """The calibration of the scanner that would be applied, or that is near and does not hold."""


def inspect(job: Job) -> Inspection:
    """Inspect the input of an analysis without fitting.

    Raises
    ------
    FittingError
        When the input cannot be read.
    """
    check_request(job.subject, job.options)
    intake = take_in(job.metabolite, job.water_reference, job.options.overrides)
    recording, acquisition = intake.recording, intake.recording.acquisition
    facts: dict[str, str | float | int | None] = {
        "field_t": acquisition.nominal_field_t,
        **{name: getattr(acquisition, name) for name in INSPECTED},
        "points": recording.points,
        "coils": recording.coils,
        "transients": recording.transients,
    }
    check_background(job)
    placement, subject = place(job.images, acquisition.voi_geometry, job.subject)
    source = basis_source(job, acquisition)
    site = SiteChoice(None, None) if source is None else site_for(job, acquisition, source)
    calibrated = () if site.site is None else site.site.controls
    return Inspection(
        format=acquisition.format,
        facts=facts,
        water_reference=intake.water_source,
        missing=missing(acquisition, for_simulated_basis=not job.basis),
        basis=basis_in_words(job, acquisition),
        norms=applicable_norms(subject, acquisition, (*calibrated, *job.site_norms)),
        warnings=_about_sequence(intake)
        + _warnings(subject, intake)
        + (() if placement is None else _sentences(placement)),
        site=site.used,
    )


def _about_sequence(intake: Intake) -> tuple[str, ...]:
    """Remark on the sequence, or the sequence words in free text where it is missing."""
    hint = sequence_hint(intake.recording.free_text) if intake.recording.acquisition.sequence is None else None
    limiting = [note.sentence for note in intake.notes if note.limits]
    return (*([hint] if hint else limiting), *(remark.sentence for remark in intake.remarks))


def _sentences(placement: Placement) -> tuple[str, ...]:
    return tuple(note.sentence for note in placement.anatomy.notes)


def _warnings(subject: Subject, intake: Intake) -> tuple[str, ...]:
    """Parts that the answer will lack, and the input that would provide them."""
    acquisition = intake.recording.acquisition
    gaps = (
        (intake.water_source is None, "No water reference: ratios to tCr only, no concentrations."),
        (acquisition.repetition_time is None, "No repetition time: no relaxation correction."),
        (subject.tissue is None, "No tissue fractions: concentrations are not corrected for tissue and CSF."),
        (subject.region is None, "No region: no comparison with control norms."),
        (subject.age_years is None, "No age: the match of norms by age is unknown."),
    )
    return intake.may_be_cut + tuple(sentence for applies, sentence in gaps if applies)
