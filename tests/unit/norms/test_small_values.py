"""Values that are small or uncertain beside those of healthy people: compared with finite limits, or not compared."""

from __future__ import annotations

from collections.abc import Sequence

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from fitting.norms import Absence, Case, Controls, ZScore, score
from fitting.quantification.concentrations import Ratio
from tests.data.controls import CONTEXT, SITE


@pytest.mark.parametrize("controls", [(), (SITE,)], ids=["published", "own"])
@settings(deadline=None)
@given(value=st.floats(1e-12, 1e12), sd=st.floats(0.0, 1e12))
def test_every_value_is_compared_within_finite_limits_or_not_at_all(
    controls: Sequence[Controls], value: float, sd: float
) -> None:
    """No value ends the comparison, and no reference interval spans orders of magnitude."""
    position = score(Case("tNAA", Ratio(value, sd), CONTEXT, "yes"), controls).position

    if isinstance(position, ZScore):
        assert position.reference_high / position.reference_low < 200.0
    else:
        assert position.code == "error-too-large"


def test_small_value_with_an_ordinary_error_is_far_below() -> None:
    """A tNAA near zero with the error of a good scan is flagged low: its relative error alone would hide it."""
    position = score(Case("tNAA", Ratio(0.001, 0.04), CONTEXT, "yes")).position

    assert isinstance(position, ZScore)
    assert position.flag == "below"
    assert position.high < -1.96


def test_error_as_large_as_healthy_values_is_a_reason() -> None:
    """Such a value is not compared, and the sentence names both numbers."""
    position = score(Case("tNAA", Ratio(1.2, 1.3), CONTEXT, "yes")).position

    assert isinstance(position, Absence)
    assert position.code == "error-too-large"
    assert "1.3" in position.sentence
