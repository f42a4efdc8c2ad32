"""Statistics of groups against statsmodels, which computes them independently."""

from __future__ import annotations

import numpy as np
import pytest

from fitting.statistics.least_squares import Design, fit
from fitting.statistics.multiplicity import holm, q_values
from fitting.statistics.pooling import random_effects
from fitting.statistics.study_power import people_per_group, power_of
from fitting.statistics.wald import joint_test

api = pytest.importorskip("statsmodels.api")
meta_analysis = pytest.importorskip("statsmodels.stats.meta_analysis")
multitest = pytest.importorskip("statsmodels.stats.multitest")
oneway = pytest.importorskip("statsmodels.stats.oneway")
power = pytest.importorskip("statsmodels.stats.power")

RNG = np.random.default_rng(4)
GROUP = np.repeat([0, 1, 2], [18, 12, 15])
AGE = RNG.normal(45, 10, 45)
X = np.column_stack([np.ones(45), GROUP == 1, GROUP == 2, AGE - AGE.mean()]).astype(float)
Y = 8 + 0.4 * (GROUP == 2) + 0.02 * AGE + RNG.normal(0, 1, 45) * np.array([0.5, 1.0, 1.5])[GROUP]


def test_difference_and_its_error_are_those_of_ols_with_hc2() -> None:
    """Coefficients and HC2 standard errors of every column."""
    expected = api.OLS(Y, X).fit(cov_type="HC2")

    found = fit(Design(X), Y)

    assert found.coefficients == pytest.approx(expected.params)
    assert np.sqrt(np.diagonal(found.covariance)) == pytest.approx(expected.bse)


def test_joint_statistic_is_the_wald_statistic_of_hc2() -> None:
    """Before the approximation of its distribution: F = (η − q + 1)/(η q) Q."""
    expected = api.OLS(Y, X).fit(cov_type="HC2").wald_test(np.eye(4)[1:3], use_f=False, scalar=True).statistic

    found = joint_test(Design(X), [1, 2], Y)

    assert found is not None
    eta = found.df2 + found.df1 - 1
    assert found.f * eta * found.df1 / found.df2 == pytest.approx(expected)


def test_joint_test_of_groups_is_near_welchs_analysis_of_variance() -> None:
    """Both allow for unequal variances; they differ in the approximation only."""
    design = Design(X[:, :3])
    expected = oneway.anova_oneway(Y, GROUP, use_var="unequal")

    found = joint_test(design, [1, 2], Y)

    assert found is not None
    assert found.f == pytest.approx(expected.statistic, rel=0.05)
    assert found.p == pytest.approx(expected.pvalue, abs=0.02)


def test_families_are_adjusted_alike() -> None:
    """Benjamini–Hochberg and Holm."""
    p = RNG.uniform(0, 0.3, 20)

    assert q_values(list(p)) == pytest.approx(multitest.multipletests(p, method="fdr_bh")[1])
    assert holm(list(p)) == pytest.approx(multitest.multipletests(p, method="holm")[1])


def test_power_of_two_equal_groups_agrees() -> None:
    """A standardised difference of 0.8 with 20 people in each group, and the people that 80 % need."""
    expected = power.TTestIndPower().power(0.8, 20, 0.05)

    assert power_of(0.8 * np.sqrt(10.0), 38.0) == pytest.approx(expected, abs=1e-6)
    needed = int(np.ceil(power.TTestIndPower().solve_power(0.8, power=0.8, alpha=0.05)))
    assert people_per_group(0.8) == needed


def test_studies_are_pooled_alike() -> None:
    """Paule and Mandel's variance between studies."""
    effects, variances = RNG.normal(-0.5, 0.4, 8), RNG.uniform(0.02, 0.1, 8)
    expected = meta_analysis.combine_effects(effects, variances, method_re="iterated")

    found = random_effects(effects, np.sqrt(variances))

    assert found.tau**2 == pytest.approx(expected.tau2, rel=1e-3)
    assert found.mean == pytest.approx(expected.mean_effect_re, rel=1e-4)
