"""No z where anything that matters does not match, whatever the value, whichever norm; and what must not matter."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from fitting.norms import Norm, norm_catalogue, score_case
from fitting.norms.assessment import Absence, ZScore
from fitting.norms.case import Case, scan
from fitting.norms.controls import ControlValue, Summary
from fitting.norms.supplied import Stated, SuppliedControls, SuppliedStudies
from fitting.quantification.concentrations import Ratio
from fitting.subject import Subject

NORMS = [norm for norm in norm_catalogue() if norm.unit == "tCr" and norm.supports_z]
norms = st.sampled_from(NORMS)
offsets = st.floats(-4.0, 4.0)
seeds = st.integers(0, 10_000)
Plant = Callable[[Case], Case]


def matching(norm: Norm, offset: float) -> Case:
    """A value that everything of this published norm matches."""
    value = max(norm.mean + offset * (norm.sd_within or 0.1), 1e-3)
    return Case(
        norm.metabolite,
        Ratio(value, 0.03 * norm.mean),
        subject=Subject(region=norm.region, age_years=40.0),
        acquisition=scan(norm.field_t, 0.030, "PRESS"),
        software="LCModel 6.3",
        usable="yes",
    )


def scanned(field_t: float = 0.0, echo_time: float = 0.030) -> Plant:
    def plant(case: Case) -> Case:
        return replace(case, acquisition=scan(field_t or case.acquisition.nominal_field_t, echo_time, "PRESS"))

    return plant


def aged(years: float) -> Plant:
    return lambda case: replace(case, subject=replace(case.subject, age_years=years))


MISMATCHES: dict[str, Plant] = {
    "field": scanned(field_t=1.5),
    "echo time": scanned(echo_time=0.068),
    "long echo time": scanned(echo_time=0.144),
    "mmol/kg": lambda case: replace(case, unit="mmol/kg"),
    "institutional units": lambda case: replace(case, unit="iu"),
    "mM": lambda case: replace(case, unit="mM"),
    "peak areas": lambda case: replace(case, software="jMRUI AMARES"),
    "unknown software": lambda case: replace(case, software="a new program 1.0"),
    "too young": aged(17.9),
    "too old": aged(65.1),
    "limited": lambda case: replace(case, usable="limited"),
    "not interpretable": lambda case: replace(case, usable="no"),
    "no region": lambda case: replace(case, subject=replace(case.subject, region=None)),
    "unknown region": lambda case: replace(case, subject=replace(case.subject, region="cerebellum")),
    "region without norms": lambda case: replace(case, subject=replace(case.subject, region="OFC")),
}


@settings(max_examples=15, deadline=None)
@given(norms, offsets, st.sets(st.sampled_from(sorted(MISMATCHES)), min_size=1, max_size=3))
def test_any_planted_mismatch_withholds_the_published_norm(norm: Norm, offset: float, planted: set[str]) -> None:
    """The matching value has a z; with one mismatch or several it has none, and the reason is a sentence."""
    case = matching(norm, offset)
    assert isinstance(score_case(case).position, ZScore)
    for name in sorted(planted):
        case = MISMATCHES[name](case)
    answer = score_case(case)

    assert isinstance(answer.position, Absence)
    assert answer.norm is None
    assert answer.position.code
    assert answer.position.sentence.endswith((".", ")"))


@pytest.mark.parametrize("name", MISMATCHES)
@settings(max_examples=3, deadline=None)
@given(norm=norms, offset=offsets)
def test_each_kind_alone_withholds(name: str, norm: Norm, offset: float) -> None:
    """None of the kinds is left to chance."""
    assert isinstance(score_case(MISMATCHES[name](matching(norm, offset))).position, Absence)


STATED = {
    "field": Stated(field_t=7.0),
    "echo time": Stated(echo_time=0.035),
    "sequence": Stated(sequence="STEAM"),
    "unit": Stated(unit="iu"),
    "version": Stated(software="LCModel 6.2"),
    "program": Stated(software="TARQUIN 4.3"),
}


@pytest.mark.parametrize("name", STATED)
@settings(max_examples=6, deadline=None)
@given(seed=seeds, offset=offsets, kind=st.sampled_from(["values", "summary", "studies"]))
def test_each_kind_said_of_supplied_controls_withholds(name: str, seed: int, offset: float, kind: str) -> None:
    """Sequence and version count here too; nothing else is used in place of controls that do not match."""
    rng = np.random.default_rng(seed)
    case = replace(matching(NORMS[0], 0.0), measured=Ratio(1.4 + 0.1 * offset, 0.04))
    for stated in (Stated(), STATED[name]):
        supplied: dict[str, SuppliedControls | SuppliedStudies] = {
            "values": SuppliedControls(tuple(ControlValue(float(v)) for v in rng.normal(1.4, 0.1, 12)), stated),
            "summary": SuppliedControls(Summary(1.4, 0.1, 12), stated),
            "studies": SuppliedStudies(tuple(Summary(float(m), 0.1, 20) for m in rng.normal(1.4, 0.08, 5)), stated),
        }
        answer = score_case(case, supplied=supplied[kind]).position
        if stated == Stated():
            assert isinstance(answer, ZScore)
        else:
            assert isinstance(answer, Absence)
            assert answer.code.endswith("-mismatch")


def studies_of(seed: int, count: int) -> list[Summary]:
    rng = np.random.default_rng(seed)
    sizes = rng.integers(10, 60, count)
    return [Summary(float(rng.normal(1.4, 0.08)), float(0.1 * rng.uniform(0.7, 1.4)), int(n)) for n in sizes]


def held_against(studies: list[Summary], value: float, sd: float) -> ZScore:
    answer = score_case(Case("tNAA", Ratio(value, sd)), supplied=SuppliedStudies(tuple(studies))).position
    assert isinstance(answer, ZScore)
    return answer


FIGURES = ("value", "low", "high", "t", "df", "percentile", "p_outside")


@settings(max_examples=6, deadline=None)
@given(seeds, st.integers(3, 9), offsets, st.floats(0.0, 0.2))
def test_neither_order_nor_unit_of_studies_matters(seed: int, count: int, offset: float, sd: float) -> None:
    """Studies in another order, or all in another unit, give the same position."""
    studies, value = studies_of(seed, count), 1.4 + 0.1 * offset
    plain = held_against(studies, value, sd)
    order = np.random.default_rng(seed).permutation(count)
    shuffled = held_against([studies[index] for index in order], value, sd)
    factor = 37.0
    scaled = held_against(
        [Summary(item.mean * factor, item.sd * factor, item.n) for item in studies], value * factor, sd * factor
    )

    for name in FIGURES:
        assert getattr(shuffled, name) == pytest.approx(getattr(plain, name), rel=1e-5, abs=1e-5), name
        assert getattr(scaled, name) == pytest.approx(getattr(plain, name), rel=1e-5, abs=1e-5), name
    assert scaled.sd_predictive == pytest.approx(plain.sd_predictive * factor, rel=1e-6)


@settings(max_examples=6, deadline=None)
@given(seeds, st.integers(3, 9), st.floats(-5.0, 5.0), st.floats(-5.0, 5.0), st.floats(0.0, 0.2))
def test_z_by_studies_grows_with_the_value(seed: int, count: int, one: float, other: float, sd: float) -> None:
    """Of two values the larger has no smaller z, t, percentile or interval."""
    low, high = sorted((one, other))
    lower, upper = (held_against(studies_of(seed, count), 1.4 + 0.1 * offset, sd) for offset in (low, high))

    for name in ("value", "t", "percentile", "low", "high"):
        assert getattr(lower, name) <= getattr(upper, name) + 1e-6, name
