"""z-scores against their definition, Monte Carlo and the rules on when they are withheld."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from scipy import stats

from fitting.norms.assessment import ZScore
from fitting.norms.expectation import COHORT_NOISE_SHARE
from fitting.norms.literature import literature_norms
from fitting.norms.literature_reference import literature_reference
from fitting.norms.norm import Norm, StudyControls
from fitting.norms.pooled import pool
from fitting.norms.z_score import z_score
from fitting.quantification.concentrations import Ratio

STUDIES = [(0.220, 0.030, 20), (0.247, 0.030, 60), (0.219, 0.029, 13), (0.280, 0.040, 21), (0.238, 0.024, 48)]


def score_of(norm: Norm, measured: Ratio) -> ZScore:
    return z_score(measured.value, literature_reference(norm, measured), norm.id)


def norm_of(studies: list[tuple[float, float, int]]) -> Norm:
    members = tuple(
        StudyControls(f"study {index}", "10.1/x", "table 1", mean, sd, n, 30.0, False, False, ("PRESS",))
        for index, (mean, sd, n) in enumerate(studies)
    )
    return pool(members, None, region="ACC", metabolite="tCho", unit="tCr", field_t=3.0)


def test_worked_example() -> None:
    """A ratio of 0.35 without measurement error: the printed z, degrees of freedom and p."""
    score = score_of(norm_of(STUDIES), Ratio(0.35, 0.0))

    assert score.t == pytest.approx(2.7679212, rel=1e-4)
    assert score.value == pytest.approx(stats.norm.ppf(score.percentile / 100.0))
    assert score.z_cc is None
    assert score.df == pytest.approx(20.535986, rel=1e-3)
    assert score.p == pytest.approx(0.0116816, rel=1e-3)
    assert score.percentile == pytest.approx(100.0 * stats.t.cdf(score.t, score.df))
    assert score.flag == "above"


@pytest.mark.parametrize(("count", "has_p"), [(3, False), (4, False), (5, True)])
def test_p_value_needs_five_studies(count: int, has_p: bool) -> None:
    """Three and four studies give z without p."""
    assert (score_of(norm_of(STUDIES[:count]), Ratio(0.3, 0.01)).p is not None) is has_p


def test_two_studies_support_no_z() -> None:
    """A norm that is too thin refuses, so that no caller can get a z by mistake."""
    with pytest.raises(ValueError, match="does not support"):
        score_of(norm_of(STUDIES[:2]), Ratio(0.3, 0.01))


def test_studies_that_disagree_have_a_lower_grade() -> None:
    """Five studies of 162 people with I² of 0.9 are B instead of A; with I² below 0.75 they stay A."""
    disagreeing = norm_of(STUDIES)
    agreeing = norm_of([(0.24 + 0.002 * index, sd, n) for index, (_, sd, n) in enumerate(STUDIES)])

    assert disagreeing.effects.i2 > 0.75 > agreeing.effects.i2
    assert (disagreeing.grade, agreeing.grade) == ("B", "A")


def test_ordinary_noise_does_not_widen_the_norm_and_more_does() -> None:
    """Below half the spread within studies the predictive SD stays; above, the excess adds in quadrature."""
    norm = norm_of(STUDIES)
    quiet = score_of(norm, Ratio(0.3, 0.0)).sd_predictive
    limit = np.sqrt(COHORT_NOISE_SHARE) * norm.sd_within

    assert score_of(norm, Ratio(0.3, limit)).sd_predictive == pytest.approx(quiet)
    noisy = score_of(norm, Ratio(0.3, 3.0 * limit)).sd_predictive
    assert noisy**2 == pytest.approx(quiet**2 + 8.0 * limit**2)


@pytest.mark.parametrize("value", [0.20, 0.26, 0.35])
def test_interval_of_z_agrees_with_monte_carlo(value: float) -> None:
    """The limits are quantiles of z over draws of x, of the norm's mean, of the own laboratory and of the spread."""
    norm = norm_of(STUDIES)
    score = score_of(norm, Ratio(value, 0.012))
    rng = np.random.default_rng(11)
    draws = 400_000
    x = rng.normal(value, 0.012, draws)
    shift = rng.normal(0.0, np.hypot(norm.effects.se, norm.effects.tau), draws)
    shift *= np.sqrt((norm.studies - 1) / rng.chisquare(norm.studies - 1, draws))
    scale = np.sqrt(rng.chisquare(score.df, draws) / score.df)
    # what scales with the spread is known relative to it, the measurement in the unit of the value
    drawn = (x - norm.mean) / score.sd_predictive * scale + shift / score.sd_predictive

    assert (score.low, score.high) == pytest.approx(tuple(np.quantile(drawn, [0.025, 0.975])), abs=0.05)
    assert score.p_outside == pytest.approx(np.mean(np.abs(drawn) > 1.96), abs=0.01)


def test_flag_is_the_two_sided_test_at_five_percent() -> None:
    """Just inside the reference interval is within with p > 0.05, just outside is flagged with p < 0.05."""
    norm = norm_of(STUDIES)
    high = score_of(norm, Ratio(0.3, 0.01)).reference_high
    inside, outside = (score_of(norm, Ratio(high + step, 0.01)) for step in (-1e-6, 1e-6))

    assert (inside.flag, outside.flag) == ("within", "above")
    assert inside.p > 0.05 > outside.p


def test_healthy_people_of_new_laboratories_are_flagged_as_often_as_promised() -> None:
    """Of values drawn from lab bias, people and ordinary noise about the true mean, 3 to 8 % are flagged."""
    rng = np.random.default_rng(5)
    tau, within, noise = 0.024, 0.026, 0.012
    flags = 0
    trials = 1000
    for _ in range(trials):
        studies = []
        for n in (20, 60, 15, 21, 48, 30):
            people = rng.normal(0.24 + rng.normal(0.0, tau), np.hypot(within, noise), n)
            studies.append((float(people.mean()), float(people.std(ddof=1)), n))
        x = 0.24 + rng.normal(0.0, np.sqrt(tau**2 + within**2 + noise**2))
        flags += score_of(norm_of(studies), Ratio(float(x), noise)).flag != "within"

    assert 0.03 <= flags / trials <= 0.08


def test_no_reference_interval_of_a_ratio_begins_below_zero() -> None:
    """Three laboratories that are far apart leave any positive ratio within, and say so with a limit of zero."""
    score = score_of(norm_of([(0.1, 0.03, 20), (0.24, 0.03, 60), (0.5, 0.03, 20)]), Ratio(0.01, 0.0))

    assert score.reference_low == 0.0
    assert score.flag == "within"


def test_norm_is_frozen() -> None:
    """A norm shared by all requests of a process cannot be changed by one."""
    norm = literature_norms()[0]
    with pytest.raises(AttributeError):
        norm.mean = 0.0  # type: ignore[misc]
    assert replace(norm, mean=1.0) is not norm
