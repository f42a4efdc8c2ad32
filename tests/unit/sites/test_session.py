"""Contrasts of the spectra of one session: which are compared, with whom, and how far people differ in them."""

from __future__ import annotations

import math
from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from fitting.analysis import Analysis
from fitting.norms import Case, Context, Control, Controls, Measured, Method
from fitting.norms.case import scan
from fitting.norms.contrasts import Contrast, contrasts
from fitting.quantification.concentrations import Ratio
from fitting.request import Subject
from fitting.sites import session_contrasts, site_of
from tests.data.controls_of_site import candidates, control_analysis

METHOD = Method(3.0, "PRESS", 0.030, "tCr", "LCModel 6.3")


def case_of(region: str, value: float, metabolite: str = "Glu") -> Case:
    context = Context(Subject(region), scan(3.0, 0.030, "PRESS"), "LCModel 6.3")
    return Case(metabolite, Ratio(value, 0.0), context, sd_known=False)


def controls_of(region: str, values: dict[str, float], metabolite: str = "Glu") -> Controls:
    people = tuple(Control(name, {metabolite: Measured(value)}) for name, value in values.items())
    return Controls(f"site.{region}", "site", METHOD, region, people=people)


def only(found: tuple[Contrast, ...]) -> Contrast:
    (contrast,) = found
    return contrast


def test_people_with_both_values_teach_the_difference() -> None:
    """Twenty people whose values differ by 30 % with an SD of 5 %: expectation and SD are theirs, not the published."""
    rng = np.random.default_rng(3)
    names = [f"c{n}" for n in range(20)]
    level = dict(zip(names, 1.2 * np.exp(0.2 * rng.standard_normal(20)), strict=True))
    acc = {name: value * 1.3 * math.exp(0.05 * rng.standard_normal()) for name, value in level.items()}
    cases = [case_of("ACC", 1.5), case_of("PCC", 1.2)]
    own = [controls_of("ACC", acc), controls_of("PCC", level)]

    published, paired = only(contrasts(cases)), only(contrasts(cases, own))

    assert paired.controls == 20
    assert published.controls == 0
    assert paired.expected == pytest.approx(math.log(1.3), abs=0.03)
    assert paired.sd == pytest.approx(0.05, abs=0.02)
    assert paired.sd < 0.6 * published.sd


def test_different_people_in_each_region_teach_its_mean() -> None:
    """Without people in common only the expectation is known better; people still differ as published ones do."""
    cases = [case_of("ACC", 1.5), case_of("PCC", 1.2)]
    own = [controls_of("ACC", {f"a{n}": 1.56 for n in range(12)}), controls_of("PCC", {f"p{n}": 1.2 for n in range(9)})]

    published, apart = only(contrasts(cases)), only(contrasts(cases, own))

    assert apart.controls == 9
    assert apart.expected == pytest.approx(math.log(1.3), abs=0.06)
    assert 0.5 * published.sd < apart.sd < published.sd


def test_controls_of_one_region_give_no_contrast_between_regions() -> None:
    """The laboratory cancels, so people of ACC alone leave a contrast of ACC and PCC as it is."""
    cases = [case_of("ACC", 1.5), case_of("PCC", 1.2)]

    assert contrasts(cases, [controls_of("ACC", {"a": 1.9, "b": 2.0, "c": 1.8})]) == contrasts(cases)


def test_controls_of_another_program_are_passed_over() -> None:
    """Controls of another version of the program do not match and teach nothing."""
    cases = [case_of("ACC", 1.5), case_of("PCC", 1.2)]
    values = {f"c{n}": 1.0 + 0.1 * n for n in range(5)}
    own = [
        replace(controls_of(region, values), method=replace(METHOD, software="LCModel 6.2"))
        for region in ("ACC", "PCC")
    ]

    assert contrasts(cases, own) == contrasts(cases)


def test_healthy_people_are_flagged_as_often_as_stated() -> None:
    """With people drawn from the prior of the difference, about 5 % lie beyond, with 0 and with 8 controls."""
    published = only(contrasts([case_of("ACC", 1.3), case_of("PCC", 1.3)]))
    rng = np.random.default_rng(11)
    beyond = {0: 0, 8: 0}
    people = 300
    spread = 0.11
    between = math.sqrt(published.sd**2 - spread**2)
    for _ in range(people):
        mean = published.expected + between * rng.standard_normal()
        logs = mean + spread * rng.standard_normal(9)
        own = [
            controls_of("ACC", {f"c{n}": math.exp(item) for n, item in enumerate(logs[1:])}),
            controls_of("PCC", {f"c{n}": 1.0 for n in range(8)}),
        ]
        cases = [case_of("ACC", math.exp(logs[0])), case_of("PCC", 1.0)]
        beyond[0] += only(contrasts(cases)).flag != "within"
        beyond[8] += only(contrasts(cases, own)).flag != "within"

    assert 0.01 < beyond[0] / people < 0.09
    assert 0.01 < beyond[8] / people < 0.09


def place(number: int, region: str, **changes: Any) -> Analysis:
    return control_analysis(number, region=region, hemisphere="midline", **changes)


def test_two_regions_of_a_session_are_contrasted_by_the_site() -> None:
    """Own controls who have both regions stand behind region against region; the metabolites of each have theirs."""
    both = [*candidates(8), *(replace(item, analysis=place(20 + n, "PCC")) for n, item in enumerate(candidates(8)))]
    site = site_of("acc", both)

    found = session_contrasts([place(9, "ACC"), place(29, "PCC")], site.controls)
    plain = session_contrasts([place(9, "ACC"), place(29, "PCC")])

    regions = [item for item in found.items if item.kind == "regions"]
    assert {item.a for item in regions} >= {"ACC Glu", "ACC tNAA", "ACC mI"}
    assert {item.controls for item in regions} == {8}
    assert {item.controls for item in plain.items} == {0}
    assert found.expected_by_chance == pytest.approx(len(found.items) / 20)
    assert found.left_out == ()


def test_one_spectrum_and_unlike_spectra_have_no_contrast() -> None:
    """A repeated place counts once; another echo time and an unusable spectrum are named with the reason."""
    first, other = place(1, "ACC"), place(2, "PCC")
    long = replace(other, acquisition=replace(other.acquisition, echo_time=0.068))
    bad = replace(other, verdict=replace(other.verdict, usable="no"))
    nowhere = replace(other, acquisition=replace(other.acquisition, region=None))

    assert session_contrasts([first, place(3, "ACC")]).items == ()
    for spectrum, code in (
        (long, "session-not-alike"),
        (bad, "spectrum-not-usable"),
        (nowhere, "region-not-given"),
    ):
        found = session_contrasts([first, spectrum])
        assert found.items == ()
        assert [reason.code for reason in found.left_out] == [code]
