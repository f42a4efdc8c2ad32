"""Every number of a comparison lands in the field of its name, from norms and sites with distinct values.

The expected figures are computed here from the definitions, with scipy's distributions and quadrature.
"""

from __future__ import annotations

import math
from dataclasses import asdict, fields, replace

import numpy as np
import pytest
from scipy import integrate, optimize, stats

from fitting.norms import (
    Case,
    Context,
    Control,
    Controls,
    Measured,
    Method,
    Norm,
    Scored,
    Summary,
    ZScore,
    literature_norms,
    score,
)
from fitting.norms.assessment import NormMatch
from fitting.norms.case import scan
from fitting.norms.controls import digest, site_document, site_version
from fitting.norms.expectation import Expectation
from fitting.norms.leave_one_out import check_controls
from fitting.norms.literature import Cohort
from fitting.norms.literature_reference import LEAST_BETWEEN_LAB, literature_reference
from fitting.norms.matching import method_match, norm_match
from fitting.norms.z_score import shrunken, z_score
from fitting.quantification.concentrations import Ratio
from fitting.request import Subject, TissueFractions
from fitting.statistics.pooling import RandomEffects
from fitting.statistics.single_case import ReferenceDistribution

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

    assert found.value == pytest.approx(Z, rel=1e-12)
    assert (found.low, found.high) == pytest.approx((low, high), abs=2e-3)
    assert found.t == pytest.approx(t, rel=1e-12)
    assert found.df == 7.0
    assert found.p == pytest.approx(2.0 * stats.t.sf(abs(t), 7), rel=1e-9)
    assert found.q is None
    assert found.percentile == pytest.approx(100.0 * stats.t.cdf(t, 7), rel=1e-9)
    assert found.percentile_low == pytest.approx(100.0 * stats.norm.cdf(low), abs=0.02)
    assert found.percentile_high == pytest.approx(100.0 * stats.norm.cdf(high), abs=0.1)
    assert found.p_outside == pytest.approx(below(-1.959964) + 1.0 - below(1.959964), abs=2e-3)
    assert found.sd_predictive == 0.13
    assert found.norm_id == "site.x.tnaa"
    assert found.reference_low == 1.2
    assert found.reference_high == pytest.approx(1.4 + reach, rel=1e-9)
    assert found.flag == "below"
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


def test_shares_of_laboratories_count_what_they_differ_by_at_least() -> None:
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


COHORTS = tuple(
    Cohort(f"study {k}", "10.1/x", "t", 1.3 + 0.05 * k, 0.1, 20 + k, 40.0, k == 4, False, ("PRESS",), ("LCModel 6.3",))
    for k in range(5)
)
NORM = Norm(
    id="acc.tcr.tnaa.3t",
    region="ACC",
    metabolite="tNAA",
    unit="tCr",
    field_t=3.0,
    grade="B",
    cohorts=COHORTS,
    n=110,
    mean=1.4,
    effects=RandomEffects(mean=1.4, se=0.03, tau=0.07, i2=0.5),
    sd_within=0.11,
    df_within=105.0,
    sd_borrowed=False,
    age_mean=41.0,
)


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


def test_a_shrunken_mean_lies_between_own_and_published_mean() -> None:
    """Weights by precision: own mean with its sampling variance, published one with τ² + SE²."""
    own = replace(REFERENCE, mean=1.5, least_value=-math.inf)
    found = shrunken(VALUE, own, NORM)
    prior = 0.07**2 + 0.03**2
    weight = 0.0004 / (0.0004 + prior)
    mean = weight * 1.4 + (1.0 - weight) * 1.5
    sd_predictive = math.sqrt(0.13**2 - 0.0004 * weight)

    assert found is not None
    assert found.mean == pytest.approx(mean)
    assert found.literature_weight == pytest.approx(weight)
    assert found.literature_id == "acc.tcr.tnaa.3t"
    assert found.z == pytest.approx((VALUE - mean) / 0.10)
    assert found.p == pytest.approx(2.0 * stats.t.sf(abs(VALUE - mean) / sd_predictive, 7))
    assert found.low < found.z < found.high


SUBJECT = Subject("ACC", "midline", 44.0, "female", TissueFractions(0.6, 0.3, 0.1))
CONTEXT = Context(SUBJECT, scan(3.0, 0.030, "PRESS"), "LCModel 6.3-1")
METHOD = Method(2.89, "press", 0.0305, "tCr", "LCModel 6.3-1")
PEOPLE = tuple(
    Control(
        f"c{k}",
        {"tNAA": Measured(1.3 + 0.017 * k + 0.05 * (k % 3), 0.04), "mI": Measured(0.7 + 0.01 * k * (k % 4), 0.03)},
        30.0 + k,
        "female" if k % 2 else "male",
        0.5 + 0.01 * (k * 11 % 20),
    )
    for k in range(20)
)
SITE = Controls("site.acc.v2", "site", METHOD, "ACC", None, "midline", PEOPLE)


def expected_by_hand() -> tuple[float, float, float, float]:
    """Regression of tNAA on age, sex and grey matter by ordinary least squares: mean, s_yx, df, leverage."""
    y = np.array([person.values["tNAA"].value for person in PEOPLE])
    x = np.array([[1.0, p.age_years, p.sex == "male", p.gm] for p in PEOPLE], dtype=np.float64)
    beta, residual, *_ = np.linalg.lstsq(x, y, rcond=None)
    person = np.array([1.0, 44.0, 0.0, 0.6])
    leverage = person @ np.linalg.inv(x.T @ x) @ person
    return float(person @ beta), math.sqrt(float(residual[0]) / 16.0), 16.0, float(leverage)


def test_a_site_answers_with_its_own_numbers() -> None:
    """Region, method, people and covariates of a site become the z-score and the description of its norm."""
    case = Case("tNAA", Ratio(1.2, 0.05), CONTEXT, "yes")
    answer = score(case, [SITE])
    mean, sd, df, leverage = expected_by_hand()
    reference = Expectation("site.acc.v2.tnaa", 20, mean, sd, df, leverage, 0.04).reference(case.measured)

    assert isinstance(answer.position, ZScore)
    assert answer.norm is not None
    plain = z_score(1.2, reference, "site.acc.v2.tnaa")
    for name in (
        field.name for field in fields(ZScore) if field.name not in ("shrunken", "improvements", "error_shares")
    ):
        found = getattr(answer.position, name)
        wanted = getattr(plain, name)
        assert found == (pytest.approx(wanted, rel=1e-6) if isinstance(wanted, float) else wanted), name
    assert answer.position.shrunken is not None
    assert answer.position.shrunken.literature_id == "acc.tcr.tnaa.3t"
    assert asdict(answer.norm) == {
        "id": "site.acc.v2.tnaa",
        "kind": "site",
        "region": "ACC",
        "metabolite": "tNAA",
        "unit": "tCr",
        "grade": "own",
        "source": "own controls of the site, adjusted for age, sex, grey matter fraction",
        "studies": 1,
        "n": 20,
        "mean": pytest.approx(mean),
        "sd_within": pytest.approx(sd),
        "sd_between": 0.0,
        "age_mean": 39.5,
        "covariates": ("age_years", "sex", "gm"),
        "matched": dict.fromkeys((field.name for field in fields(NormMatch)), "yes"),
    }


def test_improvements_are_those_of_the_better_reference() -> None:
    """Four times the transients halve the measurement error; 50 controls have a smaller leverage and more df."""
    case = Case("tNAA", Ratio(1.2, 0.09), CONTEXT, "yes")
    position = score(case, [SITE]).position
    assert isinstance(position, ZScore)
    mean, sd, df, leverage = expected_by_hand()
    now = Expectation("x", 20, mean, sd, df, leverage, 0.04)
    better = {
        "more-transients": now.reference(Ratio(1.2, 0.045)),
        "more-controls": Expectation("x", 50, mean, sd, df + 30, leverage * 20 / 50, 0.04).reference(case.measured),
    }

    assert [item.code for item in position.improvements] == list(better)
    for item in position.improvements:
        wanted = z_score(1.2, better[item.code], "x")
        assert item.z_width == pytest.approx(wanted.high - wanted.low, rel=1e-4)
        assert item.smallest_detectable_difference == pytest.approx(wanted.smallest_detectable_difference, rel=1e-6)


def test_supplied_summary_answers_with_mean_sd_and_n() -> None:
    """Mean, SD and n of supplied controls, told apart by their values."""
    supplied = Controls("supplied", "supplied", summary=Summary(mean=1.4, sd=0.1, n=12))
    answer = score(Case("tNAA", Ratio(1.2, 0.0), CONTEXT), [supplied])

    assert isinstance(answer.position, ZScore)
    assert answer.position.value == pytest.approx(-2.0)
    assert answer.position.t == pytest.approx(-0.2 / (0.1 * math.sqrt(13 / 12)))
    assert answer.position.df == 11.0
    assert answer.norm is not None
    assert (answer.norm.id, answer.norm.kind, answer.norm.region, answer.norm.n) == ("supplied", "supplied", "ACC", 12)
    assert (answer.norm.mean, answer.norm.sd_within, answer.norm.age_mean) == (1.4, 0.1, None)


def test_published_norm_is_described_by_its_own_numbers() -> None:
    """The description of a real published norm: spread between people and between laboratories are not exchanged."""
    answer: Scored = score(Case("tNAA", Ratio(1.2, 0.05), CONTEXT))
    assert isinstance(answer.position, ZScore)
    assert answer.norm is not None
    norm = next(item for item in literature_norms() if item.id == answer.norm.id)
    assert norm.effects is not None

    assert (answer.norm.id, answer.norm.kind, answer.position.norm_id) == (norm.id, "literature", norm.id)
    assert (answer.norm.region, answer.norm.metabolite, answer.norm.unit) == ("ACC", "tNAA", "tCr")
    assert (answer.norm.studies, answer.norm.n, answer.norm.grade) == (norm.studies, norm.n, norm.grade)
    assert (answer.norm.mean, answer.norm.age_mean) == (norm.mean, norm.age_mean)
    assert (answer.norm.sd_within, answer.norm.sd_between) == (norm.sd_within, norm.effects.tau)
    assert answer.norm.sd_within != answer.norm.sd_between


WRONG = {
    "field": replace(METHOD, field_t=7.0),
    "echo_time": replace(METHOD, echo_time=0.0315),
    "sequence": replace(METHOD, sequence="STEAM"),
    "unit": replace(METHOD, unit="iu"),
    "software": replace(METHOD, software="TARQUIN 4"),
}


@pytest.mark.parametrize("name", WRONG)
def test_each_property_of_a_method_is_matched_in_its_own_field(name: str) -> None:
    """A differing property says no in its own field, an unstated one unknown; an unstated unit is that of the value."""
    everything = {field.name: "yes" for field in fields(NormMatch)} | {"age": "unknown"}
    unstated = replace(METHOD, **{"field_t" if name == "field" else name: None})

    assert asdict(method_match(METHOD, CONTEXT)) == everything
    assert asdict(method_match(WRONG[name], CONTEXT)) == everything | {name: "no"}
    assert asdict(method_match(unstated, CONTEXT)) == everything | {name: "yes" if name == "unit" else "unknown"}


def test_each_property_of_a_published_norm_is_matched_in_its_own_field() -> None:
    """Another sequence or program, or an unknown fact, changes its own field only."""
    everything = {field.name: "yes" for field in fields(NormMatch)}
    same = replace(CONTEXT, software="LCModel 6.3")
    changed = {
        ("sequence", "no"): replace(same, acquisition=scan(3.0, 0.030, "STEAM")),
        ("software", "no"): replace(same, software="TARQUIN 4.3"),
        ("age", "unknown"): replace(same, subject=replace(SUBJECT, age_years=None)),
        ("field", "unknown"): replace(same, acquisition=scan(None, 0.030, "PRESS")),
        ("echo_time", "unknown"): replace(same, acquisition=scan(3.0, None, "PRESS")),
    }

    assert asdict(norm_match(NORM, same)) == everything
    for (name, answer), context in changed.items():
        assert asdict(norm_match(NORM, context)) == everything | {name: answer}, name


def test_leave_one_out_reports_each_number_in_its_place() -> None:
    """One person far out: judged by the others, with z and Bonferroni's p; the shares are flags over people."""
    far = tuple(
        replace(person, values={"tNAA": Measured(1.9 if person.id == "c3" else person.values["tNAA"].value)})
        for person in PEOPLE[:12]
    )
    checks = check_controls(replace(SITE, people=far))
    others = np.array([person.values["tNAA"].value for person in far if person.id != "c3"])
    z = (1.9 - others.mean()) / others.std(ddof=1)
    p = 2.0 * stats.t.sf(z / math.sqrt(1.0 + 1.0 / 11.0), 10)
    (outlier,) = checks.outliers
    (share,) = checks.calibration
    exact = stats.binomtest(1, 12).proportion_ci(0.95, "exact")

    assert (outlier.control, outlier.metabolite) == ("c3", "tNAA")
    assert (outlier.z, outlier.p) == pytest.approx((z, 12 * p))
    assert (share.metabolite, share.n, share.flagged, share.share) == ("tNAA", 12, 1, 1 / 12)
    assert (share.low, share.high) == pytest.approx((exact.low, exact.high))
    assert share.consistent


STORED = {
    "id": "site.a.v1",
    "region": "ACC",
    "subregion": None,
    "hemisphere": "midline",
    "method": {"field_t": 3.0, "sequence": "PRESS", "echo_time": 0.03, "unit": "tCr", "software": "LCModel 6.3"},
    "controls": [
        {
            "id": "c1",
            "values": {"tNAA": {"value": 1.4, "sd": 0.04}, "mI": {"value": 0.7, "sd": None}},
            "age_years": 31.0,
            "sex": "female",
            "gm": 0.6,
        },
        {"id": "c2", "values": {"tNAA": {"value": 1.3, "sd": None}}, "age_years": None, "sex": None, "gm": None},
    ],
}
"""A document as versions before 0.2 stored it."""


def test_stored_controls_and_their_digest_keep_their_shape() -> None:
    """A stored document is read and written as before, and gives the digest that names it in results."""
    controls = Controls(
        "site.a.v1",
        "site",
        Method(3.0, "PRESS", 0.03, "tCr", "LCModel 6.3"),
        "ACC",
        None,
        "midline",
        (
            Control("c1", {"tNAA": Measured(1.4, 0.04), "mI": Measured(0.7)}, 31.0, "female", 0.6),
            Control("c2", {"tNAA": Measured(1.3)}),
        ),
    )

    assert site_document(controls) == STORED
    assert digest(controls) == "6c9e2a1cc438551a743be922957e159f0be377dfa5c91789f1c8cb3e57bb394c"
    assert site_version([controls]) == "+site-b27a5e033ae8"
    assert site_version([]) == ""
