"""Choice of the basis set of a job: supplied or simulated, with published or measured macromolecules."""

from __future__ import annotations

from dataclasses import replace
from functools import lru_cache
from pathlib import Path

from fitting.acquisition import Acquisition
from fitting.basis.basis_set import BasisSet, Grid
from fitting.basis.cache import cached_basis, source_of
from fitting.basis.files import read_basis
from fitting.basis.macromolecules import with_background, with_macromolecules, without_background
from fitting.basis.match import on_axes
from fitting.basis.other_pulses import differences
from fitting.basis.sequences import Protocol, as_played_out
from fitting.basis.simulation import describe
from fitting.errors import UnusableBasis
from fitting.fid import Axes
from fitting.io import Files
from fitting.run.completion import missing, require_complete
from fitting.run.intake import digest
from fitting.run.job import Job
from fitting.run.learned_background import in_files, in_words
from fitting.run.measured_background import measured_background, measured_basis

SHORTEST_BASIS = 0.25
"""s; a supplied basis that lasts this long holds all of in vivo lines, so longer data are fitted up to its end."""

ASSUMED_MIXING_TIME = 0.010
"""s; many STEAM headers lack the mixing time. It changes the responses little, and the basis description states the
assumption."""


def protocol_of(acquisition: Acquisition) -> Protocol:
    """Protocol of a complete acquisition, with the pulses of its scanner as far as they are known."""
    require_complete(acquisition)
    protocol = Protocol(
        sequence=str(acquisition.sequence),
        echo_time=float(acquisition.echo_time or 0.0),
        spectrometer_frequency=float(acquisition.spectrometer_frequency or 0.0),
        mixing_time=acquisition.mixing_time or (ASSUMED_MIXING_TIME if acquisition.sequence == "STEAM" else None),
    )
    return as_played_out(protocol, acquisition.vendor)


def basis_for(job: Job, acquisition: Acquisition, axes: Axes, cache_dir: Path | None) -> BasisSet:
    """The basis set of a job on the axes of its spectrum: supplied or simulated, with its macromolecules."""
    if job.basis:
        basis = _supplied_basis(job.basis, _by_protons(job), axes)
    else:
        basis = _simulated_basis(protocol_of(acquisition), Grid(axes.points, axes.dwell_time), cache_dir)
    return with_job_background(basis, job)


@lru_cache(maxsize=8)
def _simulated_basis(protocol: Protocol, grid: Grid, cache_dir: Path | None) -> BasisSet:
    """The metabolites of a protocol, with what other pulses and timings would change."""
    return replace(cached_basis(protocol, grid, cache_dir), differences=differences(protocol, grid, cache_dir))


def with_job_background(basis: BasisSet, job: Job) -> BasisSet:
    """The basis with the measured background of the job, else with the published ones."""
    if not job.macromolecules or in_files(job.macromolecules) is not None:
        return with_macromolecules(basis, job.options.macromolecules)
    _refuse_the_spectrum_itself(job)
    metabolites = without_background(basis)
    measured = measured_background(job.macromolecules, job.options.overrides, basis.axes)
    return with_background(metabolites, measured)


def check_background(job: Job) -> None:
    """Validate the measured macromolecule spectrum before fitting.

    Raises
    ------
    UnusableBasis
        When it cannot be read, is no macromolecular spectrum, or is the spectrum itself.
    """
    if job.macromolecules and in_files(job.macromolecules) is None:
        _refuse_the_spectrum_itself(job)
        measured_basis(job.macromolecules, job.options.overrides)


def _refuse_the_spectrum_itself(job: Job) -> None:
    name = job.macromolecules[0].name
    if digest(job.macromolecules) == digest(job.metabolite):
        raise UnusableBasis(f"Macromolecular spectrum '{name}' is the same file as the spectrum.", file=name)


def background_in_words(job: Job) -> str:
    """The name of the background for the provenance."""
    if not job.macromolecules:
        return job.options.macromolecules
    learned = in_files(job.macromolecules)
    return f"measured, sha256 {digest(job.macromolecules)}" if learned is None else in_words(learned)


def basis_source(job: Job, acquisition: Acquisition) -> str | None:
    """Source of the basis that would be used, as in ``BasisSet.source``; None when too little is known."""
    if job.basis:
        return _read(job).source
    return None if missing(acquisition) else source_of(protocol_of(acquisition))


def basis_digest(job: Job) -> str | None:
    """SHA-256 of the supplied basis set; None when it is simulated."""
    return digest(job.basis) if job.basis else None


def _read(job: Job) -> BasisSet:
    return read_basis(job.basis, by_protons=_by_protons(job))


def _by_protons(job: Job) -> bool:
    return job.options.basis_scale == "protons"


@lru_cache(maxsize=4)
def _supplied_basis(files: Files, by_protons: bool, axes: Axes) -> BasisSet:
    """A supplied basis on the data's axes, as far as it lasts; batches send the same files with every spectrum."""
    basis = read_basis(files, by_protons=by_protons)
    stretch = axes.frequency / basis.spectrometer_frequency
    lasting = int(basis.points * basis.dwell_time / (axes.dwell_time * stretch))
    points = axes.points if lasting * axes.dwell_time < SHORTEST_BASIS else min(axes.points, lasting)
    return on_axes(basis, axes.with_points(points))


def basis_in_words(job: Job, acquisition: Acquisition) -> str | None:
    """Description of the basis that would be used; None when too little is known to choose one."""
    if job.basis:
        return _read(job).description
    return None if missing(acquisition) else describe(protocol_of(acquisition)) + assumption(job, acquisition)


def assumption(job: Job, acquisition: Acquisition) -> str:
    """Assumptions of a simulated basis, in words; empty without any."""
    assumed = not job.basis and acquisition.sequence == "STEAM" and acquisition.mixing_time is None
    return " (mixing time assumed: the header does not give it)" if assumed else ""
