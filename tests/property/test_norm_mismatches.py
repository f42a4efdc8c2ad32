"""No z where anything that matters does not match, whatever the value, whichever norm; and what must not matter."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from fitting.norms import (
    Absence,
    Case,
    Context,
    Control,
    Controls,
    Measured,
    Method,
    Norm,
    Summary,
    ZScore,
    literature_norms,
    score,
)
from fitting.norms.case import scan
from fitting.quantification.concentrations import Ratio
from fitting.request import Subject

NORMS = [norm for norm in literature_norms() if norm.modelled]
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
        Context(Subject(region=norm.region, age_years=40.0), scan(norm.field_t, 0.030, "PRESS"), "LCModel 6.3"),
        usable="yes",
    )


def given_instead(**facts: object) -> Plant:
    return lambda case: replace(case, context=replace(case.context, **facts))


def scanned(field_t: float = 0.0, echo_time: float = 0.030) -> Plant:
    def plant(case: Case) -> Case:
        field = field_t or case.context.acquisition.nominal_field_t
        return given_instead(acquisition=scan(field, echo_time, "PRESS"))(case)

    return plant


def of_person(**facts: object) -> Plant:
    return lambda case: given_instead(subject=replace(case.context.subject, **facts))(case)


MISMATCHES: dict[str, Plant] = {
    "field": scanned(field_t=4.0),
    "echo time": scanned(echo_time=0.068),
    "long echo time": scanned(echo_time=0.144),
    "mmol/kg": given_instead(unit="mmol/kg"),
    "institutional units": given_instead(unit="iu"),
    "mM": given_instead(unit="mM"),
    "peak areas": given_instead(software="jMRUI AMARES"),
    "unknown software": given_instead(software="a new program 1.0"),
    "too young": of_person(age_years=17.9),
    "too old": of_person(age_years=65.1),
    "limited": lambda case: replace(case, usable="limited"),
    "not interpretable": lambda case: replace(case, usable="no"),
    "no region": of_person(region=None),
    "unknown region": of_person(region="cerebellum"),
    "region without norms": of_person(region="PAG"),
}


@settings(max_examples=15, deadline=None)
@given(norms, offsets, st.sets(st.sampled_from(sorted(MISMATCHES)), min_size=1, max_size=3))
def test_any_planted_mismatch_withholds_the_published_norm(norm: Norm, offset: float, planted: set[str]) -> None:
    """The matching value has a z; with one mismatch or several it has none, and the reason is a sentence."""
    case = matching(norm, offset)
    assert isinstance(score(case).position, ZScore)
    for name in sorted(planted):
        case = MISMATCHES[name](case)
    answer = score(case)

    assert isinstance(answer.position, Absence)
    assert answer.norm is None
    assert answer.position.code
    assert answer.position.sentence.endswith((".", ")"))


@pytest.mark.parametrize("name", MISMATCHES)
@settings(max_examples=3, deadline=None)
@given(norm=norms, offset=offsets)
def test_each_kind_alone_withholds(name: str, norm: Norm, offset: float) -> None:
    """None of the kinds is left to chance."""
    assert isinstance(score(MISMATCHES[name](matching(norm, offset))).position, Absence)


STATED = {
    "field": Method(field_t=7.0),
    "echo time": Method(echo_time=0.035),
    "sequence": Method(sequence="STEAM"),
    "unit": Method(unit="iu"),
    "version": Method(software="LCModel 6.2"),
    "program": Method(software="TARQUIN 4.3"),
}


@pytest.mark.parametrize("name", STATED)
@settings(max_examples=6, deadline=None)
@given(seed=seeds, offset=offsets, kind=st.sampled_from(["values", "summary", "studies"]))
def test_each_stated_mismatch_of_supplied_controls_withholds(name: str, seed: int, offset: float, kind: str) -> None:
    """Sequence and version count here too; nothing else is used in place of controls that do not match."""
    rng = np.random.default_rng(seed)
    case = replace(matching(NORMS[0], 0.0), measured=Ratio(1.4 + 0.1 * offset, 0.04))
    for stated in (Method(), STATED[name]):
        empty = Controls("supplied", "supplied", stated)
        supplied = {
            "values": replace(empty, people=people_of(case.metabolite, rng.normal(1.4, 0.1, 12).tolist())),
            "summary": replace(empty, summary=Summary(1.4, 0.1, 12)),
            "studies": replace(empty, studies=tuple(Summary(float(m), 0.1, 20) for m in rng.normal(1.4, 0.08, 5))),
        }
        answer = score(case, [supplied[kind]]).position
        if stated == Method():
            assert isinstance(answer, ZScore)
        else:
            assert isinstance(answer, Absence)
            assert answer.code.endswith("-mismatch")


def people_of(metabolite: str, values: list[float]) -> tuple[Control, ...]:
    return tuple(Control(str(number), {metabolite: Measured(value)}) for number, value in enumerate(values))


def studies_of(seed: int, count: int) -> list[Summary]:
    rng = np.random.default_rng(seed)
    sizes = rng.integers(10, 60, count)
    return [Summary(float(rng.normal(1.4, 0.08)), float(0.1 * rng.uniform(0.7, 1.4)), int(n)) for n in sizes]


def held_against(studies: list[Summary], value: float, sd: float) -> ZScore:
    supplied = Controls("supplied", "supplied", studies=tuple(studies))
    answer = score(Case("tNAA", Ratio(value, sd)), [supplied]).position
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
