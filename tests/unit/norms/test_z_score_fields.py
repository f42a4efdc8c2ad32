"""Every number of a z-score and of its reference distribution lands in the field of its name.

The expected figures are computed here from the definitions, with scipy's distributions and quadrature.
"""

from __future__ import annotations

import math
from dataclasses import asdict, replace

import numpy as np
import pytest
from scipy import integrate, optimize, stats

from fitting.norms.expectation import Expectation
from fitting.norms.literature_reference import LEAST_BETWEEN_LAB, literature_reference
from fitting.norms.z_score import z_score
from fitting.quantification.concentrations import Ratio
from fitting.statistics.single_case import ReferenceDistribution
from tests.data.controls import NORM

REFERENCE = ReferenceDistribution(
    mean=1.4,
    sd=0.10,
    df=11.0,
    sd_predictive=0.13,
    df_predictive=7.0,
    measurement=0.0009,
    sampling=0.0004,
    between_lab=0.0,
    least_value=1.2,
)
VALUE = 1.19
Z = (VALUE - 1.4) / 0.10


def below(limit: float) -> float:
    """Confidence that the true position is below the limit: E Φ((ζ − z U) / √(v + m U²)), U² = χ²_11 / 11."""
    v, m = 0.0004 / 0.01, 0.0009 / 0.01

    def integrand(chi2: float) -> float:
        u = math.sqrt(chi2 / 11.0)
        return float(stats.norm.cdf((limit - Z * u) / math.sqrt(v + m * u**2)) * stats.chi2.pdf(chi2, 11))

    return float(integrate.quad(integrand, 0.0, 80.0, limit=200)[0])


def outside() -> float:
    """P(|ζ| > 1.96) with the person as one more of the people, a quarter of whose variance is noise at least.

    s² = 0.01 · 11 / χ²_11 weighted by the density of the value; given s the true value and the mean are normal.
    """

    def given_spread(chi2: float) -> tuple[float, float]:
        total, v = 0.01 * 11.0 / chi2, 0.04 * 0.01 * 11.0 / chi2
        own = max(0.25 * total, 0.0009)
        true = 0.75 * total
        density = stats.norm.pdf(VALUE, 1.4, math.sqrt(v + true + own)) * stats.chi2.pdf(chi2, 11)
        variance = 1.0 / (1.0 / v + 1.0 / (true + own))
        mean = variance * (1.4 / v + VALUE / (true + own))
        kept = true / (true + own)
        centre, sd = kept * (VALUE - mean), math.sqrt(kept**2 * variance + kept * own)
        reach = 1.959964 * math.sqrt(true)
        return density, float(stats.norm.cdf((-reach - centre) / sd) + stats.norm.sf((reach - centre) / sd))

    grid = np.linspace(0.05, 60.0, 6000)
    weights, shares = np.array([given_spread(float(item)) for item in grid]).T
    return float(weights @ shares / weights.sum())


def power(shift: float) -> float:
    bound = stats.t.ppf(0.975, 7)
    return float(stats.nct.sf(bound, 7, shift) + stats.nct.cdf(-bound, 7, shift))


def test_every_field_of_a_z_score_has_its_value() -> None:
    """One reference whose numbers all differ, so df is not df_predictive, sd not sd_predictive, low not high."""
    found = z_score(VALUE, REFERENCE, "site.x.tnaa")
    t = (VALUE - 1.4) / 0.13
    reach = float(stats.t.ppf(0.975, 7)) * 0.13
    low, high = (optimize.brentq(lambda x, p=p: below(x) - p, -6.0, 2.0) for p in (0.025, 0.975))
    detectable = 0.13 * float(optimize.brentq(lambda shift: power(shift) - 0.8, 1.0, 8.0))

    share = float(stats.t.cdf(t, 7))
    assert found.value == pytest.approx(stats.norm.ppf(share), rel=1e-9)
    assert found.z_cc == pytest.approx(Z, rel=1e-12)
    assert (found.low, found.high) == pytest.approx((low, high), abs=2e-3)
    assert found.t == pytest.approx(t, rel=1e-12)
    assert found.df == 7.0
    assert found.p == pytest.approx(2.0 * stats.t.sf(abs(t), 7), rel=1e-9)
    assert found.q is None
    assert found.percentile == pytest.approx(100.0 * share, rel=1e-9)
    assert found.percentile_low == pytest.approx(100.0 * stats.norm.cdf(low), abs=0.02)
    assert found.percentile_high == pytest.approx(100.0 * stats.norm.cdf(high), abs=0.1)
    assert found.p_outside == pytest.approx(outside(), abs=4e-3)
    assert found.sd_predictive == 0.13
    assert found.norm_id == "site.x.tnaa"
    assert found.reference_low == 1.2
    assert found.reference_high == pytest.approx(1.4 + reach, rel=1e-9)
    assert found.flag == ("below" if share < 0.025 else "within")
    assert found.smallest_detectable_difference == pytest.approx(detectable, rel=1e-5)
    assert found.error_shares is not None
    assert asdict(found.error_shares) == pytest.approx(
        {"measurement": 9.0 / 13.0, "norm_sampling": 4.0 / 13.0, "between_lab": 0.0}
    )
    assert (found.shrunken, found.improvements) == (None, ())


def test_a_value_above_is_flagged_above_and_p_is_withheld_where_it_is_not_supported() -> None:
    """The other side of the interval, and a reference that supports no p."""
    found = z_score(2.0, replace(REFERENCE, supports_p=False), "x")

    assert (found.flag, found.p) == ("above", None)
    assert z_score(1.45, REFERENCE, "x").flag == "within"


def test_shares_of_laboratories_count_their_least_difference() -> None:
    """Measurement, sampling and laboratories keep their order, and τ = 0 by chance is not taken as zero."""
    found = z_score(VALUE, replace(REFERENCE, df_between=2.0, least_between_lab=0.0016), "x")

    assert found.error_shares is not None
    assert asdict(found.error_shares) == pytest.approx(
        {"measurement": 9.0 / 29.0, "norm_sampling": 4.0 / 29.0, "between_lab": 16.0 / 29.0}
    )


def test_what_controls_expect_becomes_the_reference_field_by_field() -> None:
    """Distinct n, df, leverage, noise and error of the person; a noisier value adds Satterthwaite's df to t only."""
    expected = Expectation("x", 12, 1.4, 0.1, 9.0, 0.21, 0.03)
    found = expected.reference(Ratio(1.2, 0.05))
    variance, excess = 0.01 * 1.21, 0.05**2 - 0.03**2

    assert asdict(found) == pytest.approx(
        {
            "mean": 1.4,
            "sd": 0.1,
            "df": 9.0,
            "sd_predictive": math.sqrt(variance + excess),
            "df_predictive": 9.0 * (1.0 + excess / variance) ** 2,
            "measurement": 0.0025,
            "sampling": 0.01 * 0.21,
            "between_lab": 0.0,
            "df_between": None,
            "least_between_lab": 0.0,
            "supports_p": True,
            "least_value": -math.inf,
        }
    )
    assert replace(expected.enlarged(24), noise=None) == Expectation("x", 24, 1.4, 0.1, 21.0, 0.105, None)


def test_a_published_norm_becomes_the_reference_field_by_field() -> None:
    """τ, SE and s_w each in its place; t has Satterthwaite's degrees of freedom of all of them."""
    found = literature_reference(NORM, Ratio(1.2, 0.02))
    between, within = 0.07**2 + 0.03**2, 0.11**2
    df = (between + within) ** 2 / (between**2 / 4.0 + within**2 / 105.0)

    assert asdict(found) == pytest.approx(
        {
            "mean": 1.4,
            "sd": math.sqrt(between + within),
            "df": df,
            "sd_predictive": math.sqrt(between + within),
            "df_predictive": df,
            "measurement": 0.0004,
            "sampling": 0.0009,
            "between_lab": 0.0049,
            "df_between": 4.0,
            "least_between_lab": (LEAST_BETWEEN_LAB * 0.11) ** 2,
            "supports_p": True,
            "least_value": 0.0,
        }
    )
