"""Fits of a spectrum, and evidence from alternative fits against the stated protocol or for eddy currents."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from functools import partial
from pathlib import Path

import numpy as np

from fitting.acquisition import Acquisition
from fitting.basis.basis_set import BasisSet, Grid
from fitting.basis.cache import cached_basis
from fitting.basis.sequences import Protocol
from fitting.fid import Spectrum
from fitting.model.fit import Components, fit
from fitting.model.linear_prior import LinearPrior
from fitting.model.result import Fit
from fitting.model.screening import RoughFits
from fitting.model.site_background import SiteBackground
from fitting.quality import Quality
from fitting.reason import Reason
from fitting.request import Options
from fitting.run.basis_choice import protocol_of, with_job_background
from fitting.run.eddy_current_doubt import eddy_current_doubt
from fitting.run.job import Job
from fitting.run.learned_background import with_learned
from fitting.run.protocol_doubt import protocol_doubt


def fitted(spectrum: Spectrum, basis: BasisSet, options: Options, prior: LinearPrior | None = None) -> Fit:
    """The fit of a spectrum with a basis, by the method that the options choose."""
    return fit(
        *fit_inputs(spectrum, basis),
        baseline=options.baseline,
        optimiser=options.optimiser,
        deadline_seconds=options.deadline_seconds,
        prior=prior,
    )


def fit_inputs(spectrum: Spectrum, basis: BasisSet) -> tuple[Spectrum, Components, float]:
    """The spectrum as far as the basis lasts, the basis as components, and the noise of one sample."""
    return spectrum.truncated(basis.points), _components(basis), spectrum.fid.noise


def _components(basis: BasisSet) -> Components:
    return Components(basis.names, basis.signals, basis.deviations, basis.differences)


def doubts_of_the_data(  # noqa: PLR0917 - the parts of one analysis, each of its own type
    spectrum: Spectrum,
    basis: BasisSet,
    job: Job,
    cache_dir: Path | None,
    acquisition: Acquisition,
    result: Fit,
    quality: Quality,
    background: SiteBackground | None = None,
) -> tuple[Reason, ...]:
    """Evidence in the data against the stated protocol, and for eddy currents."""
    inputs = fit_inputs(spectrum, basis)
    *_, noise = inputs
    turned = partial(turned_residual, inputs, job.options.baseline)
    found = eddy_current_doubt(quality, corrected=spectrum.water is not None, rough=turned)
    if job.basis:
        return found
    rough, refit = other_fits(spectrum, job, cache_dir, result, noise=noise, background=background)
    return protocol_doubt(protocol_of(acquisition), result, rough=rough, refit=refit) + found


def other_fits(
    spectrum: Spectrum,
    job: Job,
    cache_dir: Path | None,
    found: Fit,
    *,
    noise: float,
    background: SiteBackground | None = None,
) -> tuple[Callable[[Protocol], float], Callable[[Protocol], Fit]]:
    """Residual over noise with the basis of another protocol where a ``found`` fit is, and the whole fit with it."""
    roughly = RoughFits(spectrum, noise, baseline=job.options.baseline)

    def other_basis(protocol: Protocol) -> BasisSet:
        basis = cached_basis(protocol, Grid(spectrum.fid.points, spectrum.fid.dwell_time), cache_dir)
        published = with_job_background(basis, job)
        return published if background is None else with_learned(published, background)

    def rough(protocol: Protocol) -> float:
        return roughly.evaluated(_components(other_basis(protocol)), found)

    def refit(protocol: Protocol) -> Fit:
        return fitted(spectrum, other_basis(protocol), job.options)

    return rough, refit


def turned_residual(inputs: tuple[Spectrum, Components, float], baseline: str, size: float, decay: float) -> float:
    """The residual of a rough fit once a phase of ``size`` rad at the start, decaying in ``decay`` s, is taken off."""
    spectrum, components, noise = inputs
    turned = replace(spectrum, fid=spectrum.fid.phased(-size * np.exp(-spectrum.fid.time / decay)))
    return RoughFits(turned, noise, baseline=baseline).fitted(components)
