"""Statistics of groups of people against independent implementations."""

from __future__ import annotations

import itertools
import math

import numpy as np
import pytest
from scipy import integrate, optimize, stats

from fitting.statistics.censored import brunner_munzel, tobit
from fitting.statistics.correlation import correlate, independent_difference, overlapping_difference
from fitting.statistics.correlation_matrices import jennrich, largest_component
from fitting.statistics.discriminant import auc, shrunken_discriminant, stratified_folds
from fitting.statistics.effect_size import bayes_factor, noncentrality_limits, standardised
from fitting.statistics.fieller import fieller
from fitting.statistics.least_squares import Design, fit, influence, permuted_t, share_at_least
from fitting.statistics.mixed_anova import mixed_anova
from fitting.statistics.multiplicity import holm
from fitting.statistics.random_effects_people import weighted
from fitting.statistics.study_power import exaggeration, people_per_group, power_of

RNG = np.random.default_rng(11)
A, B = RNG.normal(10, 1, 14), RNG.normal(9, 2, 9)
Y = np.concatenate([A, B])
GROUP = np.repeat([0.0, 1.0], [14, 9])
PLAIN = Design(np.column_stack([np.ones(23), GROUP]))
AGE = RNG.normal(0, 1, 23)
ADJUSTED = Design(np.column_stack([np.ones(23), GROUP, AGE - AGE.mean()]))
SEEN = np.ones(23, dtype=bool)


def test_without_covariates_t_is_welchs_and_df_those_of_two_groups() -> None:
    """HC2 is Welch's standard error; df of two groups: Imbens & Kolesár 2016, doi:10.1162/REST_a_00552."""
    n, m = 14, 9

    assert fit(PLAIN, Y).t == pytest.approx(stats.ttest_ind(B, A, equal_var=False).statistic)
    expected = (n + m) ** 2 * (n - 1) * (m - 1) / (m**2 * (m - 1) + n**2 * (n - 1))
    assert PLAIN.df == pytest.approx(expected)


def test_hc2_with_a_covariate_agrees_with_its_definition() -> None:
    """V = (XᵀX)⁻¹ Xᵀ diag(e²/(1−h)) X (XᵀX)⁻¹, and df from the eigenvalues of the quadratic form."""
    x = ADJUSTED.matrix
    inverse = np.linalg.inv(x.T @ x)
    hat = x @ inverse @ x.T
    e = Y - hat @ Y
    v = inverse @ x.T @ np.diag(e**2 / (1 - np.diag(hat))) @ x @ inverse
    c = x @ inverse[:, 1]
    form = (np.eye(23) - hat) @ np.diag(c**2 / (1 - np.diag(hat))) @ (np.eye(23) - hat)
    roots = np.linalg.eigvalsh(form)

    assert fit(ADJUSTED, Y).se == pytest.approx(math.sqrt(v[1, 1]))
    assert ADJUSTED.df == pytest.approx(roots.sum() ** 2 / (roots**2).sum())


def test_influence_is_that_of_refitting_without_each_person() -> None:
    """Differences without a person are those of scipy on the others."""
    differences, p = influence(fit(PLAIN, Y), [PLAIN.without(i) for i in range(23)], Y)

    assert differences[3] == pytest.approx(B.mean() - np.delete(A, 3).mean())
    t = stats.ttest_ind(np.delete(B, 6), A, equal_var=False).statistic
    assert p[20] == pytest.approx(2 * stats.t.sf(abs(t), PLAIN.without(20).df))


def test_permutations_of_few_people_are_those_counted_by_hand() -> None:
    """All 252 divisions of ten people, each with its Welch t."""
    y = RNG.normal(size=10)
    design = Design(np.column_stack([np.ones(10), np.repeat([0.0, 1.0], 5)]))
    orders = np.array([[*set(range(10)).difference(c), *c] for c in itertools.combinations(range(10), 5)])
    values = [abs(stats.ttest_ind(y[o[5:]], y[o[:5]], equal_var=False).statistic) for o in orders]

    observed, permuted = permuted_t(design, y, orders)

    assert permuted == pytest.approx(values)
    expected = (1 + sum(v >= observed * (1 - 1e-9) for v in values)) / 253
    assert share_at_least(observed, permuted) == pytest.approx(expected)


def test_hedges_g_is_the_pooled_difference_corrected_for_few_people() -> None:
    """g and its limits agree with their definition."""
    size = standardised(fit(PLAIN, Y))
    pooled = math.sqrt((13 * A.var(ddof=1) + 8 * B.var(ddof=1)) / 21)
    low, high = noncentrality_limits(fit(PLAIN, Y).classical_t, 21.0)

    assert size.g == pytest.approx((B.mean() - A.mean()) / pooled * (1 - 3 / (4 * 21 - 1)), rel=1e-3)
    assert stats.nct.cdf(fit(PLAIN, Y).classical_t, 21, low) == pytest.approx(0.975)
    assert stats.nct.cdf(fit(PLAIN, Y).classical_t, 21, high) == pytest.approx(0.025)
    assert size.low < size.g < size.high


def test_noncentrality_limits_hold_far_out() -> None:
    """A t of 60, where the distribution of scipy gives nan in a search."""
    low, high = noncentrality_limits(60.0, 40.0)

    assert 40.0 < low < 60.0 < high < 80.0


def test_bayes_factor_agrees_with_integrating_over_the_effect() -> None:
    """The mixture over g is a Cauchy prior on the effect itself."""
    t, n, m = 2.3, 12, 15
    size = n * m / (n + m)
    prior = stats.cauchy(scale=math.sqrt(2) / 2)

    def joint(delta: float) -> float:
        return float(stats.nct.pdf(t, n + m - 2, delta * math.sqrt(size)) * prior.pdf(delta))

    marginal = integrate.quad(joint, -4, 4, limit=200)[0]
    assert bayes_factor(t, n, m) == pytest.approx(marginal / stats.t.pdf(t, n + m - 2), rel=1e-3)


def test_weights_maximise_the_restricted_likelihood() -> None:
    """τ is the maximum found by brute force, and equal errors give back least squares."""
    errors = RNG.uniform(0.3, 1.2, 23)
    found = weighted(ADJUSTED, Y, errors)
    x = ADJUSTED.matrix

    def loss(tau: float) -> float:
        w = np.diag(1 / (tau**2 + errors**2))
        b = np.linalg.solve(x.T @ w @ x, x.T @ w @ Y)
        r = Y - x @ b
        return float(r @ w @ r - np.linalg.slogdet(w)[1] + np.linalg.slogdet(x.T @ w @ x)[1])

    best = optimize.brute(lambda t: loss(float(t[0])), [(0, 3)], Ns=3000, finish=None)
    equal = weighted(PLAIN, Y, np.full(23, 0.4))
    assert found.between_sd == pytest.approx(float(best), abs=2e-3)
    assert equal.difference == pytest.approx(fit(PLAIN, Y).difference)
    assert equal.se == pytest.approx(fit(PLAIN, Y).residual_sd * math.sqrt(1 / 14 + 1 / 9))


def test_tobit_without_bounds_is_maximum_likelihood_and_with_bounds_moves_down() -> None:
    """With all detected β is least squares; bounds lower the mean of their group."""
    detected = SEEN.copy()
    detected[20:] = False
    plain, censored = tobit(PLAIN, Y, SEEN), tobit(PLAIN, Y, detected)

    assert plain is not None
    assert censored is not None
    assert plain.difference == pytest.approx(fit(PLAIN, Y).difference, rel=1e-6)
    assert plain.se == pytest.approx(plain.residual_sd * math.sqrt(1 / 14 + 1 / 9), rel=1e-6)
    assert censored.difference < plain.difference


def test_tobit_error_is_from_the_curvature_of_its_likelihood() -> None:
    """The standard error agrees with numerical second derivatives."""
    detected = np.quantile(Y, 0.3) < Y
    found = tobit(PLAIN, Y, detected)
    assert found is not None

    def loss(theta):
        z = (Y - PLAIN.matrix @ theta[:2]) / math.exp(theta[2])
        return float(np.sum(np.where(detected, z**2 / 2 + theta[2], -stats.norm.logcdf(z))))

    best = optimize.minimize(
        loss, [10, -1, 0], method="Nelder-Mead", options={"xatol": 1e-9, "fatol": 1e-12, "maxiter": 5000}
    ).x
    step, eye = 1e-3, np.eye(3)
    hessian = [
        [
            sum(s * t * loss(best + step * (s * eye[i] + t * eye[j])) for s in (1, -1) for t in (1, -1)) / (4 * step**2)
            for j in range(3)
        ]
        for i in range(3)
    ]
    assert found.difference == pytest.approx(best[1], rel=1e-4)
    assert found.se == pytest.approx(math.sqrt(np.linalg.inv(hessian)[1, 1]), rel=1e-3)


def test_rank_test_is_scipys_and_bounds_tie() -> None:
    """Without bounds it is Brunner–Munzel; two bounds tie, and a bound ties with a value below it."""
    assert brunner_munzel(A, B, SEEN[:14], SEEN[:9]) == pytest.approx(stats.brunnermunzel(A, B).pvalue)
    low = np.array([1.0, 1.0, 2.0, 5.0, 6.0])
    seen = np.array([False, False, True, True, True])
    as_ties = np.array([1.0, 1.0, 2.0, 5.0, 6.0])
    other = np.array([1.0, 3.0, 4.0, 4.5])
    expected = stats.brunnermunzel(as_ties, other).pvalue

    assert brunner_munzel(low, other, seen, np.array([False, True, True, True])) == pytest.approx(expected)


def test_correlations_agree_with_scipy_and_partial_ones_with_their_recursion() -> None:
    """Pearson, Spearman and first-order partial correlations."""
    x, y, z = RNG.normal(size=(3, 20))
    nothing = np.empty((20, 0))
    r_xy, r_xz, r_yz = (stats.pearsonr(*pair).statistic for pair in ((x, y), (x, z), (y, z)))
    partial = (r_xy - r_xz * r_yz) / math.sqrt((1 - r_xz**2) * (1 - r_yz**2))

    assert correlate(x, y, nothing, "pearson").p == pytest.approx(stats.pearsonr(x, y).pvalue)
    low, high = stats.pearsonr(x, y).confidence_interval()
    assert (correlate(x, y, nothing, "pearson").low, correlate(x, y, nothing, "pearson").high) == pytest.approx(
        (low, high)
    )
    assert correlate(x, y, nothing, "spearman").r == pytest.approx(stats.spearmanr(x, y).statistic)
    assert correlate(x, y, z[:, None], "pearson").r == pytest.approx(partial)


def test_differences_of_correlations_are_zero_for_equal_ones_and_antisymmetric() -> None:
    """Groups and measures swapped change the sign, equal correlations give p = 1."""
    x, y, z = RNG.normal(size=(3, 25))
    nothing = np.empty((25, 0))
    first, second = correlate(x, y, nothing, "pearson"), correlate(x, z, nothing, "pearson")
    between = float(np.corrcoef(y, z)[0, 1])

    assert independent_difference(first, first).p == pytest.approx(1.0)
    one, two = overlapping_difference(first, second, between), overlapping_difference(second, first, between)
    assert (one.low, one.high) == pytest.approx((-two.high, -two.low))
    assert one.p == pytest.approx(two.p)


def test_jennrich_holds_its_level_where_matrices_are_equal() -> None:
    """Five per cent of 2000 null pairs, within binomial limits."""
    rng = np.random.default_rng(4)
    hits = 0
    for _ in range(2000):
        one, two = rng.normal(size=(30, 4)), rng.normal(size=(35, 4))
        hits += jennrich(np.corrcoef(one.T), np.corrcoef(two.T), 30, 35).p < 0.05
    low, high = stats.binom.ppf([0.001, 0.999], 2000, 0.05)
    assert low <= hits <= high


def test_largest_component_counts_edges_of_the_connected_part() -> None:
    """Two parts: one of three edges in a ring, one of a single edge."""
    assert largest_component(np.array([[0, 1], [1, 2], [2, 0], [5, 6]])) == 3
    assert largest_component(np.empty((0, 2), dtype=int)) == 0


def test_mixed_anova_agrees_with_tests_of_means_and_of_contrasts() -> None:
    """With two regions the interaction is the t test of differences, the between effect that of means."""
    values = RNG.normal(size=(18, 2)) + np.repeat([0.0, 1.0], 9)[:, None]
    labels = ["a"] * 9 + ["b"] * 9
    found = {
        e.name: e for e in mixed_anova(values, [("group", labels)], "region", np.empty((0, 18), dtype=int)).effects
    }
    means, differences = values.mean(axis=1), values[:, 0] - values[:, 1]

    assert found["group"].f == pytest.approx(stats.ttest_ind(means[:9], means[9:]).statistic ** 2)
    assert found["group x region"].f == pytest.approx(stats.ttest_ind(differences[:9], differences[9:]).statistic ** 2)
    assert found["group x region"].p == pytest.approx(stats.ttest_ind(differences[:9], differences[9:]).pvalue)


def test_fieller_limits_are_ratios_at_the_edge_of_their_test() -> None:
    """At a limit ρ the difference a − ρb is exactly t standard errors from zero."""
    found = fieller(2.0, 4.0, variance_n=0.3, variance_d=0.5, covariance=-0.1, df=20)
    t = stats.t.ppf(0.975, 20)
    for limit in (found.low, found.high):
        assert abs(2.0 - limit * 4.0) == pytest.approx(t * math.sqrt(0.3 + 0.2 * limit + limit**2 * 0.5))
    assert not fieller(2.0, 1.0, variance_n=0.3, variance_d=0.5, covariance=0.0, df=20).bounded


def test_power_and_exaggeration_agree_with_simulated_studies() -> None:
    """200 000 studies of ten against ten with a small effect."""
    rng = np.random.default_rng(2)
    effect, n = 0.6, 10
    one, two = rng.normal(size=(200_000, n)), rng.normal(effect, 1, size=(200_000, n))
    difference = two.mean(axis=1) - one.mean(axis=1)
    pooled = np.sqrt((one.var(axis=1, ddof=1) + two.var(axis=1, ddof=1)) / 2)
    found = np.abs(difference / pooled / math.sqrt(2 / n)) > stats.t.ppf(0.975, 2 * n - 2)
    shift = effect / math.sqrt(2 / n)

    assert power_of(shift, 2.0 * n - 2) == pytest.approx(found.mean(), abs=0.004)
    assert exaggeration(shift, 2.0 * n - 2).ratio == pytest.approx(np.abs(difference[found]).mean() / effect, rel=0.01)
    assert exaggeration(shift, 2.0 * n - 2).wrong_sign == pytest.approx((difference[found] < 0).mean(), abs=0.001)
    needed = people_per_group(effect)
    assert power_of(effect * math.sqrt(needed / 2), 2 * needed - 2) >= 0.8
    assert power_of(effect * math.sqrt((needed - 1) / 2), 2 * needed - 4) < 0.8


def test_holm_is_the_step_down_of_bonferroni() -> None:
    """The worked example of three p values."""
    assert holm([0.01, 0.04, 0.03]) == pytest.approx((0.03, 0.06, 0.06))


def test_discriminant_without_shrinkage_needs_is_fishers() -> None:
    """With many people and few features the direction is that of the pooled covariance."""
    rng = np.random.default_rng(6)
    other = np.repeat([False, True], 400)
    features = rng.normal(size=(800, 3)) @ np.array([[1, 0.5, 0], [0, 1, 0.3], [0, 0, 1]]) + other[:, None] * [
        0.8,
        0,
        -0.5,
    ]
    model = shrunken_discriminant(features, other)
    pooled = (np.cov(features[~other].T) + np.cov(features[other].T)) / 2
    fisher = np.linalg.solve(pooled, features[other].mean(axis=0) - features[~other].mean(axis=0))

    direction = model.weights / model.scale
    assert direction @ fisher / np.linalg.norm(direction) / np.linalg.norm(fisher) > 0.999
    assert auc(model.score(features), other) > 0.7


def test_folds_are_even_within_groups_and_auc_counts_ties_half() -> None:
    """Each fold has its share of both groups; equal scores are chance."""
    other = np.repeat([False, True], [23, 21])
    place = stratified_folds(other, 5, np.random.default_rng(1))

    for members in (other, ~other):
        counts = np.bincount(place[members], minlength=5)
        assert counts.max() - counts.min() <= 1
    assert auc(np.zeros(44), other) == pytest.approx(0.5)
