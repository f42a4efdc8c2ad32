"""Measurement error of the person beside that of the controls."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import special

from fitting.norms.expectation import Expectation, excess_variance
from fitting.quantification.concentrations import Ratio
from fitting.statistics.measurement_error import LARGEST_NOISE_SHARE, with_excess
from fitting.statistics.single_case import t_test


def reference(n: int, noise: float | None) -> Expectation:
    return Expectation("x", n, 1.4, 0.1, n - 1.0, 1.0 / n, noise)


@pytest.mark.parametrize(
    ("sd", "noise", "expected"),
    [
        (0.05, 0.05, 0.0),
        (0.07, 0.05, 0.0024),
        (0.03, 0.05, -0.0016),
        (0.03, None, 0.0),
        (0.07, None, 0.0024),
        (None, 0.05, 0.0),
        (None, None, 0.0),
    ],
)
def test_excess_variance_of_a_measurement(sd: float | None, noise: float | None, expected: float) -> None:
    """Stated errors count as they are; nothing is subtracted for unstated errors; an unknown error adds nothing."""
    assert excess_variance(sd, 0.1, noise) == pytest.approx(expected, abs=1e-12)


@given(st.integers(8, 60), st.floats(0.0, 0.07), st.floats(0.0, 0.3), st.floats(0.0, 0.3))
def test_a_noisier_value_is_never_more_significant(n: int, noise: float, sd: float, more: float) -> None:
    """Of two people with one value, the one measured worse has the larger p, also below the error of the controls."""
    low, high = sorted((sd, more))
    better, worse = (t_test(1.65, reference(n, noise).reference(Ratio(1.65, error)))[1] for error in (low, high))

    # the reach is the same function of the error; p beyond it is that of a t distribution with its degrees of freedom
    assert better <= worse + 2e-3


@given(st.integers(8, 60), st.floats(1e-6, 1.0))
def test_less_noise_leaves_less_spread_that_is_less_certain(n: int, share: float) -> None:
    """Without their noise the controls' spread is smaller and its degrees of freedom fewer; the reach never grows."""
    whole, rest = with_excess(1.0, n - 1.0, 0.0), with_excess(1.0, n - 1.0, -share)
    reach = [float(special.stdtrit(item.df, 0.975)) * item.sd for item in (whole, rest)]

    assert (whole.sd, whole.df) == (1.0, n - 1.0)
    assert rest.sd**2 == pytest.approx(1.0 - min(share, LARGEST_NOISE_SHARE))
    assert rest.df <= whole.df
    assert reach[1] <= reach[0] + 1e-3


def test_more_noise_is_satterthwaites() -> None:
    """The known excess adds to the variance and to the degrees of freedom."""
    wider = with_excess(2.0, 9.0, 1.0)

    assert wider.sd**2 == pytest.approx(3.0)
    assert wider.df == pytest.approx(9.0 * 1.5**2)


def test_an_error_that_is_not_known_is_taken_to_be_like_the_controls() -> None:
    """A value without standard deviation is judged as one with theirs, not as one without any error."""
    own = reference(20, 0.05)
    unknown, alike, exact = (
        own.reference(Ratio(1.6, 0.0), sd_known=False),
        own.reference(Ratio(1.6, 0.05)),
        own.reference(Ratio(1.6, 0.0)),
    )

    assert (unknown.sd_predictive, unknown.df_predictive) == pytest.approx((alike.sd_predictive, alike.df_predictive))
    assert exact.sd_predictive < unknown.sd_predictive
