"""Rounding for readers never changes what a number says."""

from __future__ import annotations

import math

from hypothesis import given
from hypothesis import strategies as st

from service.reports import numbers

values = st.floats(-1e4, 1e4)
sds = st.floats(1e-4, 1e3)


def _read(shown: str) -> float:
    return float(shown.replace(numbers.MINUS, "-"))


@given(values, sds)
def test_rounding_moves_a_value_by_less_than_its_error_matters(value: float, sd: float) -> None:
    """A shown value is within 5 % of a standard deviation, a shown sd within 5 % of itself."""
    shown, error = numbers.with_sd(value, sd).split(" ± ")

    assert abs(_read(shown) - value) <= 0.051 * sd
    assert abs(_read(error) - sd) <= 0.051 * sd


@given(values, sds)
def test_value_and_error_end_at_the_same_digit(value: float, sd: float) -> None:
    """As the rules of reporting uncertainty ask."""
    shown, error = numbers.with_sd(value, sd).split(" ± ")

    assert len(shown.partition(".")[2]) == len(error.partition(".")[2])


@given(st.floats(1e-5, 1e5), st.integers(1, 5))
def test_significant_digits_bound_the_relative_error(value: float, digits: int) -> None:
    """So many digits, so small an error."""
    assert abs(_read(numbers.significant(value, digits)) - value) <= 0.51 * 10.0 ** (1 - digits) * value


@given(st.floats(0.0, 100.0))
def test_percentiles_never_claim_certainty(value: float) -> None:
    """0 and 100 are never shown: no control group is large enough."""
    shown = numbers.percentile(value)

    assert shown not in {"0", "100", "0.0", "100.0"}
    if not shown.startswith(("<", ">")):
        assert abs(float(shown) - value) <= 0.5


@given(st.sampled_from([math.nan, math.inf, -math.inf]))
def test_a_number_that_does_not_exist_is_words(value: float) -> None:
    """Readers never meet nan or inf."""
    for shown in (numbers.fixed(value, 2), numbers.significant(value), numbers.plain(value), numbers.percentile(value)):
        assert shown == "not available"
