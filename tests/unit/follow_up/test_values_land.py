"""Every number of a follow-up lands in the field of its name: three sessions with distinct values, days and errors.

The expected figures are computed here from the definitions, with scipy's distributions.
"""

from __future__ import annotations

import math
from dataclasses import replace
from typing import Literal

import numpy as np
import pytest
from scipy import optimize, special, stats

from fitting.follow_up import Course, Repeatability, course
from fitting.follow_up.course import Change, Followed
from tests.data.follow_up import analysis, session

DAYS = (0.0, 12.0, 45.0)
FACTORS = (1.0, 0.7, 0.9)
TNAA, SD, CV, PEOPLE_DF = 1.21, 0.8 * 0.031, 0.066 / 0.9213177, 9 * 3
"""Ratio and its sd among scans of one scanner, in every session; scatter between four days of nine men in the pregenual
cingulate."""
NOISE = 0.04 / 0.8862269
"""Scatter of three scans of one voxel."""


def three_sessions() -> Course:
    return course(
        [
            session(number, {"tNAA": factor}, day=day, clinical={"pain_vas": 3.0 + number})
            for number, (factor, day) in enumerate(zip(FACTORS, DAYS, strict=True))
        ]
    )


def followed(found: Course, quantity: str = "ratio_tcr") -> Followed:
    return next(item for item in found.series[0].followed if (item.metabolite, item.quantity) == ("tNAA", quantity))


def expected(earlier: int, later: int) -> tuple[float, float, float, float]:
    """Change, sd when nothing changes, p and minimal detectable change between two of the sessions."""
    before, after = (TNAA * FACTORS[number] for number in (earlier, later))
    level = 0.5 * (before + after)
    noise = max(SD, NOISE * level) ** 2
    quantiles = stats.chi2.ppf((np.arange(1000) + 0.5) / 1000, PEOPLE_DF)
    days = np.maximum(0.0, CV**2 * PEOPLE_DF / quantiles - NOISE**2)
    roots = np.sqrt(2.0 * level**2 * days + 2.0 * noise)

    def p(size: float) -> float:
        return 2.0 * float(np.mean(special.ndtr(-size / roots)))

    sd = math.sqrt(2.0 * ((CV**2 - NOISE**2) * level**2 + noise))
    return after - before, sd, p(abs(after - before)), float(optimize.brentq(lambda size: p(size) - 0.05, 0.0, 10.0))


def test_each_number_of_a_change_is_in_its_field() -> None:
    """Earlier and later, change and per cent, both errors, p, the interval and the smallest change."""
    changes = {(item.earlier, item.later): item for item in followed(three_sessions()).changes}
    assert list(changes) == [("a0", "a1"), ("a0", "a2"), ("a1", "a2")]

    for (earlier, later), item in changes.items():
        one, other = int(earlier[1:]), int(later[1:])
        change, sd, p, reach = expected(one, other)
        assert item.change == pytest.approx(change)
        assert item.percent == pytest.approx(100.0 * (FACTORS[other] / FACTORS[one] - 1.0))
        assert item.measurement_sd == pytest.approx(math.hypot(SD, SD))
        assert item.reliable is not None
        assert item.reliable.sd == pytest.approx(sd, rel=1e-4)
        assert item.reliable.index == pytest.approx(change / sd, rel=1e-4)
        assert item.reliable.p == pytest.approx(p, rel=1e-3)
        assert item.reliable.minimal_detectable_change == pytest.approx(reach, rel=1e-4)
        assert (item.reliable.low, item.reliable.high) == pytest.approx((change - reach, change + reach), rel=1e-4)
        assert item.reliable.beyond == (abs(change) > reach)
    assert {item.reliable.beyond for item in changes.values() if item.reliable} == {True, False}


def test_the_trend_is_the_weighted_line_per_thirty_days() -> None:
    """Slope, interval, p and degrees of freedom in units of 30 days, weighted by each session's variance."""
    trend = followed(three_sessions()).trend
    times, values = np.array(DAYS) / 30.0, TNAA * np.array(FACTORS)
    weights = np.full(3, 1.0 / ((CV**2 - NOISE**2) * values.mean() ** 2 + max(SD, NOISE * values.mean()) ** 2))
    design = np.column_stack([np.ones(3), times])
    covariance = np.linalg.inv(design.T @ (weights[:, None] * design))
    line = covariance @ design.T @ (weights * values)
    residual = values - design @ line
    error = math.sqrt(float(weights @ residual**2) * covariance[1, 1])
    reach = float(stats.t.ppf(0.975, 1)) * error

    assert trend is not None
    assert (trend.sessions, trend.df, trend.weighted) == (3, 1, True)
    assert trend.slope == pytest.approx(line[1])
    assert (trend.low, trend.high) == pytest.approx((line[1] - reach, line[1] + reach))
    assert trend.p == pytest.approx(2.0 * stats.t.sf(abs(line[1]) / error, 1))


def test_values_keep_their_session_time_and_error() -> None:
    """Identifier, day, value and sd of each session, of the ratio and of the concentration apart."""
    found = three_sessions()
    ratio, concentration = followed(found), followed(found, "concentration")

    assert [(item.id, item.time, item.sd) for item in ratio.values] == [(f"a{n}", DAYS[n], SD) for n in range(3)]
    assert [item.value for item in ratio.values] == pytest.approx([TNAA * factor for factor in FACTORS])
    assert [item.value for item in concentration.values] == pytest.approx([9.922 * factor for factor in FACTORS])
    assert (ratio.unit, concentration.unit) == ("tCr", "mmol/kg")
    assert (found.axis, found.time_unit) == ("days", "30 days")
    assert [(item.id, item.session, item.time, item.series) for item in found.visits] == [
        (f"a{n}", f"ses-{n}", DAYS[n], 1) for n in range(3)
    ]
    (pain,) = found.clinical
    assert (pain.measure, [(item.id, item.time, item.value, item.sd) for item in pain.values]) == (
        "pain_vas",
        [(f"a{n}", DAYS[n], 3.0 + n, None) for n in range(3)],
    )


def test_judged_changes_are_counted_with_and_without_chance() -> None:
    """q is Benjamini and Hochberg's over all changes of a quantity; the counts follow from it."""
    (series,) = three_sessions().series
    for judged in series.judged:
        changes = [
            item for one in series.followed if one.quantity == judged.quantity for item in one.changes if item.reliable
        ]
        p = [item.reliable.p for item in changes if item.reliable is not None]
        q = stats.false_discovery_control(p)
        assert [item.q for item in changes] == pytest.approx(list(q))
        assert judged.tests == len(changes)
        assert judged.expected_by_chance == pytest.approx(0.05 * len(changes))
        assert judged.beyond == sum(_is_beyond(item) for item in changes)
        assert judged.beyond_q == sum(q < 0.05)
        assert 0 < judged.beyond < judged.tests


def _is_beyond(item: Change) -> bool:
    return item.reliable is not None and item.reliable.beyond


def test_published_and_own_repeatability_describe_themselves() -> None:
    """Scatter, degrees of freedom, people, grade and source; own repeats have noise and priority."""
    published = followed(three_sessions()).repeatability
    rng = np.random.default_rng(5)
    factors = 1.0 + 0.05 * rng.normal(size=(4, 3))
    repeats = {
        f"vol-{person}": [analysis(f"{person} {scan}", {"tNAA": float(value)}) for scan, value in enumerate(row)]
        for person, row in enumerate(factors)
    }
    sessions = [session(number, {"tNAA": factor}) for number, factor in enumerate(FACTORS)]
    own = followed(course(sessions, repeats)).repeatability
    means = factors.mean(axis=1, keepdims=True)

    assert isinstance(published, Repeatability)
    assert (published.kind, published.id, published.people, published.grade) == ("published", "R002", 9, "B")
    assert (published.cv, published.df) == (pytest.approx(CV, rel=1e-4), PEOPLE_DF)
    assert isinstance(own, Repeatability)
    assert (own.kind, own.id, own.people, own.df, own.grade) == ("own", "own", 4, 8.0, "A")
    assert own.cv == pytest.approx(math.sqrt(float(np.sum((factors / means - 1.0) ** 2)) / 8.0))
    assert own.noise == pytest.approx(math.sqrt(float(np.mean((SD / (TNAA * means)) ** 2))))


def test_a_refused_pair_names_the_earlier_session_first() -> None:
    """Another echo time: both sessions, what differs, and both of its values in their order."""
    (refusal,) = course([session(0, day=0.0), session(1, day=9.0, echo_time=0.035)]).refusals

    assert (refusal.earlier, refusal.later) == ("a0", "a1")
    (difference,) = refusal.differences
    assert (difference.code, difference.earlier, difference.later) == ("echo_time", "30 ms", "35 ms")


@pytest.mark.parametrize("usable", ["limited", "no"])
def test_a_spectrum_that_is_not_plainly_usable_is_left_out_with_its_code(usable: Literal["limited", "no"]) -> None:
    """Limited and uninterpretable spectra are named and not compared."""
    plain = session(1, day=9.0)
    judged = replace(plain.analysis, verdict=replace(plain.analysis.verdict, usable=usable))
    found = course([session(0, day=0.0), replace(plain, analysis=judged)])

    assert [(item.id, item.code) for item in found.left_out] == [("a1", f"verdict-{usable}")]
    assert [visit.series for visit in found.visits] == [1, None]
