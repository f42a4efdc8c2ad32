"""Both parts of a covariance: what all scans of one scanner share, and what differs from scan to scan."""

from __future__ import annotations

from dataclasses import replace
from functools import cache

import numpy as np
import pytest

from fitting.basis.basis_set import BasisDeviations as Freedom
from fitting.model.background import LINES, PERSONAL, TEMPLATES, DeviationFamily, with_deviations
from fitting.model.fit import Components, build_model, fit
from fitting.model.forward import State
from fitting.model.least_squares import GAUSS, Problem
from fitting.model.linear_prior import LinearPrior
from fitting.model.pulses import PULSES, with_differences
from fitting.model.solution import first_solution
from fitting.model.uncertainty import amplitude_covariance
from fitting.quantification.deviations import Deviations
from fitting.units import ComplexArray, FloatArray
from tests.unit import model_cases as world
from tests.unit.model_cases import penalty_rows

SD = 0.05
TIME = np.arange(world.POINTS) * world.DWELL


def _broad(ppm: float, area: float) -> ComplexArray:
    decay = (np.pi * 20.0 * TIME) ** 2 / (4 * np.log(2))
    return np.asarray(area * np.exp(2j * np.pi * (4.65 - ppm) * world.FREQUENCY * 1e-6 * TIME - decay))


def _components() -> Components:
    """Metabolites, macromolecules that may differ in two templates and four lines, and pulses in one way."""
    metabolites = world.components()
    lines = np.array([_broad(ppm, area) for ppm, area in ((0.92, 3.0), (1.4, 3.0), (2.05, 4.0), (3.0, 2.0))])
    templates = 0.2 * np.array([lines[0] - lines[2], lines[1] - lines[3]])
    changes = np.zeros((1, len(metabolites.names) + 1, world.POINTS), complex)
    changes[0, :-1] = 0.1 * metabolites.signals * np.exp(2j * np.pi * 1.5 * TIME) - 0.1 * metabolites.signals
    return Components(
        (*metabolites.names, "MM"),
        np.vstack([metabolites.signals, lines.sum(axis=0)[None]]),
        Freedom(templates, 0.2 * lines, {"one": 1.0, "other": 1.0}),
        changes,
    )


def _samples() -> ComplexArray:
    broad = 2.0 * _components().signals[-1] * np.exp(-9.0 * TIME)
    return np.asarray(world.clean_fid() + broad + world.noise(np.random.default_rng(1), SD))


@cache
def linearised() -> tuple[Problem, State]:
    known, samples = _components(), _samples()
    gain = float(np.abs(samples).max())
    model = build_model(world.fid(samples), known, SD / gain, gain, "two-scale")
    vector = first_solution(model, world.FREQUENCY, None).vector
    first = Problem(model, model.baseline.expected).state(vector)
    unit = SD / gain * np.sqrt(model.domain.samples)
    assert known.deviations is not None
    assert known.differences is not None
    families = {TEMPLATES: known.deviations.templates, LINES: known.deviations.lines}
    model = with_deviations(
        model, {n: DeviationFamily(model.domain.decimate(s) / unit) for n, s in families.items()}, first
    )
    model = with_differences(model, model.domain.decimate(known.differences) / unit, first)
    problem = Problem(model, model.baseline.expected)
    return problem, problem.state(vector)


def _answer_to(problem: Problem, state: State, columns: FloatArray) -> FloatArray:
    """How the amplitudes of the linearised, penalised problem answer to data of these columns: (K, n)."""
    derivatives = problem.change(state)
    design = np.hstack([state.design, derivatives, problem.model.baseline.columns])
    root = penalty_rows(problem)
    weight = 1.0 / problem.model.layout.prior_sd
    weight[GAUSS] = 0.5 * weight[GAUSS] ** 2  # the model holds the square of the Gaussian damping
    penalties = np.zeros((weight.size + root.shape[0], design.shape[1]))
    penalties[: weight.size, state.design.shape[1] : -root.shape[1]] = np.diag(weight)
    penalties[weight.size :, -root.shape[1] :] = root
    data = np.vstack([columns, np.zeros((penalties.shape[0], columns.shape[1]))])
    solution, *_ = np.linalg.lstsq(np.vstack([design, penalties]), data, rcond=None)
    return np.asarray(solution[: state.design.shape[1]])


def test_the_shared_part_is_what_common_deviations_do_to_the_amplitudes() -> None:
    """The error each common deviation causes, by least squares of its own column, squared and summed over its prior."""
    problem, state = linearised()
    expected = np.zeros_like(state.gram[:-1, :-1])
    for block, precision in zip(problem.model.baseline.blocks, problem.projection.precisions, strict=True):
        if block.name in {TEMPLATES, LINES, PULSES}:
            caused = _answer_to(problem, state, problem.model.baseline.columns[:, block.start : block.stop])
            expected += (1.0 if block.name == PULSES else 1.0 - PERSONAL) / precision * caused @ caused.T
    found = amplitude_covariance(problem, state)
    inflation = max(1.0, float(np.mean(state.residual**2)))

    assert np.abs(found.shared / inflation - expected).max() < 1e-4 * expected.diagonal().max()
    assert (np.linalg.eigvalsh(found.total - found.shared) > 0).all()


def test_noise_and_every_prior_add_up_to_the_whole() -> None:
    """With every penalised coefficient common, noise, phases, shifts, widths and the spline make up the rest."""
    problem, state = linearised()
    spline, *others = problem.model.baseline.blocks
    everything = tuple(replace(block, common=np.eye(block.stop - block.start)) for block in others)
    model = replace(problem.model, baseline=replace(problem.model.baseline, blocks=(spline, *everything)))
    found = amplitude_covariance(Problem(model, problem.projection.precisions), state)
    inflation = max(1.0, float(np.mean(state.residual**2)))

    noise = _answer_to(problem, state, np.eye(state.residual.size))
    sd = problem.model.layout.prior_sd.copy()
    sd[GAUSS] = 2.0 * sd[GAUSS] ** 2
    own = _answer_to(problem, state, problem.change(state)[:, np.isfinite(sd)]) * sd[np.isfinite(sd)]
    smooth = _answer_to(problem, state, problem.model.baseline.columns[:, : spline.stop])
    stiffness = np.linalg.pinv(problem.projection.precisions[0] * spline.penalty)
    whole = noise @ noise.T + own @ own.T + smooth @ stiffness @ smooth.T + found.shared / inflation

    assert whole.diagonal() == pytest.approx(found.total.diagonal() / inflation, rel=1e-3)


def test_a_fit_states_both_parts_and_traces_keep_them() -> None:
    """Both covariances of the traces add up to the one that the fit states, in the units of the data."""
    found = fit(world.spectrum(_samples()), _components(), SD)
    scan, shared = found.traces.covariance_scan, found.traces.covariance_shared

    assert scan is not None
    assert shared is not None
    assert scan + shared == pytest.approx(found.covariance)
    np.testing.assert_array_equal(shared, found.shared_covariance)
    assert (shared.diagonal() > 0.0).all()
    assert (shared.diagonal() < found.covariance.diagonal()).all()


def test_without_common_deviations_nothing_is_shared() -> None:
    """A basis as it was supplied, with no published uncertainty of its own, leaves every error to the scan."""
    found = fit(world.spectrum(_samples()), replace(_components(), deviations=None, differences=None), SD)

    assert not found.shared_covariance.any()


def test_a_concentration_prior_shrinks_the_shared_part_too() -> None:
    """What a prior knows better than the fit carries the scanner's error no longer; what it does not know does."""
    known, names = _components(), _components().names
    alone = fit(world.spectrum(_samples()), known, SD)
    row = np.eye(len(names))[[names.index("Gln")]]
    sd = 1e-3 * float(np.sqrt(alone.covariance[names.index("Gln"), names.index("Gln")]))
    drawn = fit(world.spectrum(_samples()), known, SD, prior=LinearPrior(row, np.array([3.0]), np.array([sd])))
    gln, naa = names.index("Gln"), names.index("NAA")

    assert drawn.shared_covariance[gln, gln] < 1e-5 * alone.shared_covariance[gln, gln]
    assert drawn.shared_covariance[naa, naa] > 0.3 * alone.shared_covariance[naa, naa]
    assert (np.linalg.eigvalsh(drawn.covariance - drawn.shared_covariance) > -1e-9 * drawn.covariance.max()).all()


@pytest.mark.parametrize(
    ("variance", "shared", "expected"),
    [(25.0, 9.0, (5.0, 4.0, 3.0)), (4.0, 4.0000001, (2.0, 0.0, 2.0)), (-1e-20, 0.0, (0.0, 0.0, 0.0))],
)
def test_deviations_of_a_variance_and_its_shared_part(
    variance: float, shared: float, expected: tuple[float, float, float]
) -> None:
    """Squares add up; a rounding error beyond the ends gives zero and no complex number."""
    assert Deviations.of(variance, shared) == pytest.approx(expected)
