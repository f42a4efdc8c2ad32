"""The only place that knows the order of the stages: from named bytes to an Analysis with its Traces."""

from __future__ import annotations

from dataclasses import asdict, dataclass, field, replace
from functools import cache, lru_cache, partial
from pathlib import Path

from threadpoolctl import ThreadpoolController

from fitting import __version__
from fitting.analysis import SCHEMA, Analysis, Provenance, Reason
from fitting.anatomy import Images, Placement, place
from fitting.assembly import acquisition_facts, metabolite_results, multiplicity_of, quality_of
from fitting.basis.basis_set import BasisSet, Grid
from fitting.basis.cache import cached_basis
from fitting.basis.files import read_basis
from fitting.basis.macromolecules import with_background, with_macromolecules, without_background
from fitting.basis.match import on_grid
from fitting.basis.sequences import Protocol, as_played_out
from fitting.basis.simulation import describe
from fitting.errors import UnusableBasis
from fitting.intake import Intake, digest, take_in
from fitting.io import Files
from fitting.measured_background import measured_background
from fitting.model.fit import Components, fit
from fitting.model.result import Fit, Traces
from fitting.norms import SiteNorm, applicable_norms, assess, own_software
from fitting.pins import data_digest, engine_digest, library_versions
from fitting.preprocessing import preprocess
from fitting.preprocessing.noise import noise_sd
from fitting.progress import begin
from fitting.protocol import missing, require_complete
from fitting.protocol_doubt import protocol_doubt
from fitting.quantification import quantify, relaxation_table
from fitting.request import check_request
from fitting.signal import Acquisition, Spectrum
from fitting.subject import Options, Subject
from fitting.verdict import judge

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

SHORTEST_BASIS = 0.25
"""s; a supplied basis that lasts this long holds all of in vivo lines, so longer data are fitted up to its end."""

ASSUMED_MIXING_TIME = 0.010
"""s; many STEAM headers lack the mixing time. It changes the responses little, and the basis says it is assumed."""


@dataclass(frozen=True, slots=True)
class Job:
    """Everything one analysis is computed from; picklable, so any worker can run it.

    ``basis`` holds an LCModel ``.BASIS`` file or the JSON files of an FSL-MRS basis folder; empty means simulate.
    ``relaxation`` is the CSV that overrides shipped relaxation times, or None. ``site_norms`` are the newest versions
    of the site's own controls. ``macromolecules`` is a measured macromolecular spectrum that replaces the published
    ones. ``images`` are the T1-weighted image and the tissue maps of the same examination.
    """

    metabolite: Files
    water_reference: Files = ()
    subject: Subject = field(default_factory=Subject)
    options: Options = field(default_factory=Options)
    basis: Files = ()
    relaxation: bytes | None = None
    site_norms: tuple[SiteNorm, ...] = ()
    macromolecules: Files = ()
    images: Images = field(default_factory=Images)


def analyse(job: Job, cache_dir: Path | None = None) -> tuple[Analysis, Traces]:
    """Read, preprocess, fit, quantify and compare one spectrum with matched norms.

    Parameters
    ----------
    job : Job
        Input bytes, what is known of the person, and options.
    cache_dir : Path, optional
        Folder of simulated basis sets; None keeps them in memory only.

    Returns
    -------
    analysis : Analysis
    traces : Traces

    Raises
    ------
    FittingError
        When the input cannot be used; the class says why.
    """
    with _threads().limit(limits=1):
        return _analyse(job, cache_dir)


@cache
def _threads() -> ThreadpoolController:
    """Linear algebra runs on one thread: small matrices gain nothing from more, and sums keep their order."""
    return ThreadpoolController()


def _analyse(job: Job, cache_dir: Path | None) -> tuple[Analysis, Traces]:
    begin("reading")
    check_request(job.subject, job.options)
    relaxation = relaxation_table(job.relaxation)
    intake = take_in(job.metabolite, job.water_reference, job.options.overrides)
    acquisition = intake.recording.acquisition
    require_complete(acquisition, for_simulated_basis=not job.basis)
    placement, subject = place(job.images, acquisition.voi_geometry, job.subject)
    begin("preprocessing")
    spectrum, facts = preprocess(intake.recording)
    begin("basis")
    basis = _with_background(_basis(job.basis, acquisition, spectrum, cache_dir), job, spectrum)
    begin("fitting")
    result = _fitted(spectrum, basis, job.options)
    begin("quantification")
    water = intake.recording.water
    quantities = quantify(
        result,
        spectrum.water,
        spectrum.dwell_time,
        acquisition,
        subject.tissue,
        relaxation,
        water_acquisition=None if water is None else water.acquisition,
    )
    quality = quality_of(result, facts, spectrum.spectrometer_frequency)
    doubts = tuple(Reason("contradicts-header", sentence) for sentence in intake.contradictions)
    if not job.basis and facts.pattern == "found":
        doubts += protocol_doubt(protocol_of(acquisition), result, quality, partial(_refit, spectrum, job, cache_dir))
    judgement = judge(
        result,
        quality,
        quantities,
        pattern=facts.pattern,
        doubts=doubts,
    )
    begin("comparison")
    assessment = assess(
        quantities,
        subject,
        acquisition,
        {name: verdict.usable for name, verdict in judgement.metabolites.items()},
        site_norms=job.site_norms,
        software=own_software(job.options.baseline, _background_in_words(job), basis.source),
    )
    analysis = Analysis(
        outcome=result.outcome,
        verdict=judgement.spectrum,
        acquisition=acquisition_facts(intake, subject, facts),
        quality=quality,
        transients=facts.transients,
        metabolites=metabolite_results(quantities, assessment.scores, judgement),
        norms=assessment.norms,
        norms_not_used=assessment.norms_not_used,
        multiplicity=multiplicity_of(assessment),
        evidence=assessment.evidence,
        provenance=Provenance(
            software="mrsquant",
            version=__version__,
            schema=SCHEMA,
            engine=engine_digest(),
            data=data_digest(),
            libraries=library_versions(),
            basis_id=basis.key,
            basis_description=basis.description + _assumption(job, acquisition),
            basis_source=basis.source,
            macromolecules=_background_in_words(job),
            norm_version=assessment.norm_version,
            relaxation=relaxation.description,
            options=_flat(job.options),
            input_sha256=intake.input_sha256,
            water_sha256=intake.water_sha256,
            processing=facts.steps,
        ),
        anatomy=None if placement is None else placement.anatomy,
    )
    return analysis, _with_planes(result.traces, placement)


def _with_planes(traces: Traces, placement: Placement | None) -> Traces:
    """The traces with the planes of the image, if there are any."""
    if placement is None or placement.planes is None:
        return traces
    return replace(traces, planes=placement.planes, planes_middle_mm=placement.planes_middle_mm)


def _fitted(spectrum: Spectrum, basis: BasisSet, options: Options) -> Fit:
    return fit(
        _first(spectrum, basis.points),
        Components(basis.names, basis.signals, basis.deviations, basis.templates),
        noise_sd(spectrum.fid, spectrum.dwell_time, spectrum.spectrometer_frequency),
        baseline=options.baseline,
        optimiser=options.optimiser,
        deadline_seconds=options.deadline_seconds,
    )


def _refit(spectrum: Spectrum, job: Job, cache_dir: Path | None, protocol: Protocol) -> Fit:
    """The same fit with the simulated basis of another protocol."""
    basis = cached_basis(protocol, Grid(spectrum.points, spectrum.dwell_time), cache_dir)
    return _fitted(spectrum, _with_background(basis, job, spectrum), job.options)


@dataclass(frozen=True, slots=True)
class Inspection:
    """What was read from the header, what is missing, and which basis and norms would be used."""

    format: str
    facts: dict[str, str | float | int | None]
    """Acquisition quantities by name (SI), with transients, coils, points and field_t."""
    water_reference: str | None
    """Where the water reference is: ``same file``, ``separate file`` or None."""
    missing: tuple[str, ...]
    basis: str | None
    norms: tuple[str, ...]
    """Ids of the norms that would apply, best first."""
    warnings: tuple[str, ...]


def inspect(job: Job) -> Inspection:
    """Say what would be analysed, without fitting.

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
    placement, subject = place(job.images, acquisition.voi_geometry, job.subject)
    return Inspection(
        format=acquisition.format,
        facts=facts,
        water_reference=intake.water_source,
        missing=missing(acquisition, for_simulated_basis=not job.basis),
        basis=_basis_in_words(job, acquisition),
        norms=applicable_norms(subject, acquisition, job.site_norms),
        warnings=_warnings(subject, intake) + (() if placement is None else _sentences(placement)),
    )


def protocol_of(acquisition: Acquisition) -> Protocol:
    """What a complete acquisition's basis depends on, with the pulses of its scanner as far as they are known."""
    require_complete(acquisition)
    protocol = Protocol(
        sequence=str(acquisition.sequence),
        echo_time=float(acquisition.echo_time or 0.0),
        spectrometer_frequency=float(acquisition.spectrometer_frequency or 0.0),
        mixing_time=acquisition.mixing_time or (ASSUMED_MIXING_TIME if acquisition.sequence == "STEAM" else None),
    )
    return as_played_out(protocol, acquisition.vendor)


def _basis(files: Files, acquisition: Acquisition, spectrum: Spectrum, cache_dir: Path | None) -> BasisSet:
    grid = Grid(spectrum.points, spectrum.dwell_time)
    if files:
        return _supplied_basis(files, grid, spectrum.spectrometer_frequency)
    return cached_basis(protocol_of(acquisition), grid, cache_dir)


def _with_background(basis: BasisSet, job: Job, spectrum: Spectrum) -> BasisSet:
    """The basis with the measured background of the job, else with the published ones."""
    if not job.macromolecules:
        return with_macromolecules(basis, job.options.macromolecules)
    name = job.macromolecules[0].name
    if digest(job.macromolecules) == digest(job.metabolite):
        raise UnusableBasis(f"Macromolecular spectrum '{name}' is the same file as the spectrum.", file=name)
    metabolites = without_background(basis)
    measured = measured_background(job.macromolecules, job.options.overrides, _first(spectrum, basis.points))
    return with_background(metabolites, measured)


def _background_in_words(job: Job) -> str:
    """The name of the background for the provenance."""
    measured = f"measured, sha256 {digest(job.macromolecules)}" if job.macromolecules else ""
    return measured or job.options.macromolecules


@lru_cache(maxsize=4)
def _supplied_basis(files: Files, grid: Grid, spectrometer_frequency: float) -> BasisSet:
    """A supplied basis on the data's grid, as far as it lasts; batches send the same files with every spectrum."""
    basis = read_basis(files)
    stretch = spectrometer_frequency / basis.spectrometer_frequency
    lasting = int(basis.points * basis.dwell_time / (grid.dwell_time * stretch))
    points = grid.points if lasting * grid.dwell_time < SHORTEST_BASIS else min(grid.points, lasting)
    return on_grid(basis, points, grid.dwell_time, spectrometer_frequency)


def _first(spectrum: Spectrum, points: int) -> Spectrum:
    """The first ``points`` of spectrum and water."""
    water = None if spectrum.water is None else spectrum.water[:points]
    return replace(spectrum, fid=spectrum.fid[:points], water=water)


def _basis_in_words(job: Job, acquisition: Acquisition) -> str | None:
    """Which basis would be used, or None when too little is known to choose one."""
    if job.basis:
        return read_basis(job.basis).description
    return None if missing(acquisition) else describe(protocol_of(acquisition)) + _assumption(job, acquisition)


def _assumption(job: Job, acquisition: Acquisition) -> str:
    """What a simulated basis had to assume, in words; empty when nothing."""
    assumed = not job.basis and acquisition.sequence == "STEAM" and acquisition.mixing_time is None
    return " (mixing time assumed: the header does not give it)" if assumed else ""


def _sentences(placement: Placement) -> tuple[str, ...]:
    return tuple(note.sentence for note in placement.anatomy.notes)


def _warnings(subject: Subject, intake: Intake) -> tuple[str, ...]:
    """What the answer will lack, and what to supply for it."""
    acquisition = intake.recording.acquisition
    gaps = (
        (intake.water_source is None, "No water reference: ratios to tCr only, no concentrations."),
        (acquisition.repetition_time is None, "No repetition time: no relaxation correction."),
        (subject.tissue is None, "No tissue fractions: concentrations are not corrected for tissue and CSF."),
        (subject.region is None, "No region: no comparison with control norms."),
        (subject.age_years is None, "No age: the match of norms by age is unknown."),
    )
    return tuple(sentence for applies, sentence in gaps if applies)


def _flat(options: Options) -> dict[str, str | float | bool | None]:
    """Options as one flat record; the request's overrides are listed under ``acquisition.supplied``."""
    record = asdict(options)
    overrides = record.pop("overrides")
    return {**record, **{f"override_{name}": value for name, value in overrides.items() if value is not None}}
