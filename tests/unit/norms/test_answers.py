"""Every number and fact of controls lands in its place in the answer: a site's, supplied and published ones."""

from __future__ import annotations

import math
from dataclasses import asdict, fields, replace
from typing import Literal

import numpy as np
import pytest
from scipy import special, stats

from fitting.errors import ImplausibleParameter, UnusableControls
from fitting.norms import (
    Absence,
    Case,
    Control,
    Controls,
    Measured,
    Method,
    Summary,
    ZScore,
    assess,
    check_controls,
    literature_norms,
    norm_version,
    score,
    score_together,
    site_controls,
)
from fitting.norms.assessment import NormMatch, ProfileDistance
from fitting.norms.case import scan
from fitting.norms.controls import digest, site_document, site_version
from fitting.norms.expectation import Expectation
from fitting.norms.matching import method_match, norm_match
from fitting.norms.profile import profile_distance
from fitting.norms.z_score import z_score
from fitting.quantification.concentrations import Quantity, Ratio
from fitting.statistics.single_case import smallest_detectable_difference, true_position_interval
from tests.data.controls import CONTEXT, METHOD, NORM, PEOPLE, SITE, SUBJECT


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
    for name in ("z_cc", "t", "df", "p_t", "norm_id", "flag"):
        found, wanted = getattr(answer.position, name), getattr(plain, name)
        assert found == (pytest.approx(wanted, rel=1e-6) if isinstance(wanted, float) else wanted), name
    assert answer.position.p == pytest.approx(2.0 * float(special.ndtr(-abs(answer.position.value))))
    assert answer.position.value > plain.value  # these people differ less than any published ones: the prior says so
    assert answer.norm.mean == pytest.approx(mean, rel=0.05)  # the effect of age is drawn to the published one
    assert sd < answer.norm.sd_within < 0.11 * mean
    assert 0.0 < answer.norm.sd_between < 0.5 * answer.norm.sd_within
    described = {**asdict(answer.norm), "mean": mean, "sd_within": sd, "sd_between": 0.0}
    assert described == {
        "id": "site.acc.v2.tnaa",
        "kind": "site",
        "region": "ACC",
        "metabolite": "tNAA",
        "unit": "tCr",
        "grade": "own",
        "source": "own controls of the site with the control model of 88 published studies, "
        "adjusted for age, sex, grey matter fraction",
        "studies": 1,
        "n": 20,
        "mean": pytest.approx(mean),
        "sd_within": pytest.approx(sd),
        "sd_between": 0.0,
        "age_mean": 39.5,
        "covariates": ("age_years", "sex", "gm"),
        "matched": dict.fromkeys((field.name for field in fields(NormMatch)), "yes"),
    }


def test_improvements_of_a_sample_alone_are_those_of_the_better_reference() -> None:
    """Four times the transients halve the measurement error; 50 controls have a smaller leverage and more df."""
    nowhere = replace(CONTEXT, subject=replace(SUBJECT, region=None))
    case = Case("tNAA", Ratio(1.2, 0.09), nowhere, "yes")
    position = score(case, [replace(SITE, id="supplied", origin="supplied")]).position
    assert isinstance(position, ZScore)
    mean, sd, df, leverage = expected_by_hand()
    now = Expectation("x", 20, mean, sd, df, leverage, 0.04)
    better = {
        "more-transients": now.reference(Ratio(1.2, 0.045)),
        "more-controls": Expectation("x", 50, mean, sd, df + 30, leverage * 20 / 50, 0.04).reference(case.measured),
    }

    assert [item.code for item in position.improvements] == list(better)
    for item in position.improvements:
        reference = better[item.code]
        low, high = true_position_interval(reference.z(1.2), reference)
        assert item.z_width == pytest.approx(high - low, rel=1e-4)
        assert item.smallest_detectable_difference == pytest.approx(smallest_detectable_difference(reference), rel=1e-6)


def test_improvements_give_the_effect_of_more_volunteers() -> None:
    """Without own controls three, eight and twenty are offered, each sharper; with twenty none is."""
    case = Case("tNAA", Ratio(1.2, 0.09), CONTEXT, "yes")
    without, with_own = (score(case, site).position for site in ([], [SITE]))
    assert isinstance(without, ZScore)
    assert isinstance(with_own, ZScore)
    offered = [item for item in without.improvements if item.code == "own-controls"]

    assert [item.sentence.partition(" ")[0] for item in offered] == ["3", "8", "20"]
    percents = [without.detectable_percent, *(item.detectable_percent for item in offered)]
    assert percents == sorted(percents, reverse=True)
    wanted = (
        f"3 volunteers on this scanner would make a {percents[1]:.0f} % difference visible, now {percents[0]:.0f} %."
    )
    assert offered[0].sentence == wanted
    assert {item.code for item in with_own.improvements} == {"more-transients"}


def test_supplied_summary_answers_with_mean_sd_and_n() -> None:
    """Mean, SD and n of supplied controls, told apart by their values."""
    supplied = Controls("supplied", "supplied", summary=Summary(mean=1.4, sd=0.1, n=12))
    answer = score(Case("tNAA", Ratio(1.2, 0.0), CONTEXT), [supplied])

    assert isinstance(answer.position, ZScore)
    assert answer.position.z_cc == pytest.approx(-2.0)
    assert answer.position.value == pytest.approx(stats.norm.ppf(stats.t.cdf(answer.position.t, 11)))
    assert answer.position.t == pytest.approx(-0.2 / (0.1 * math.sqrt(13 / 12)))
    assert answer.position.df == 11.0
    assert answer.norm is not None
    assert (answer.norm.id, answer.norm.kind, answer.norm.region, answer.norm.n) == ("supplied", "supplied", "ACC", 12)
    assert (answer.norm.mean, answer.norm.sd_within, answer.norm.age_mean) == (1.4, 0.1, None)


def test_published_norm_is_described_by_its_own_numbers() -> None:
    """The description of a real published norm: spread between people and between laboratories are not exchanged."""
    answer = score(Case("tNAA", Ratio(1.2, 0.05), CONTEXT))
    assert isinstance(answer.position, ZScore)
    assert answer.norm is not None
    norm = next(item for item in literature_norms() if item.id == answer.norm.id)

    assert (answer.norm.id, answer.norm.kind, answer.position.norm_id) == (norm.id, "literature", norm.id)
    assert (answer.norm.region, answer.norm.metabolite, answer.norm.unit) == ("ACC", "tNAA", "tCr")
    assert (answer.norm.studies, answer.norm.n, answer.norm.grade) == (norm.studies, norm.n, norm.grade)
    assert (answer.norm.mean, answer.norm.age_mean) == (norm.mean, norm.age_mean)
    assert (answer.norm.sd_within, answer.norm.sd_between) == (norm.sd_within, norm.sd_between)
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
    checks = check_controls(replace(SITE, people=far, method=replace(METHOD, unit="mmol/kg")))
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


def test_sites_passed_over_are_listed_and_those_of_other_regions_are_not() -> None:
    """The matching site answers; a site of the region that does not match is named, one of another region is not."""
    others = [
        replace(SITE, id="site.te.v1", method=replace(METHOD, echo_time=0.035)),
        replace(SITE, id="site.pcc.v1", region="PCC"),
        replace(SITE, id="site.left.v1", hemisphere="left"),
    ]
    answer = score(Case("tNAA", Ratio(1.2, 0.05), CONTEXT, "yes"), [*others, SITE])

    assert answer.norm is not None
    assert answer.norm.id == "site.acc.v2.tnaa"
    assert [(item.id, item.metabolite, item.code) for item in answer.not_used] == [
        ("site.te.v1.tnaa", "tNAA", "norm-echo-time-mismatch"),
    ]
    assert answer.not_used[0].sentence == "The controls' echo time is 35 ms, the value's 30 ms."
    assert "and in PCC, left ACC with the control model" in answer.norm.source


def test_controls_of_a_whole_region_inform_about_the_laboratory_for_its_parts() -> None:
    """The pregenual part is another place than the region: its people narrow the laboratory, not the part."""
    part = replace(CONTEXT, subject=replace(SUBJECT, region="pgACC"))
    alone, beside, own = (
        score(Case("tNAA", Ratio(1.2, 0.05), context, "yes"), site)
        for context, site in ((part, []), (part, [SITE]), (CONTEXT, [SITE]))
    )
    widths = [item.position.detectable_percent for item in (alone, beside, own) if isinstance(item.position, ZScore)]

    assert beside.norm is not None
    assert beside.norm.source == "own controls of the site in ACC with the control model, adjusted for age"
    assert widths == sorted(widths, reverse=True)
    assert isinstance(beside.position, ZScore)
    assert beside.position.z_cc is None


@pytest.mark.parametrize("name", ["field", "echo_time", "sequence", "software"])
def test_a_fact_that_the_value_does_not_state_withholds_own_controls(name: str) -> None:
    """A site's controls need everything known; supplied ones are taken to be as the value."""
    facts = {"field": 3.0, "echo_time": 0.030, "sequence": "PRESS", "software": "LCModel 6.3-1", name: None}
    acquisition = scan(facts["field"], facts["echo_time"], facts["sequence"])
    context = replace(CONTEXT, acquisition=acquisition, software=facts["software"])
    case = Case("tNAA", Ratio(1.2, 0.05), context, "yes")
    (passed_over,) = score(case, [SITE]).not_used

    assert passed_over.code == f"norm-{name.replace('_', '-')}-mismatch"
    assert "is not known" in passed_over.sentence
    assert isinstance(score(case, [replace(SITE, id="supplied", origin="supplied")]).position, ZScore)


def test_an_unknown_sd_is_taken_to_be_like_that_of_the_controls() -> None:
    """Without sd the value is judged with the controls' spread, with an sd of zero with less."""
    unknown, exact = (
        score(Case("tNAA", Ratio(1.2, 0.0), CONTEXT, "yes", sd_known=known), [SITE]).position for known in (False, True)
    )
    _, sd, df, leverage = expected_by_hand()
    assert isinstance(unknown, ZScore)
    assert isinstance(exact, ZScore)

    assert unknown.t == pytest.approx((1.2 - expected_by_hand()[0]) / (sd * math.sqrt(1.0 + leverage)))
    assert unknown.df == df
    assert exact.sd_predictive < unknown.sd_predictive


@pytest.mark.parametrize(("usable", "code"), [("no", "spectrum-not-usable"), ("limited", "spectrum-limited")])
def test_a_value_of_an_unusable_spectrum_is_not_compared(usable: Literal["no", "limited"], code: str) -> None:
    """The verdict withholds z, with own controls too."""
    position = score(Case("tNAA", Ratio(1.2, 0.05), CONTEXT, usable), [SITE]).position

    assert isinstance(position, Absence)
    assert position.code == code


def test_only_supplied_controls_may_be_compared_with_a_value_that_is_not_positive() -> None:
    """A ratio is positive; a value with controls of its own may be in any unit, a difference too."""
    case = Case("tNAA", Ratio(-0.2, 0.05), CONTEXT)
    with pytest.raises(ImplausibleParameter):
        score(case, [SITE])
    supplied = Controls("supplied", "supplied", summary=Summary(0.1, 0.1, 12))

    assert isinstance(score(case, [supplied]).position, ZScore)


def quantity(name: str, value: float) -> Quantity:
    return Quantity(name, 1.0, 0.05, 5.0, True, None, Ratio(value, 0.05), None)


def test_an_assessment_counts_flags_and_carries_every_value_to_its_place() -> None:
    """Program, site and errors of the values reach the scores, q, counts, version and profile."""
    quantities = (quantity("tNAA", 0.6), quantity("mI", 0.9), quantity("Glx", 1.6))
    usable = dict.fromkeys(("tNAA", "mI", "Glx"), "yes")
    found = assess(quantities, SUBJECT, CONTEXT.acquisition, usable, site_norms=[SITE], software="LCModel 6.3-1")
    alone = {item.name: score(Case(item.name, item.ratio_tcr, CONTEXT, "yes"), [SITE]).position for item in quantities}
    given = {name: position for name, position in alone.items() if isinstance(position, ZScore)}
    tested = {name: position.p for name, position in given.items() if position.p is not None}
    q = dict(zip(tested, stats.false_discovery_control(list(tested.values())), strict=True))

    assert {norm.id for norm in found.norms} >= {"site.acc.v2.tnaa", "site.acc.v2.mi"}
    assert found.norm_version == norm_version() + site_version([SITE])
    assert found.tests == len(given)
    assert found.expected_by_chance == pytest.approx(0.05 * len(given))
    assert found.flagged == sum(position.flag != "within" for position in given.values())
    assert found.flagged_q == sum(value < 0.05 for value in q.values())
    assert 0 < found.flagged < found.tests
    for name, position in given.items():
        carried = found.scores[name]
        assert isinstance(carried, ZScore)
        assert carried.q == (pytest.approx(q[name]) if name in q else None)
        assert replace(carried, q=None) == position
    assert found.profile == profile_distance([(SITE, {"tNAA": Ratio(0.6, 0.05), "mI": Ratio(0.9, 0.05)})])


def test_values_scored_together_are_counted_before_and_after_correction() -> None:
    """One of five is flagged with p = 0.04 and none remains with q; answers keep the order of the values."""
    supplied = Controls("supplied", "supplied", summary=Summary(1.4, 0.1, 12))
    values = (1.42, 1.16, 1.39, 1.41, 1.38)
    found = score_together([(Case("tNAA", Ratio(value, 0.0), CONTEXT), [supplied]) for value in values])
    positions = [answer.position for answer in found.answers if isinstance(answer.position, ZScore)]
    p = [position.p for position in positions]

    assert [position.z_cc for position in positions] == pytest.approx([(value - 1.4) / 0.1 for value in values])
    assert [position.q for position in positions] == pytest.approx(list(stats.false_discovery_control(p)))
    assert (found.tests, found.flagged, found.flagged_q) == (5, 1, 0)
    assert found.expected_by_chance == pytest.approx(0.25)


def test_profiles_are_given_by_region_and_together() -> None:
    """Values scored by the controls of two regions: a profile of each and one of both, each by its controls."""
    pcc = replace(SITE, id="site.pcc.v1", region="PCC")
    there = replace(CONTEXT, subject=replace(SUBJECT, region="PCC"))
    values = {"tNAA": Ratio(1.2, 0.06), "mI": Ratio(0.9, 0.01)}
    cases = [
        (Case(name, measured, context), [SITE, pcc])
        for context in (CONTEXT, there)
        for name, measured in values.items()
    ]
    found = score_together(cases).profiles

    assert [item.region for item in found] == ["ACC", "PCC", None]
    assert [item.profile for item in found] == [
        profile_distance([(SITE, values)]),
        profile_distance([(pcc, values)]),
        None,
    ]
    assert found[2].profile_absent is not None
    assert [item.profile_absent for item in found[:2]] == [None, None]


def test_a_profile_distance_reports_each_number_in_its_place() -> None:
    """Mahalanobis distance with excess noise on the diagonal of the covariance, F and its degrees of freedom."""
    values = {"tNAA": Ratio(1.2, 0.06), "mI": Ratio(0.9, 0.01)}
    found = profile_distance([(SITE, values)])
    rows = np.array([[person.values[name].value for name in values] for person in PEOPLE])
    covariance = np.cov(rows, rowvar=False) + np.diag([0.06**2 - 0.04**2, 0.0])
    deviation = np.array([1.2, 0.9]) - rows.mean(axis=0)
    squared = float(deviation @ np.linalg.inv(covariance) @ deviation)
    f = squared * 20 * 18 / (2 * 399)

    assert isinstance(found, ProfileDistance)
    assert asdict(found) == {
        "metabolites": ("tNAA", "mI"),
        "norm_ids": ("site.acc.v2",),
        "n": 20,
        "distance": pytest.approx(math.sqrt(squared)),
        "f": pytest.approx(f),
        "df_numerator": 2,
        "df_denominator": 18,
        "p": pytest.approx(stats.f.sf(f, 2, 18)),
    }


FACTS = {"echo_time": 0.7, "field_t": 15.0, "unit": "g", "software": None}


@pytest.mark.parametrize("name", FACTS)
def test_a_site_with_an_impossible_or_missing_fact_is_refused(name: str) -> None:
    """The refusal names the fact."""
    with pytest.raises(ImplausibleParameter) as refused:
        site_controls("x", "ACC", None, replace(METHOD, **{name: FACTS[name]}), PEOPLE)
    assert refused.value.data["parameter"] == name


def test_a_person_listed_twice_is_refused() -> None:
    """Each person counts once."""
    with pytest.raises(UnusableControls):
        site_controls("x", "ACC", None, METHOD, (*PEOPLE, PEOPLE[0]))


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
