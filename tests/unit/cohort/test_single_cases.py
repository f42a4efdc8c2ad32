"""Counts of people outside the cohort's own reference group."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import stats

from fitting.cohort.single_cases import at_least
from tests.data.cohorts import cohort, item


def test_people_far_below_are_counted() -> None:
    """A third less is below what controls show; no person is named."""
    answer = cohort(people=40, effects={"tNAA": -0.35}).answer()
    found = item(answer, "single_cases", metabolite="tNAA")

    assert found["below_other"] >= 18
    assert found["above_other"] == 0
    assert found["p_below"] < 1e-10
    assert found["expected_other"] == pytest.approx(0.5)
    assert "sub-" not in str(answer["single_cases"])


def test_share_outside_is_the_nominal_one_where_nothing_differs() -> None:
    """Over many cohorts 2.5 % lie beyond each limit, in patients and in controls who are judged by the others."""
    counts = np.zeros(4)
    people = 0
    for seed in range(60):
        found = item(cohort(people=40, seed=seed).answer(), "single_cases", metabolite="tNAA")
        counts += [found[name] for name in ("below_other", "above_other", "below_reference", "above_reference")]
        people += found["n_other"]
    for count in counts:
        assert stats.binomtest(int(count), people, 0.025).pvalue > 0.005


def test_few_controls_give_no_counts() -> None:
    """Below eight controls there is no percentile of them."""
    assert "single_cases" not in cohort(people=14).answer()


@pytest.mark.parametrize(("count", "people"), [(0, 22), (1, 22), (6, 22), (22, 22)])
def test_probability_is_the_binomial(count: int, people: int) -> None:
    assert at_least(count, people) == pytest.approx(stats.binom.sf(count - 1, people, 0.025))
