"""The control model: its fit against finite differences and an oracle, its update against quadrature and simulation."""

from __future__ import annotations

import json
import math
from dataclasses import asdict, replace
from pathlib import Path

import numpy as np
import pytest
from scipy import special, stats

from fitting.norms import Case, Context, Control, Controls, Measured, Method, ZScore, score
from fitting.norms.case import scan
from fitting.norms.composition import METABOLITES, PARTS, linear
from fitting.norms.contrasts import contrasts
from fitting.norms.control_model import Cell, control_model
from fitting.norms.study_rows import study_rows
from fitting.quantification.concentrations import Ratio
from fitting.request import Subject
from fitting.statistics.laboratory import NO_PEOPLE, LaboratorySample, Noise, Prior, update
from fitting.statistics.mixture import Mixture
from norm_model.covariance import START, correlation
from norm_model.likelihood import PRIOR_MEAN, objective, problem
from norm_model.observations import observations

REGIONS = control_model().regions
METHOD = Method(3.0, "PRESS", 0.030, "tCr", "LCModel 6.3")


def new_person(metabolite: str, region: str) -> Mixture:
    people = update(control_model().prior(Cell(metabolite, region)))
    return Mixture(people.weights, people.mean, np.sqrt(people.variance + people.spread**2))


def case_of(metabolite: str, value: float, region: str = "dlPFC", side: str | None = None) -> Case:
    subject = Subject(region, side)
    return Case(
        metabolite, Ratio(value, 0.0), Context(subject, scan(3.0, 0.030, "PRESS"), "LCModel 6.3"), sd_known=False
    )


def test_the_gradient_of_the_fit_is_that_of_finite_differences() -> None:
    """Analytic derivative of the log posterior by every hyperparameter, away from the start."""
    everything = observations(study_rows())
    few = everything.where(np.isin(everything.region, ["dlPFC", "PCC", "hippocampus"]))
    given = problem(few, {"*": PRIOR_MEAN})
    theta = START + 0.1 * np.random.default_rng(1).standard_normal(START.size)
    _, slope = objective(theta, given)
    for index in (0, 3, 7, 12, 18, 19, 20, 21, 30, 35):
        step = 1e-5 * np.eye(START.size)[index]
        numeric = (objective(theta + step, given)[0] - objective(theta - step, given)[0]) / 2e-5
        assert slope[index] == pytest.approx(numeric, abs=2e-4), index


def test_partial_correlations_make_a_correlation_matrix() -> None:
    """Ones on the diagonal, and no negative eigenvalue, whatever the numbers."""
    found = correlation(np.random.default_rng(2).standard_normal(15) * 2.0).real

    assert np.diag(found) == pytest.approx(np.ones(len(PARTS)))
    assert np.linalg.eigvalsh(found).min() > 0.0


def test_every_region_answers_for_every_metabolite() -> None:
    """Twelve regions by seven metabolites, none with an interval that begins at zero; parts are below their sums."""
    for region in REGIONS:
        medians = {name: math.exp(new_person(name, region).quantile(0.0)) for name in METABOLITES}
        assert medians["NAA"] < medians["tNAA"], region
        assert medians["Glu"] < medians["Glx"], region
        assert medians["Glu"] + medians["Gln"] == pytest.approx(medians["Glx"], rel=0.02), region
        for name in METABOLITES:
            position = score(case_of(name, medians[name], region)).position
            assert isinstance(position, ZScore), (region, name)
            assert position.reference_low > 0.25 * medians[name], (region, name)
            assert position.shares is not None
            assert sum(asdict(position.shares).values()) == pytest.approx(1.0)
            assert position.value == pytest.approx(0.0, abs=0.02)


LARGEST_MEDIAN = {"Glx": 0.06, "Gln": 0.16}


@pytest.mark.parametrize("region", REGIONS)
def test_the_model_agrees_with_the_oracle(region: str, shared: Path) -> None:
    """Medians within 3 % (Glx 6, Gln 16), SDs of the log within 6 % of an independent fit of the same rows."""
    oracle = json.loads((shared / "norms" / "oracle.json").read_text())["cells_fast_mrshiny_corrected"]
    for name in METABOLITES:
        seen, wanted = new_person(name, region), oracle[f"{region}.{name}"]
        assert math.exp(seen.mean) == pytest.approx(wanted["median"], rel=LARGEST_MEDIAN.get(name, 0.03)), name
        assert seen.sd == pytest.approx(wanted["sd_log"], rel=0.06), name


def test_a_sum_is_linear_about_its_composition() -> None:
    """Exact there, and to second order beside it."""
    logs = np.log([1.2, 0.15, 1.3, 0.35, 0.7, 0.25])
    weights, constant = linear("Glx", logs)
    beside = logs + 0.01 * np.array([0, 0, 1, -1, 0, 0])

    assert weights @ logs + constant == pytest.approx(math.log(1.65))
    assert weights @ beside + constant == pytest.approx(math.log(np.exp(beside[2]) + np.exp(beside[3])), abs=1e-4)


PRIOR = Prior(np.array([0.30]), np.array([0.002]), np.array([0.018]), math.log(0.10), 0.3)


@pytest.mark.parametrize("values", [(), (0.1,), (0.12, 0.21, 0.05), tuple(np.linspace(-0.2, 0.3, 12))])
def test_the_update_is_that_of_quadrature(values: tuple[float, ...]) -> None:
    """Mean and SD of a new person against a brute-force integral over the laboratory's mean and log spread."""
    sample = replace(NO_PEOPLE, values=np.array(values), design=np.zeros((len(values), 0)))
    people = update(PRIOR, sample)
    seen = Mixture(people.weights, people.mean, np.sqrt(people.variance + people.spread**2))
    mean, log_spread = np.meshgrid(np.linspace(-0.5, 1.1, 801), math.log(0.10) + np.linspace(-1.5, 1.5, 301))
    logs = stats.norm.logpdf(mean, 0.30, math.sqrt(0.02)) + stats.norm.logpdf(log_spread, math.log(0.10), 0.3)
    for value in values:
        logs = logs + stats.norm.logpdf(value, mean, np.exp(log_spread))
    weights = np.exp(logs - logs.max())
    weights /= weights.sum()
    centre = float(np.sum(weights * mean))
    variance = float(np.sum(weights * (np.exp(2 * log_spread) + (mean - centre) ** 2)))

    assert seen.mean == pytest.approx(centre, abs=1e-3)
    assert seen.sd == pytest.approx(math.sqrt(variance), rel=5e-3)
    assert seen.below(0.1) == pytest.approx(
        float(np.sum(weights * special.ndtr((0.1 - mean) / np.exp(log_spread)))), abs=2e-3
    )


def test_a_covariate_is_marginalised_exactly() -> None:
    """With its effect drawn from the prior the update is that of the values with their joint covariance."""
    fixed = replace(PRIOR, log_spread_sd=1e-6)
    values, ages = np.array([0.1, 0.2, 0.35]), np.array([-1.0, 0.5, 1.5])
    sample = LaboratorySample(values, ages[:, None], np.array([2.0]), np.array([0.05]), np.array([0.04]))
    people = update(fixed, sample)
    design = np.column_stack([np.ones(3), ages])
    prior = np.diag([0.02, 0.04**2])
    spread = design @ prior @ design.T + 0.01 * np.eye(3)
    person = np.array([1.0, 2.0])
    gain = person @ prior @ design.T @ np.linalg.inv(spread)
    expected = person @ [0.30, 0.05] + gain @ (values - design @ [0.30, 0.05])

    assert people.weights @ people.mean == pytest.approx(expected, abs=1e-6)
    assert people.variance[0] == pytest.approx(person @ prior @ person - gain @ design @ prior @ person, rel=1e-4)


@pytest.mark.parametrize("n", [0, 1, 3, 8])
def test_healthy_people_are_flagged_as_often_as_promised(n: int) -> None:
    """Of laboratories drawn from the model 4 to 6.5 % of healthy people are flagged, and p_outside averages 5 %."""
    rng, flags, outside = np.random.default_rng(n), [], []
    prior = control_model().prior(Cell("tNAA", "dlPFC"))
    for _ in range(400):
        draw = rng.integers(prior.mean.size)
        mean = prior.mean[draw] + math.sqrt(prior.region[draw] + prior.laboratory[draw]) * rng.standard_normal()
        spread = math.exp(prior.log_spread + prior.log_spread_sd * rng.standard_normal())
        own = replace(NO_PEOPLE, values=mean + spread * rng.standard_normal(n), design=np.zeros((n, 0)))
        people, noise = update(prior, own), Noise(0.5 * spread**2, 0.5 * spread**2)
        seen = people.predictive(noise)
        values = mean + spread * rng.standard_normal(4)
        flags += [abs(seen.deviate(float(value))) > 1.96 for value in values]
        outside.append(people.outside(float(values[0]), noise))

    assert 0.03 <= np.mean(flags) <= 0.075  # 1600 people of 400 laboratories
    assert 0.035 <= np.mean(outside) <= 0.065


def test_twenty_controls_answer_as_crawford_and_howell() -> None:
    """The prior hardly matters with 20 to 50 people like published ones: z within 0.25 of the deviate of their t."""
    rng = np.random.default_rng(4)
    for n, allowed in ((20, 0.35), (50, 0.2)):
        gaps = []
        for _ in range(20):
            logs = 0.4 + 0.1 * rng.standard_normal(n)
            people = tuple(Control(str(k), {"tNAA": Measured(float(v))}) for k, v in enumerate(np.exp(logs)))
            site = Controls("site.x.v1", "site", METHOD, "dlPFC", people=people)
            position = score(case_of("tNAA", math.exp(0.4 - 0.15)), [site]).position
            assert isinstance(position, ZScore)
            assert position.t is not None
            gaps.append(position.value - special.ndtri(stats.t.cdf(position.t, n - 1)))
        assert abs(np.mean(gaps)) < allowed


def test_value_within_is_never_probably_outside() -> None:
    """A value inside its reference interval has no p_outside above one half, with any number of controls."""
    rng = np.random.default_rng(6)
    for n in (0, 1, 3, 8, 20):
        logs = 0.4 + 0.1 * rng.standard_normal(n)
        people = tuple(Control(str(k), {"tNAA": Measured(float(v), 0.04)}) for k, v in enumerate(np.exp(logs)))
        site = [Controls("site.x.v1", "site", METHOD, "dlPFC", people=people)] if n else []
        for value in (1.0, 1.2, 1.5, 1.9, 2.3):
            position = score(replace(case_of("tNAA", value), measured=Ratio(value, 0.04), sd_known=True), site).position
            assert isinstance(position, ZScore)
            assert position.low <= position.value <= position.high
            if position.flag == "within":
                assert position.p_outside < 0.5


def test_the_laboratory_cancels_in_a_contrast() -> None:
    """A laboratory whose ratios are all 30 % high gives the same contrasts, each sharper than the values compared."""
    values = [("NAA", 1.4, "dlPFC", "left"), ("NAA", 1.2, "dlPFC", "right"), ("NAA", 1.1, "ACC", None)]
    plain, high = (
        contrasts([case_of(name, factor * value, region, side) for name, value, region, side in values])
        for factor in (1.0, 1.3)
    )

    assert [item.kind for item in plain] == ["sides", "regions", "regions"]
    assert [item.z for item in high] == pytest.approx([item.z for item in plain], abs=1e-9)
    assert [item.sd for item in plain] == pytest.approx([0.12, 0.14, 0.14], abs=0.015)
    assert plain[0].sd < plain[1].sd < new_person("NAA", "dlPFC").sd
    assert (plain[0].a, plain[0].b) == ("left dlPFC NAA", "right dlPFC NAA")


def test_a_sum_is_not_contrasted_with_its_part() -> None:
    """Glx and Glu of one voxel are no contrast; Glu and NAA are."""
    found = contrasts([case_of(name, 1.3) for name in ("Glx", "Glu", "NAA")])

    assert [(item.a, item.b) for item in found] == [("dlPFC Glx", "dlPFC NAA"), ("dlPFC Glu", "dlPFC NAA")]


def test_an_undetected_metabolite_is_flagged_by_its_upper_bound_alone() -> None:
    """A bound far below the reference interval is flagged and called a bound; one inside it gives the reason."""
    below, inside = (score(replace(case_of("Gln", value), censored=True)).position for value in (0.05, 0.3))

    assert isinstance(below, ZScore)
    assert (below.flag, below.censored) == ("below", True)
    assert not isinstance(inside, ZScore)
    assert inside.code == "not-detected"


def test_quantiles_have_the_probability_of_their_deviates() -> None:
    """Property: the deviate of a quantile is the deviate asked for, in both far tails and for unlike components."""
    mixture = Mixture(np.array([0.6, 0.3, 0.1]), np.array([0.0, 0.4, -2.0]), np.array([0.1, 0.5, 1.5]))
    deviates = np.array([-8.0, -1.96, -0.1, 0.0, 0.8416, 1.96, 8.0])

    found = mixture.quantiles(deviates)

    assert [mixture.deviate(value) for value in found] == pytest.approx(list(deviates), abs=1e-6)
    assert [mixture.quantile(item) for item in deviates] == pytest.approx(list(found), abs=1e-6)


@pytest.mark.parametrize("share", [0.0, 0.3, 0.9])
def test_a_person_measured_as_well_as_the_people_has_their_variance(share: float) -> None:
    """Whatever share the stated noise has; a noisier person has the excess in full, a quieter one less where it is."""
    variance = np.array([0.005, 0.01, 0.04])
    stated = share * 0.01
    alike, noisier, quieter = (
        sum(Noise(stated, person).split(variance)) for person in (stated, stated + 0.02, 0.5 * stated)
    )

    assert alike == pytest.approx(variance)
    assert noisier == pytest.approx(variance + 0.02)
    assert np.all((0.7 * variance <= quieter) & (quieter <= variance))
