"""The fit's mathematics: decimation, variable projection, Jacobian, amplitudes and covariance."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest
import scipy.optimize

from fitting.basis.macromolecule_templates import rigid_macromolecules
from fitting.basis.macromolecules import mixture
from fitting.errors import UnusableSignal
from fitting.model.baseline import BASELINES, two_scale
from fitting.model.domain import fit_domain
from fitting.model.fit import Components, _traces, build_model, fit
from fitting.model.forward import common_derivatives, derivatives, evaluate
from fitting.model.least_squares import Problem
from fitting.model.linear import Projection, solve_alike, solve_amplitudes
from fitting.model.optimisers import OPTIMISERS
from fitting.model.parameters import GLOBAL, layout_for, unpack
from fitting.model.sensitivity import stiffness_step
from fitting.model.solution import TOLERANCE, first_solution
from fitting.model.start import start_vector
from fitting.model.uncertainty import amplitude_covariance
from fitting.units import FloatArray
from tests.unit import model_cases as world

SD = 0.3


def _problem(baseline: str = "p-spline", seed: int = 1) -> Problem:
    generator = np.random.default_rng(seed)
    fid = world.clean_fid(shift_hz=1.5, phase=0.3) + world.noise(generator, SD)
    gain = float(np.abs(fid).max())
    model = build_model(world.fid(fid), world.components(), SD / gain, gain, baseline)
    return Problem(model, np.array([block.precision for block in model.baseline.blocks]))


def test_decimated_band_equals_the_full_spectrum() -> None:
    """Broadening the decimated FID gives the full model's spectrum within 1e-3 of the peak."""
    domain = fit_domain(world.AXES)
    fid = world.clean_fid(lorentz=0.0, gauss=0.0)
    time = np.arange(world.POINTS) * world.DWELL
    full = domain.band(fid * np.exp(-12 * time))[domain.window]

    short = domain.spectra(domain.decimate(fid) * np.exp(-12 * domain.time))

    assert np.abs(short - full).max() < 1e-3 * np.abs(full).max()


@pytest.mark.parametrize("baseline", BASELINES)
def test_derivatives_match_central_differences(baseline: str) -> None:
    """Analytic derivatives at fixed amplitudes and baseline equal central differences to 1e-6: of the model, and for
    the phases of the fitted spectrum that stands in for the data; that of the Gaussian width is for its square.
    """
    problem = _problem(baseline)
    model = problem.model
    vector = start_vector(model, problem.projection, world.FREQUENCY) + 0.05
    state = evaluate(model, problem.projection, vector)
    analytic = derivatives(model, state)
    gauss = GLOBAL.index("gauss")
    analytic[:, gauss] *= 2 * vector[gauss]
    at = unpack(vector, model.layout)
    fitted = state.amplitudes @ model.domain.spectra(state.signals)

    def change(moved: FloatArray) -> FloatArray:
        there = evaluate(model, problem.projection, vector + moved)
        values = unpack(vector + moved, model.layout)
        angle = values.phase0 - at.phase0 + 2 * np.pi * model.domain.frequency * (values.phase1 - at.phase1)
        return np.asarray(there.design @ state.amplitudes - (fitted * np.exp(-1j * angle)).real)

    step = 1e-5
    for index in range(model.layout.size):
        moved = np.zeros(model.layout.size)
        moved[index] = step
        numeric = (change(moved) - change(-moved)) / (2 * step)
        assert np.abs(analytic[:, index] - numeric).max() < 1e-6 * np.abs(analytic).max(), model.layout.names[index]


def test_common_derivatives_are_the_first_of_all() -> None:
    """The short way to the derivatives of the common parameters gives the same columns."""
    problem = _problem()
    vector = start_vector(problem.model, problem.projection, world.FREQUENCY) + 0.05
    state = problem.state(vector)
    expected = derivatives(problem.model, state)[:, : len(GLOBAL)]
    assert common_derivatives(problem.model, state) == pytest.approx(expected, rel=1e-9, abs=1e-9)


@pytest.mark.parametrize("baseline", BASELINES)
def test_normal_equations_are_those_of_kaufmans_jacobian(baseline: str) -> None:
    """The Hessian is what least squares leave of the derivatives once free amplitudes and baseline are taken out."""
    problem = _problem(baseline)
    vector = start_vector(problem.model, problem.projection, world.FREQUENCY) + 0.03
    state, layout = problem.state(vector), problem.model.layout
    rows = world.penalty_rows(problem)
    free = state.design[:, state.free > 0]
    linear = np.block([[free, problem.model.baseline.columns], [np.zeros((rows.shape[0], free.shape[1])), rows]])
    change = np.vstack([derivatives(problem.model, state), np.zeros((rows.shape[0], vector.size))])

    jacobian = change - linear @ np.linalg.lstsq(linear, change, rcond=None)[0]
    expected = jacobian.T @ jacobian
    beyond = np.arange(vector.size) != GLOBAL.index("gauss")  # the prior of its square is linear
    expected[beyond, beyond] += 1 / layout.prior_sd[beyond] ** 2

    _, hessian = problem.normal_equations(vector)
    assert hessian == pytest.approx(expected, rel=1e-5, abs=1e-6 * np.abs(expected).max())


def test_residuals_stand_for_the_normal_equations() -> None:
    """Sum of squares, gradient and Hessian of the few residuals an optimiser sees are those of all of them."""
    problem = _problem()
    vector = start_vector(problem.model, problem.projection, world.FREQUENCY) + 0.03
    residuals, jacobian = problem.residuals(vector), problem.jacobian(vector)
    gradient, hessian = problem.normal_equations(vector)
    gauss = GLOBAL.index("gauss")
    chain = np.ones(vector.size)
    chain[gauss] = 2 * vector[gauss]
    hessian *= np.outer(chain, chain)
    hessian[gauss, gauss] += 1 / problem.model.layout.prior_sd[gauss] ** 2

    assert residuals @ residuals == pytest.approx(problem.cost(vector), rel=1e-9)
    assert jacobian.T @ residuals == pytest.approx(gradient * chain, rel=1e-6, abs=1e-6 * np.abs(gradient).max())
    assert jacobian.T @ jacobian == pytest.approx(hessian, rel=1e-6, abs=1e-6)


def test_jacobian_gives_the_exact_gradient_of_the_projected_cost() -> None:
    """Kaufman's Jacobian transposed times the residuals is the gradient of half the sum of squares."""
    problem = _problem()
    vector = start_vector(problem.model, problem.projection, world.FREQUENCY) + 0.03
    gradient = problem.jacobian(vector).T @ problem.residuals(vector)

    def cost(point: np.ndarray) -> float:
        return 0.5 * float(np.sum(problem.residuals(point) ** 2))

    numeric = scipy.optimize.approx_fprime(vector, cost, 1e-6)
    assert np.abs(gradient - numeric).max() < 1e-4 * np.abs(gradient).max()


def test_amplitudes_satisfy_the_optimality_conditions() -> None:
    """Non-negative amplitudes: zero gradient where free, no descent where held at zero."""
    generator = np.random.default_rng(7)
    for _ in range(50):
        columns = generator.standard_normal((40, 12))
        target = columns @ np.maximum(generator.standard_normal(12), 0) + generator.standard_normal(40)
        gram, moment = columns.T @ columns, columns.T @ target
        amplitudes, free = solve_amplitudes(gram, moment, np.ones(12))
        gradient = gram @ amplitudes - moment
        assert (amplitudes >= 0).all()
        assert np.abs(gradient[free > 0]).max(initial=0) < 1e-7 * np.abs(moment).max()
        assert (gradient[free == 0] > -1e-7 * np.abs(moment).max()).all()


def test_unconstrained_components_may_be_negative() -> None:
    """A component marked as signed takes the least-squares amplitude, also below zero."""
    gram = np.array([[2.0, 0.3], [0.3, 1.0]])
    moment = np.array([1.0, -2.0])

    amplitudes, free = solve_amplitudes(gram, moment, np.array([1.0, 0.0]))

    assert amplitudes == pytest.approx(np.linalg.solve(gram, moment))
    assert free.tolist() == [1.0, 1.0]


def test_variable_projection_reaches_the_joint_optimum() -> None:
    """Optimising amplitudes and baseline jointly with the rest from the projected optimum gains nothing."""
    problem = _problem()
    start = start_vector(problem.model, problem.projection, world.FREQUENCY)
    optimum = OPTIMISERS["lmfit-leastsq"](problem, start, 1e-6, None)
    state = problem.state(optimum.vector)
    model, root = problem.model, world.penalty_rows(problem)
    count, size = state.amplitudes.size, model.layout.size
    has_prior = np.isfinite(model.layout.prior_sd)

    def joint(point: np.ndarray) -> np.ndarray:
        at = evaluate(model, problem.projection, point[:size])
        amplitudes, coefficients = point[size : size + count], point[size + count :]
        residual = at.rotated.real - at.design @ amplitudes - model.baseline.columns @ coefficients
        priors = (point[:size] / model.layout.prior_sd)[has_prior]
        return np.concatenate([residual, root @ coefficients, priors])

    at_optimum = np.concatenate([optimum.vector, state.amplitudes, state.coefficients])
    before = float(np.sum(joint(at_optimum) ** 2))
    lower = np.concatenate([np.full(size, -np.inf), np.zeros(count) - 1e-12, np.full(state.coefficients.size, -np.inf)])
    after = scipy.optimize.least_squares(joint, at_optimum, bounds=(lower, np.inf), max_nfev=5)

    assert before == pytest.approx(float(np.sum(problem.residuals(optimum.vector) ** 2)), rel=1e-9)
    assert before - 2 * after.cost < 1e-3


@pytest.mark.parametrize("seed", [1, 2])
@pytest.mark.parametrize("gauss", [0.0, 9.0])
def test_optimisers_reach_the_same_optimum(seed: int, gauss: float) -> None:
    """Whichever optimiser finishes, the amplitudes are the same within a tenth of their standard deviations, also
    where the best Gaussian width is none.
    """
    fid = world.clean_fid(gauss=gauss, lorentz=14.0) + world.noise(np.random.default_rng(seed), SD)
    fits = [fit(world.spectrum(fid), world.components(), SD, optimiser=name) for name in OPTIMISERS]
    expected = fits[0]
    spread = np.sqrt(np.diag(expected.covariance))
    for other in fits[1:]:
        assert (np.abs(other.amplitudes - expected.amplitudes) < 0.1 * spread).all()


@pytest.mark.parametrize("method", OPTIMISERS)
def test_optimisers_stop_where_nothing_is_left_to_gain(method: str) -> None:
    """From the matched filter alone, on spectra of low signal-to-noise ratio, every optimiser ends within the stopping
    tolerance of the least sum of squares; there noise that counts as knowledge of the phase once made them creep.
    """
    generator = np.random.default_rng(21)
    fid = world.clean_fid(shift_hz=1.5, phase=0.3) + world.noise(generator, 10 * SD)
    gain = float(np.abs(fid).max())
    model = build_model(world.fid(fid), world.components(), 10 * SD / gain, gain, "two-scale")
    problem = Problem(model, np.array([block.precision for block in model.baseline.blocks]))
    start = start_vector(model, problem.projection, world.FREQUENCY)
    least = min(problem.cost(solve(problem, start, 1e-8, None).vector) for solve in OPTIMISERS.values())

    reached = OPTIMISERS[method](problem, start, TOLERANCE, None)

    assert reached.code == "converged"
    assert problem.cost(reached.vector) - least < TOLERANCE
    assert reached.evaluations < 20


@pytest.mark.parametrize("baseline", BASELINES)
def test_noise_free_recovery(baseline: str) -> None:
    """Without noise, shifted and phased, every amplitude comes back within 0.5 %."""
    fid = world.clean_fid(shift_hz=3.0, phase=-0.6)
    result = fit(world.spectrum(fid), world.components(), 0.02, baseline=baseline)

    total_cr = result.amplitudes[1] + result.amplitudes[2]
    assert result.outcome.code == "converged"
    assert total_cr == pytest.approx(8.5, rel=5e-3)
    for name in ("NAA", "GPC", "mI", "Glu", "Gln"):
        value = result.amplitudes[result.names.index(name)]
        assert value == pytest.approx(world.AMPLITUDES[name], rel=5e-3), name
    assert result.shift_hz == pytest.approx(3.0, abs=0.05)
    assert result.phase0 == pytest.approx(-0.6, abs=0.01)


def test_equivariance_to_gain_and_order() -> None:
    """Gain 1e-30 … 1e12 scales the amplitudes and nothing else; the order of the basis does not matter."""
    fid = world.clean_fid() + world.noise(np.random.default_rng(3), SD)
    basis = world.components()
    reference = fit(world.spectrum(fid), basis, SD)

    for gain in (1e-30, 1e-6, 1e12):
        scaled = fit(world.spectrum(fid * gain), basis, SD * gain)
        assert scaled.amplitudes / gain == pytest.approx(reference.amplitudes, rel=1e-6, abs=1e-6)
    reverse = Components(basis.names[::-1], basis.signals[::-1])
    turned = fit(world.spectrum(fid), reverse, SD)
    tolerance = 0.05 * np.sqrt(np.diag(reference.covariance)).max()
    assert turned.amplitudes[::-1] == pytest.approx(reference.amplitudes, abs=tolerance)


def test_equivariance_to_phase_and_shift() -> None:
    """A phase changes nothing but the phase; a shift of 4 Hz moves the lines against window and knots, so it may
    change the amplitudes, by less than half of their standard deviations.
    """
    fid = world.clean_fid() + world.noise(np.random.default_rng(4), SD)
    time = np.arange(world.POINTS) * world.DWELL
    reference = fit(world.spectrum(fid), world.components(), SD)
    phased = fit(world.spectrum(fid * np.exp(2j)), world.components(), SD)
    moved = fit(world.spectrum(fid * np.exp(-2j * np.pi * 4.0 * time)), world.components(), SD)

    spread = np.sqrt(np.diag(reference.covariance))
    assert (np.abs(phased.amplitudes - reference.amplitudes) < 0.02 * spread).all()
    assert (np.abs(moved.amplitudes - reference.amplitudes) < 0.5 * spread).all()
    assert phased.phase0 - reference.phase0 == pytest.approx(2.0, abs=0.01)
    assert moved.shift_hz - reference.shift_hz == pytest.approx(4.0, abs=0.1)


def test_same_input_gives_the_same_bytes() -> None:
    """Two fits of one spectrum are equal to the last bit."""
    fid = world.clean_fid() + world.noise(np.random.default_rng(5), SD)
    first, second = (fit(world.spectrum(fid), world.components(), SD) for _ in range(2))

    assert first.amplitudes.tobytes() == second.amplitudes.tobytes()
    assert first.covariance.tobytes() == second.covariance.tobytes()


def test_covariance_matches_repeated_draws() -> None:
    """Over 120 draws of noise and of baselines as the model expects them, the scatter of well-determined amplitudes is
    the stated one within 20 %, unbiased.
    """
    generator = np.random.default_rng(11)
    clean, basis = world.clean_fid(), world.components()
    precision = two_scale(np.linspace(0.2, 4.2, 400)).blocks[1].precision
    results = []
    for _ in range(120):
        disturbed = clean + world.noise(generator, SD) + world.random_bumps(generator, SD, precision)
        results.append(fit(world.spectrum(disturbed), basis, SD))
    amplitudes = np.array([result.amplitudes for result in results])
    stated = np.sqrt(np.mean([np.diag(result.covariance) for result in results], axis=0))

    for name in ("NAA", "GPC", "mI", "Glu"):
        k = basis.names.index(name)
        ratio = amplitudes[:, k].std(ddof=1) / stated[k]
        assert 0.8 < ratio < 1.2, (name, ratio)
        bias = amplitudes[:, k].mean() - world.AMPLITUDES[name]
        assert abs(bias) < 0.5 * stated[k], name


def test_intervals_hold_that_the_stiffness_of_the_baseline_is_uncertain() -> None:
    """A value that another stiffness moves has an interval that is wider by it; the shared part stays as it is."""
    generator = np.random.default_rng(4)
    found = fit(world.spectrum(world.clean_fid(lorentz=25.0) + world.noise(generator, SD)), world.components(), SD)
    stiffer, freer = (other.amplitudes for other in found.alternatives[:2])

    step = stiffness_step(found.alternatives)
    without = np.diagonal(found.covariance) - step**2

    assert step == pytest.approx((stiffer - freer) / 2)
    assert (without > 0).all()
    assert np.sqrt(step**2 / without).max() > 0.1


def test_absent_component_keeps_an_uncertainty() -> None:
    """A component held at zero has a positive standard deviation, never a certain zero."""
    amplitudes = {**world.AMPLITUDES, "Gln": 0.0}
    results = [
        fit(
            world.spectrum(world.clean_fid(amplitudes=amplitudes) + world.noise(np.random.default_rng(seed), SD)),
            world.components(),
            SD,
        )
        for seed in range(6)
    ]
    k = results[0].names.index("Gln")
    held = [result for result in results if result.amplitudes[k] == 0]

    assert held, "no draw held the absent component at zero"
    assert all(result.covariance[k, k] > 0 for result in results)


def test_traces_add_up() -> None:
    """Data are fit plus residual, and the fit is the sum of components and baseline, on a descending ppm axis."""
    fid = world.clean_fid() + world.noise(np.random.default_rng(6), SD)
    traces = fit(world.spectrum(fid), world.components(), SD).traces

    assert traces.data == pytest.approx(traces.fit + traces.residual)
    assert traces.fit == pytest.approx(traces.components.sum(axis=0) + traces.baseline)
    assert (np.diff(traces.ppm) < 0).all()
    peak = traces.ppm[np.argmax(traces.data)]
    assert min(abs(peak - 2.008), abs(peak - 3.212), abs(peak - 3.03)) < 0.02


def test_deadline_stops_early() -> None:
    """A deadline in the past ends in ``stopped_early`` with a sentence, not in an exception."""
    fid = world.clean_fid() + world.noise(np.random.default_rng(8), SD)

    result = fit(world.spectrum(fid), world.components(), SD, deadline_seconds=0.0)

    assert result.outcome.code == "stopped_early"
    assert "deadline" in result.outcome.sentence


@pytest.mark.parametrize("noise_sd", [0.0, float("nan"), float("inf")])
def test_noise_must_be_known(noise_sd: float) -> None:
    """Zero or non-finite noise is refused: no uncertainty could be stated."""
    with pytest.raises(UnusableSignal, match="noise"):
        fit(world.spectrum(world.clean_fid()), world.components(), noise_sd)


def test_linewidth_is_the_full_width_of_a_singlet() -> None:
    """A pure Lorentzian of 6 Hz and a pure Gaussian of 6 Hz are both measured as 6 Hz wide."""
    narrow = dataclasses.replace(world.spectrum(world.clean_fid(lorentz=np.pi * 6.0, gauss=0.0)))
    assert fit(narrow, world.components(), 0.02).linewidth_hz == pytest.approx(6.0, abs=0.2)
    sigma = 6.0 * 2 * np.pi / (2 * np.sqrt(2 * np.log(2)))
    broad = world.spectrum(world.clean_fid(lorentz=0.0, gauss=sigma))
    assert fit(broad, world.components(), 0.02).linewidth_hz == pytest.approx(6.0, abs=0.2)


def test_projection_removes_the_span_of_the_baseline() -> None:
    """The unpenalised part of the baseline (a straight line) is removed entirely."""
    problem = _problem()
    line = 3.0 + 2.0 * problem.model.domain.ppm
    projection = Projection(problem.model.baseline, np.array([1e3]))
    remainder = projection.remainder(line, projection.coefficients(projection.inner(projection.cross(line))))
    assert np.abs(remainder).max() < 1e-6 * np.abs(line).max()


def test_the_answer_reports_moves_by_other_models():
    """Each template alone answers as a fit of it alone does, within the error of an answer in which single lines may
    differ; the baseline is varied too.
    """
    background = mixture(world.AXES)
    basis = world.components()
    names, signals = (*basis.names, "MM"), np.vstack([basis.signals, background.signal])
    weighed = Components(names, signals, background.deviations)
    _, lcmodel = rigid_macromolecules("lcmodel", world.AXES)
    single = Components(names, np.vstack([basis.signals, lcmodel]))
    sd = 0.02
    time = np.arange(world.POINTS) * world.DWELL
    data = world.clean_fid() + 4 * lcmodel[0] * np.exp(-9 * time - 0.5 * (9 * time) ** 2)
    spectrum = world.spectrum(data + world.noise(np.random.default_rng(3), sd))

    found, alone = fit(spectrum, weighed, sd), fit(spectrum, single, sd)

    models = [other.model for other in found.alternatives]
    assert models[0] == "a ten times stiffer baseline"
    assert [model for model in models if model.startswith("macromolecules")] == [
        f"macromolecules {name}" for name in background.deviations.multiples
    ]
    other = found.alternatives[models.index("macromolecules lcmodel")]
    sds = np.sqrt(np.diagonal(found.covariance))
    assert np.all(np.abs(other.amplitudes - alone.amplitudes)[: len(basis.names)] < sds[: len(basis.names)])
    assert len(alone.alternatives) == 2


@pytest.mark.parametrize(("megahertz", "damping"), [(63.9, -6.5), (127.7, -4.3), (298.0, -9.4), (400.0, -9.4)])
def test_the_damping_beside_water_follows_the_field(megahertz: float, damping: float):
    """Metabolites decay slower than water by what cited T2 of the field say; NAA may differ more than choline."""
    layout = layout_for(("NAA", "GPC"), megahertz * 1e6, shape_known=True)

    index = GLOBAL.index("lorentz")
    assert layout.prior_mean[index] * layout.scales[index] == pytest.approx(damping)
    naa, gpc = (layout.prior_sd * layout.scales)[-2:]
    assert naa == pytest.approx(3 * gpc)


def test_errors_are_inflated_by_excess_residual() -> None:
    """A residual of three times the noise makes variances nine times larger; one below the noise changes nothing."""
    problem = _problem()
    state = problem.state(start_vector(problem.model, problem.projection, world.FREQUENCY))
    unit = state.residual / np.sqrt(np.mean(state.residual**2))
    least, exact, thrice = (
        amplitude_covariance(problem, dataclasses.replace(state, residual=size * unit)) for size in (0.4, 1.0, 3.0)
    )

    assert least.total == pytest.approx(exact.total)
    assert thrice.total == pytest.approx(9.0 * exact.total)
    assert thrice.shared == pytest.approx(9.0 * exact.shared)


def test_the_fitted_shift_is_taken_off_the_axis_of_the_traces() -> None:
    """Of data that stand 6 Hz too high, each peak is drawn at its metabolite's place, not twice as far away."""
    fid = world.fid(world.clean_fid(shift_hz=6.0))
    gain = float(np.abs(fid.samples).max())
    model = build_model(fid, world.components(), SD / gain, gain, "two-scale")
    state = Problem(model, model.baseline.expected).state(first_solution(model, world.FREQUENCY, None).vector)
    traces = _traces(model, state, SD, state.values.shift / world.FREQUENCY * 1e6)

    assert state.values.shift == pytest.approx(6.0, abs=0.5)
    assert traces.ppm[np.argmax(traces.fit)] == pytest.approx(2.008, abs=0.012)


def test_problems_solved_together_are_those_solved_one_by_one() -> None:
    """Also where the common guess of free components is wrong for one, or a matrix is singular."""
    generator = np.random.default_rng(5)
    columns = generator.standard_normal((6, 40, 5))
    columns[4, :, 1] = columns[4, :, 0]
    truth = np.array([3.0, 1.0, 0.5, 0.0, 2.0]) * np.array([1, 1, 1, 1, -1])
    grams = np.einsum("ipk,ipl->ikl", columns, columns)
    moments = np.einsum("ikl,l->ik", grams, truth) + generator.standard_normal((6, 5))
    nonnegative, guess = np.array([1.0, 1.0, 1.0, 1.0, 0.0]), np.array([1.0, 1.0, 1.0, 0.0, 1.0])

    found = solve_alike(grams, moments, nonnegative, guess)
    alone = [solve_amplitudes(gram, moment, nonnegative, guess)[0] for gram, moment in zip(grams, moments, strict=True)]

    assert np.einsum("ipk,ik->ip", columns, found) == pytest.approx(np.einsum("ipk,ik->ip", columns, alone), abs=1e-5)
    assert {float(each[3] > 0) for each in found} == {0.0, 1.0}
