"""Fitting one spectrum: model, solution, uncertainty and traces."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import lru_cache

import numpy as np

from fitting.basis.basis_set import BasisDeviations
from fitting.errors import ImplausibleParameter, UnusableSignal
from fitting.fid import Axes, Fid, Spectrum
from fitting.model.background import LINES, TEMPLATES, DeviationFamily, with_deviations
from fitting.model.background_evidence import BackgroundEvidence, evidence_of, probability
from fitting.model.baseline import BASELINES, Baseline
from fitting.model.decimation import decimated
from fitting.model.domain import Domain, fit_domain
from fitting.model.forward import LinearCombinationModel, State, parts_of_components
from fitting.model.least_squares import Problem
from fitting.model.linear_prior import LinearPrior, with_prior
from fitting.model.lineshape import water_envelope
from fitting.model.linewidth import singlet_linewidth
from fitting.model.optimisers import OPTIMISERS
from fitting.model.parameters import GLOBAL, layout_for, unpack
from fitting.model.precision import effective_dimensions
from fitting.model.pulses import with_differences
from fitting.model.result import Fit, Outcome, OutcomeCode, Traces, WithoutPrior
from fitting.model.sensitivity import alternatives, stiffness_step
from fitting.model.signals import signals_of
from fitting.model.solution import Solution, expected_problem, first_solution, settled_solution
from fitting.model.uncertainty import amplitude_covariance, classical_bound, correlation
from fitting.units import ComplexArray, FloatArray

LEAST_NOISE = 1e-5
"""Noise that is assumed at least, relative to the largest sample: a receiver of 16 bits has more, and a simulation
without any would ask for a fit more exact than numbers are."""

SENTENCES: dict[OutcomeCode, str] = {
    "converged": "The fit converged.",
    "stopped_early": "The fit was stopped at its deadline before it converged.",
    "failed": "The fit did not converge; its numbers must not be used.",
}


@dataclass(frozen=True, slots=True)
class Components:
    """Signals of the linear combination, shape (K, points), on the spectrum's grid, with their names."""

    names: tuple[str, ...]
    signals: ComplexArray
    deviations: BasisDeviations | None = None
    """Deviations of ``MM`` from its signal."""
    differences: ComplexArray | None = None
    """Changes (ways, K, points) of all signals together, one standard deviation each."""


def fit(
    spectrum: Spectrum,
    components: Components,
    noise_sd: float,
    *,
    baseline: str = "two-scale",
    optimiser: str = "lmfit-leastsq",
    deadline_seconds: float | None = None,
    prior: LinearPrior | None = None,
) -> Fit:
    """Fit the linear combination model to one spectrum.

    Parameters
    ----------
    spectrum : Spectrum
        Referenced FID and its water, both (points,).
    components : Components
        Metabolites and macromolecules on the same grid, each of amplitude 1 per proton.
    noise_sd : float
        Standard deviation of the real part of one FID sample.
    baseline, optimiser : str
        Keys of ``BASELINES`` and ``OPTIMISERS``.
    deadline_seconds : float, optional
        Stop after this long with the outcome ``stopped_early``.
    prior : LinearPrior, optional
        Prior knowledge of amplitudes in the units of the FID, from outside the spectrum. It moves the amplitudes, their
        covariance and the traces; the result of the data alone stays in ``Fit.without_prior``.

    Returns
    -------
    Fit
        Amplitudes in the FID's units. A fit that does not converge is a result, not an exception.

    Raises
    ------
    ImplausibleParameter
        When there is no baseline or optimiser of that name.
    UnusableSignal
        When the noise level is zero or not finite, or the spectrum is so unlike its components that the equations
        cannot be solved.
    """
    solved = _solved(spectrum, components, noise_sd, baseline, optimiser, deadline_seconds)
    solution, gain, noise_sd, moved_hz = solved.solution, solved.gain, solved.noise_sd, solved.moved_hz
    state, problem, fid = solution.state, solution.problem, spectrum.fid
    model = problem.model
    covariance = amplitude_covariance(problem, state)
    multiples = {} if components.deviations is None else components.deviations.multiples
    others = alternatives(problem, state, multiples)
    covariance = covariance.widened(stiffness_step(others))
    without_prior = None
    if prior is not None:
        without_prior = WithoutPrior(state.amplitudes * gain, covariance.total * gain**2)
        state, covariance = with_prior(problem, state, covariance, prior.in_units_of(gain))
        moved = state.amplitudes - solution.state.amplitudes
        others = tuple(replace(other, amplitudes=other.amplitudes + moved) for other in others)
    covariance = covariance.scaled(gain)
    return Fit(
        outcome=Outcome(solution.code, SENTENCES[solution.code]),
        names=components.names,
        amplitudes=state.amplitudes * gain,
        covariance=covariance.total,
        shared_covariance=covariance.shared,
        crlb_covariance=classical_bound(problem, solution.state) * gain**2,
        phase0=state.values.phase0,
        phase1=state.values.phase1,
        shift_hz=moved_hz + state.values.shift,
        linewidth_hz=singlet_linewidth(model, state),
        noise_sd=noise_sd,
        alternatives=tuple(replace(other, amplitudes=other.amplitudes * gain) for other in others),
        background_probability=_background_probability(problem, solution.state, components),
        without_prior=without_prior,
        lorentz=state.values.lorentz,
        gauss=state.values.gauss,
        residual_rms_over_noise=float(np.sqrt(np.mean(state.residual**2))),
        evaluations=solved.evaluations,
        baseline_effective_dimension=float(effective_dimensions(solution.state, problem.projection).sum()),
        traces=replace(
            _traces(model, state, noise_sd, state.values.shift / fid.frequency * 1e6),
            correlation=correlation(covariance.total),
            covariance_scan=covariance.total - covariance.shared,
            covariance_shared=covariance.shared,
            signals=signals_of(
                spectrum,
                components.signals,
                model,
                state,
                gain=gain,
                unit=noise_sd * float(np.sqrt(model.domain.samples)),
                moved_hz=moved_hz,
            ),
        ),
    )


def background_evidence(
    spectrum: Spectrum,
    components: Components,
    noise_sd: float,
    *,
    baseline: str = "two-scale",
    optimiser: str = "lmfit-leastsq",
    deadline_seconds: float | None = None,
) -> BackgroundEvidence:
    """What one spectrum says of the deviations of its macromolecules; arguments and errors are those of ``fit``."""
    solved = _solved(spectrum, components, noise_sd, baseline, optimiser, deadline_seconds)
    return evidence_of(solved.solution.problem, solved.solution.state)


@dataclass(frozen=True, slots=True)
class _Solved:
    """The converged model of one spectrum, and the units and shift of its data."""

    solution: Solution
    gain: float
    noise_sd: float
    moved_hz: float
    """Shift that was taken off the data before the last solution."""
    evaluations: int


def _solved(  # noqa: PLR0917 - the arguments of a fit
    spectrum: Spectrum,
    components: Components,
    noise_sd: float,
    baseline: str,
    optimiser: str,
    deadline_seconds: float | None,
) -> _Solved:
    for kind, name, known in (("baseline", baseline, BASELINES), ("optimiser", optimiser, OPTIMISERS)):
        if name not in known:
            raise ImplausibleParameter(f"There is no {kind} '{name}'; choose {', '.join(known)}.", parameter=kind)
    if not (np.isfinite(noise_sd) and noise_sd > 0):
        raise UnusableSignal("The noise level of the spectrum is zero or not finite; it cannot be fitted.")
    deadline = None if deadline_seconds is None else time.monotonic() + deadline_seconds
    fid = spectrum.fid
    gain = float(np.abs(fid.samples).max())
    noise_sd = max(noise_sd, LEAST_NOISE * gain)
    envelope = water_envelope(spectrum.water, fit_domain(fid.axes).time)
    model = build_model(fid, components, noise_sd / gain, gain, baseline, envelope=envelope)
    try:
        first = first_solution(model, fid.frequency, deadline)
        moved_hz = unpack(first.vector, model.layout).shift
        start = _without_shift(first.vector)
        # fit window and baseline stand at their ppm for every spectrum
        model = with_data(model, fid.shifted(-moved_hz), noise_sd / gain, gain)
        model = _with_freedom(
            model,
            components,
            start,
            lambda signals: _shaped(model.domain, decimated(signals, fid.axes), envelope, noise_sd / gain),
        )
        solution = settled_solution(model, start, optimiser, deadline)
    except np.linalg.LinAlgError as error:
        raise UnusableSignal(
            "The spectrum is too unlike a brain spectrum to be fitted; check the file, its dwell time and its "
            "spectrometer frequency."
        ) from error
    return _Solved(solution, gain, noise_sd, moved_hz, first.evaluations + solution.evaluations)


def build_model(
    fid: Fid,
    components: Components,
    relative_noise: float,
    gain: float,
    baseline: str,
    *,
    envelope: FloatArray | None = None,
) -> LinearCombinationModel:
    """The problem in units of the noise of one spectral point, for a FID scaled to a maximum of 1.

    ``envelope`` (M,) is the line shape of the water at the decimated times, where it is known.
    """
    return with_data(
        model_without_data(fid.axes, components, relative_noise, baseline, envelope), fid, relative_noise, gain
    )


def model_without_data(
    axes: Axes, components: Components, relative_noise: float, baseline: str, envelope: FloatArray | None
) -> LinearCombinationModel:
    """The problem of ``build_model`` for FIDs with these axes, before any is given."""
    domain = fit_domain(axes)
    return LinearCombinationModel(
        domain=domain,
        layout=layout_for(components.names, axes.frequency, shape_known=envelope is not None),
        data=np.empty(0, dtype=np.complex128),
        data_time=np.empty(0, dtype=np.complex128),
        basis=_shaped(domain, decimated(components.signals, axes), envelope, relative_noise),
        baseline=_baseline(baseline, axes),
        nonnegative=np.ones(len(components.names)),
    )


def _background_probability(problem: Problem, state: State, components: Components) -> float | None:
    """Probability of the deviations of macromolecules under a learned prior; None without one."""
    known = components.deviations
    return None if known is None or known.common is None else probability(evidence_of(problem, state))


def _with_freedom(
    model: LinearCombinationModel,
    components: Components,
    start: FloatArray,
    shaped: Callable[[ComplexArray], ComplexArray],
) -> LinearCombinationModel:
    """The model with the known deviations of components from their signals, which ``shaped`` decimates."""
    first = expected_problem(model).state(start)
    if components.deviations is not None:
        known = components.deviations
        families = {
            TEMPLATES: DeviationFamily(shaped(known.templates)),
            LINES: DeviationFamily(shaped(known.lines), known.common),
        }
        model = with_deviations(model, families, first, fills_gaps=known.fills_gaps)
    if components.differences is not None:
        model = with_differences(model, shaped(components.differences), first)
    return model


def _shaped(domain: Domain, signals: ComplexArray, envelope: FloatArray | None, relative_noise: float) -> ComplexArray:
    """Decimated signals (..., M) with the line shape of the water where it is known, in units of the noise."""
    unit = relative_noise * np.sqrt(domain.samples)
    return np.asarray(signals * ((1.0 if envelope is None else envelope) / unit), dtype=np.complex128)


def with_data(model: LinearCombinationModel, fid: Fid, relative_noise: float, gain: float) -> LinearCombinationModel:
    """The same problem for another FID with the same axes."""
    band = model.domain.band(fid.samples / (gain * relative_noise * np.sqrt(model.domain.samples)))
    return replace(model, data=band[model.domain.window], data_time=model.domain.shortened(band))


@lru_cache(maxsize=8)
def _baseline(name: str, axes: Axes) -> Baseline:
    """A baseline of ``BASELINES`` on the fit's grid; the spectra of a batch share it."""
    return BASELINES[name](fit_domain(axes).ppm)


def _without_shift(vector: FloatArray) -> FloatArray:
    moved = vector.copy()
    moved[GLOBAL.index("shift")] = 0.0
    return moved


def _traces(model: LinearCombinationModel, state: State, noise_sd: float, shift_ppm: float) -> Traces:
    """Real spectra on a descending ppm axis, in the units of the FID's Fourier transform.

    The fitted common shift is taken off the axis, so that every peak stands at its metabolite's position.
    """
    unit = noise_sd * np.sqrt(model.domain.samples)
    order = np.argsort(-model.domain.ppm)
    parts = parts_of_components(model, state)
    components = (state.design * state.amplitudes + parts).T[:, order] * unit
    baseline = (model.baseline.columns @ state.coefficients - parts.sum(axis=1))[order] * unit
    fitted = components.sum(axis=0) + baseline
    data = state.rotated.real[order] * unit
    return Traces(
        ppm=model.domain.ppm[order] - shift_ppm,
        data=data,
        fit=fitted,
        baseline=baseline,
        residual=data - fitted,
        names=model.layout.components,
        components=components,
    )
