"""What must hold of every change: it knows neither unit, nor direction of time, nor a better verdict for worse data."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from fitting.follow_up import Repeatability, course
from fitting.quantification.concentrations import Ratio
from fitting.statistics.reliable_change import ReliableChange, reliable_change
from fitting.statistics.trend import fit_trend
from tests.data.follow_up import session

values = st.floats(0.05, 20.0)
parts = st.floats(0.005, 0.3)
scatters = st.builds(
    lambda kind, cv, noise, df: Repeatability("R", kind, cv, noise, float(df), 5, "B", "", ""),
    st.sampled_from(["published", "own"]),
    parts,
    st.none() | parts,
    st.integers(5, 60),
)


def change(scatter: Repeatability, before: Ratio, after: Ratio) -> ReliableChange:
    return reliable_change(after.value - before.value, *scatter.difference(before, after))


@given(scatters, values, values, parts, parts, st.sampled_from([1e-3, 7.5, 1e4]))
def test_the_unit_does_not_matter(s: Repeatability, a: float, b: float, u: float, v: float, unit: float) -> None:
    """Index and p are the same in any unit, and the minimal detectable change scales with it."""
    one = change(s, Ratio(a, u * a), Ratio(b, v * b))
    other = change(s, Ratio(a * unit, u * a * unit), Ratio(b * unit, v * b * unit))

    assert other.index == pytest.approx(one.index, rel=1e-6, abs=1e-9)
    assert other.p == pytest.approx(one.p, rel=1e-6)
    assert other.minimal_detectable_change == pytest.approx(one.minimal_detectable_change * unit, rel=1e-6)


@given(scatters, values, values, parts, parts)
def test_time_reversed_changes_the_sign_only(s: Repeatability, a: float, b: float, u: float, v: float) -> None:
    """From later to earlier the change is opposite and as reliable; beyond, p and the interval say the same."""
    there, back = (
        change(s, Ratio(a, u * a), Ratio(b, v * b)),
        change(s, Ratio(b, v * b), Ratio(a, u * a)),
    )

    assert there.index == pytest.approx(-back.index)
    assert there.p == pytest.approx(back.p)
    assert there.beyond == (not there.low < 0.0 < there.high)
    assert there.beyond == (there.p <= 0.05) or there.p == pytest.approx(0.05, abs=1e-6)


@given(scatters, values, values, parts, st.floats(1.0, 5.0))
def test_a_noisier_session_never_detects_more(s: Repeatability, a: float, b: float, u: float, worse: float) -> None:
    """A larger stated error never lowers p or the minimal detectable change."""
    good = change(s, Ratio(a, u * a), Ratio(b, u * b))
    bad = change(s, Ratio(a, u * a), Ratio(b, worse * u * b))

    assert bad.p >= good.p - 1e-12
    assert bad.minimal_detectable_change >= good.minimal_detectable_change * (1.0 - 1e-9)


@given(st.lists(st.floats(-5.0, 5.0), min_size=3, max_size=8), st.floats(-3.0, 3.0), st.floats(0.1, 10.0))
def test_a_trend_follows_added_and_scaled_values(noise: list[float], slope: float, scale: float) -> None:
    """A straight line added to the values is added to slope and interval; other units of time scale both."""
    times, values_ = np.arange(float(len(noise))), np.array(noise)
    plain, steeper = fit_trend(times, values_, None), fit_trend(times, values_ + slope * times, None)
    slower = fit_trend(times * scale, values_, None)

    assert plain is not None
    assert steeper is not None
    assert slower is not None
    assert steeper.slope == pytest.approx(plain.slope + slope, abs=1e-9)
    assert steeper.high - steeper.low == pytest.approx(plain.high - plain.low, abs=1e-9)
    assert slower.slope * scale == pytest.approx(plain.slope, abs=1e-9)


@pytest.mark.parametrize("order", [(0, 1, 2, 3), (3, 1, 0, 2), (2, 3, 1, 0)])
def test_the_order_of_submission_does_not_matter_with_days(order: tuple[int, ...]) -> None:
    """With days, any order of submission gives the same course."""
    made = [session(n, {"tNAA": 1 + n / 20}, day=30 * n) for n in range(4)]

    assert course([made[n] for n in order]) == course(made)
