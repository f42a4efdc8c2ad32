"""Reliable change, minimal detectable change and trend: worked numbers, and rates over many unchanged people."""

from __future__ import annotations

import math

import numpy as np
import pytest
from scipy import stats

from fitting.errors import ImplausibleParameter
from fitting.follow_up import Repeatability, own_repeatability
from fitting.quantification.concentrations import Ratio
from fitting.statistics.reliable_change import reliable_change
from fitting.statistics.trend import fit_trend
from fitting.statistics.within_person import c4
from tests.measure.benchmarks.follow_up import false_alarms, trend_coverage

TRIALS = 1500
LEAST, MOST = 4.0, 6.0
"""Per cent; more trials are run for docs/follow-up.md."""


def test_index_of_jacobson_and_truax() -> None:
    """Their own example (1991, p. 14): SD 7.5 and reliability 0.80, from 47.5 to 32.5, RC = -3.16."""
    sem = 7.5 * math.sqrt(1.0 - 0.80)
    found = reliable_change(32.5 - 47.5, math.sqrt(2.0) * sem)

    assert sem == pytest.approx(3.35, abs=0.005)
    assert found.sd == pytest.approx(4.74, abs=0.005)
    assert found.index == pytest.approx(-3.16, abs=0.005)
    assert found.beyond


def test_smallest_change_of_a_published_scale() -> None:
    """Piers-Harris 2 with SEM 3.07: a change of 8.51 is needed at 5 %, and 24 to 35 is one."""
    found = reliable_change(35.0 - 24.0, math.hypot(3.07, 3.07))

    assert found.minimal_detectable_change == pytest.approx(8.51, abs=0.005)
    assert found.beyond
    assert found.low == pytest.approx(11.0 - 8.51, abs=0.005)
    assert not reliable_change(8.5, math.hypot(3.07, 3.07)).beyond


def test_minimal_detectable_change_is_the_known_multiple_of_the_error() -> None:
    """With a known error MDC = 1.96 √2 SEM; an estimated one needs Student's t, and p agrees with it at the limit."""
    known = reliable_change(0.0, math.sqrt(2.0))
    scatter = Repeatability("own", "own", 0.05, None, 9.0, 9, "A", "", "")
    sd, variances = scatter.difference(Ratio(2.0, 0.0), Ratio(2.0, 0.0))
    estimated = reliable_change(stats.t.ppf(0.975, 9) * sd, sd, variances)

    assert known.minimal_detectable_change == pytest.approx(1.959964 * math.sqrt(2.0))
    assert sd == pytest.approx(0.1 * math.sqrt(2.0))
    assert estimated.minimal_detectable_change == pytest.approx(2.262157 * sd, rel=1e-3)
    assert estimated.p == pytest.approx(0.05, abs=1e-3)


@pytest.mark.parametrize("sd", [0.0, -1.0, math.nan, math.inf])
def test_an_impossible_error_is_refused(sd: float) -> None:
    """Nothing is divided by an error that cannot be."""
    with pytest.raises(ImplausibleParameter):
        reliable_change(1.0, sd)


def test_the_mean_of_small_samples_standard_deviations_is_too_small() -> None:
    """c₄ of two, four and ten repeats, as tabulated for control charts."""
    assert [c4(k) for k in (2, 4, 10)] == pytest.approx([0.7979, 0.9213, 0.9727], abs=5e-5)


def published(cv: float, noise: float | None, df: float = 27.0) -> Repeatability:
    return Repeatability("R", "published", cv, noise, df, 9, "B", "", "")


def test_noise_counts_once() -> None:
    """A fit as noisy as the published ones adds nothing, a noisier one its excess, a better one earns nothing."""
    scatter = published(0.07, 0.04)

    assert scatter.session_variance(Ratio(1.0, 0.04), 1.0) == pytest.approx(0.07**2)
    assert scatter.session_variance(Ratio(1.0, 0.01), 1.0) == pytest.approx(0.07**2)
    assert scatter.session_variance(Ratio(1.0, 0.06), 1.0) == pytest.approx(0.07**2 + 0.06**2 - 0.04**2)
    # what is not known is not subtracted
    assert published(0.07, None).session_variance(Ratio(1.0, 0.04), 1.0) == pytest.approx(0.07**2 + 0.04**2)


def test_own_repeats_separate_days_from_noise() -> None:
    """Pairs whose differences are known: cv is √(Σ d²/2 / n), and the stated errors are taken from it."""
    pairs = {str(i): (Ratio(1.0 + d / 2, 0.03), Ratio(1.0 - d / 2, 0.03)) for i, d in enumerate((0.1, -0.1) * 4)}
    scatter = own_repeatability(pairs)

    assert isinstance(scatter, Repeatability)
    assert scatter.cv == pytest.approx(math.sqrt(0.1**2 / 2))
    assert scatter.df == 8
    days = scatter.cv**2 - 0.03**2
    assert scatter.session_variance(Ratio(2.0, 0.1), 2.0) == pytest.approx(4.0 * days + 0.1**2)


def test_too_few_own_repeats_give_no_repeatability() -> None:
    """Four pairs are four degrees of freedom; single sessions count for nothing."""
    few = own_repeatability({str(i): (Ratio(1.0, 0.1), Ratio(1.1, 0.1)) for i in range(4)} | {"x": (Ratio(1.0, 0.1),)})

    assert not isinstance(few, Repeatability)
    assert few.code == "repeats-too-few"
    assert " 4 comparable" in few.sentence


@pytest.mark.parametrize(("people", "noise"), [(6, 0.04), (12, 0.04), (12, 0.08)])
def test_unchanged_people_are_flagged_at_five_per_cent(people: int, noise: float) -> None:
    """Own repeats with 4 % noise and 5 % between days, a person with other noise: 5 % of the unchanged are flagged."""
    assert LEAST <= false_alarms(people, noise, TRIALS) <= MOST


@pytest.mark.parametrize(("sessions", "weighted"), [(3, True), (5, True), (5, False), (8, True)])
def test_the_interval_of_a_trend_holds_the_true_slope(sessions: int, weighted: bool) -> None:
    """Noise that differs between sessions, 5 % between days: 95 of 100 intervals hold the slope."""
    assert 93.0 <= trend_coverage(sessions, weighted, TRIALS) <= 97.0


def test_a_trend_is_the_weighted_line() -> None:
    """Slope, interval and p of three points against the textbook formula for equal weights; scale does not matter."""
    times, values = np.array([0.0, 1.0, 3.0]), np.array([1.0, 1.3, 1.7])
    line = stats.linregress(times, values)
    trend = fit_trend(times, values, None)
    scaled = fit_trend(times, values, np.full(3, 7.0))

    assert trend is not None
    assert scaled is not None
    assert trend.slope == pytest.approx(line.slope)
    assert trend.p == pytest.approx(line.pvalue)
    assert trend.high - trend.slope == pytest.approx(stats.t.ppf(0.975, 1) * line.stderr)
    assert (scaled.low, scaled.high) == pytest.approx((trend.low, trend.high))
    assert "one degree of freedom" in trend.sentence


@pytest.mark.parametrize("times", [[0.0, 1.0], [2.0, 2.0, 2.0]])
def test_two_sessions_or_one_time_have_no_trend(times: list[float]) -> None:
    """A line through two points has no error, and one time has no slope."""
    assert fit_trend(np.array(times), np.arange(float(len(times))), None) is None
