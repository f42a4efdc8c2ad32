"""Who becomes a control of a site, who is left out, and which spectra make none."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from fitting.analysis import Analysis
from fitting.errors import DamagedFile, FittingError, UnusableControls, UnusableSite
from fitting.norms.leave_one_out import calibrate
from fitting.sites import Candidate, refused, site_of
from fitting.sites.calibration import warnings_of
from tests.data.controls_of_site import candidates, control_analysis


def one_more(**changes: Any) -> Candidate:
    """A ninth spectrum, as given."""
    made = Candidate("extra", "extra", control_analysis(9))
    return replace(made, **changes)


def judged(analysis: Analysis, usable: Any) -> Analysis:
    return replace(analysis, verdict=replace(analysis.verdict, usable=usable))


def test_every_usable_spectrum_of_another_person_is_a_control() -> None:
    """Eight people make eight controls with their values, ages and digests."""
    given = candidates(8)
    site = site_of("acc", given)

    (region,) = site.regions
    assert (region.region, region.hemisphere) == ("ACC", "midline")
    assert [item.id for item in region.controls] == [item.label for item in given]
    for control, item in zip(region.controls, given, strict=True):
        assert item.analysis is not None
        ratios = {result.name: result.ratio_tcr for result in item.analysis.metabolites}
        assert control.input_sha256 == item.analysis.provenance.input_sha256
        assert control.age_years == item.analysis.acquisition.age_years
        assert {name: measured.value for name, measured in control.values.items()} == {
            name: ratios[name].value for name in control.values
        }
    assert {"tNAA", "Glu", "mI"} <= set(region.controls[0].values)
    assert not {"tCr", "MM09", "Lac"} & set(region.controls[0].values)
    assert site.left_out == ()


def test_one_person_is_enough() -> None:
    """From one control on there is a site."""
    assert site_of("acc", candidates(1)).people == 1


def test_regions_of_one_person_are_kept_apart() -> None:
    """The same people in two regions and on two sides make three groups."""
    places = [("ACC", "midline"), ("PCC", "midline"), ("dlPFC", "left")]
    given = [
        Candidate(f"ctl-{n}", f"ctl-{n}", control_analysis(10 * p + n, region=region, hemisphere=side))
        for p, (region, side) in enumerate(places)
        for n in range(1, 4)
    ]
    site = site_of("frontal", given)

    assert [(item.region, item.hemisphere) for item in site.regions] == places
    assert site.people == 3
    assert site.left_out == ()


LEFT_OUT = {
    "control-not-usable": lambda: one_more(analysis=judged(control_analysis(9), "no")),
    "not-a-control": lambda: one_more(group="patient"),
    "spectrum-repeated": lambda: one_more(analysis=control_analysis(3)),
    "values-repeated": lambda: one_more(
        analysis=replace(control_analysis(3), provenance=replace(control_analysis(3).provenance, input_sha256="f" * 64))
    ),
    "person-repeated": lambda: one_more(person="ctl-03"),
    "region-unknown": lambda: one_more(analysis=control_analysis(9, region=None)),
    "acquisition-unknown": lambda: one_more(analysis=control_analysis(9, echo_time=None)),
    "damaged-file": lambda: refused("extra", "extra", DamagedFile("'Smith_John.rda' is cut.", file="Smith_John.rda")),
    "control-improbable": lambda: one_more(analysis=control_analysis(9, scale=3.0)),
}


@pytest.mark.parametrize("code", LEFT_OUT)
def test_spectra_unfit_as_controls_are_left_out_by_name(code: str) -> None:
    """It is listed with its reason, no file name stands there, and the others make the site."""
    site = site_of("acc", [*candidates(8), LEFT_OUT[code]()])

    (left_out,) = site.left_out
    assert left_out.code == code
    assert left_out.id == "extra"
    assert left_out.sentence
    assert b"Smith" not in site.content
    assert len(site.regions[0].controls) == 8


@pytest.mark.parametrize("group", ["control", "Healthy-Controls", "HC", "volunteer"])
def test_groups_of_healthy_people_are_accepted(group: str) -> None:
    """In the words that studies use."""
    site = site_of("acc", [replace(item, group=group) for item in candidates(2)])

    assert site.people == 2


MIXED = {
    "scanner": {"scanner_model": "Another"},
    "field": {"field_t": 7.0},
    "sequence": {"sequence": "STEAM"},
    "echo time": {"echo_time": 0.045},
    "repetition time": {"repetition_time": 3.0},
}


@pytest.mark.parametrize("what", MIXED)
def test_controls_that_differ_are_refused_with_the_difference(what: str) -> None:
    """A calibration is for one scanner and protocol; the message names the property and the spectra."""
    with pytest.raises(UnusableControls, match=f"differ in {what}") as caught:
        site_of("acc", [*candidates(3), one_more(analysis=control_analysis(9, **MIXED[what]))])

    assert "extra" in caught.value.detail


def test_other_processing_is_refused() -> None:
    """Values of another version, code or basis set are not mixed."""
    for change in ({"version": "9.9"}, {"values_code": "0" * 64}, {"basis_sha256": "1" * 64}):
        other = control_analysis(9)
        other = replace(other, provenance=replace(other.provenance, **change))
        with pytest.raises(UnusableControls, match="differ in"):
            site_of("acc", [*candidates(3), one_more(analysis=other)])


@pytest.mark.parametrize(
    ("given", "kind", "words"),
    [
        ([], UnusableControls, "No spectrum"),
        ([one_more(group="patient")], UnusableControls, "None of the 1 spectra is a control"),
        ([replace(item, person="me") for item in candidates(5)], UnusableControls, "of one person"),
    ],
)
def test_without_controls_there_is_no_site(given: list[Candidate], kind: type[FittingError], words: str) -> None:
    """Nothing, nobody healthy, or one person only."""
    with pytest.raises(kind, match=words):
        site_of("acc", given)


def test_a_name_is_lower_case() -> None:
    """It stands in ids and addresses."""
    with pytest.raises(UnusableSite, match="lower-case"):
        site_of("My Scanner", candidates(1))


@pytest.mark.parametrize(("outside", "warned"), [(0, False), (1, False), (2, False), (3, True), (5, True)])
def test_more_than_two_of_eight_outside_is_a_warning(outside: int, warned: bool) -> None:
    """It is about the site, not about people, and it names the metabolite."""
    (region,) = site_of("acc", candidates(8)).regions
    checks = replace(region.checks, calibration=(calibrate("tNAA", outside, 8),), outliers=())
    warnings = warnings_of([replace(region, checks=checks)])

    assert [item.code for item in warnings] == (["site-miscalibrated"] if warned else [])
    assert all(f"{outside} of 8" in item.sentence and "tNAA" in item.sentence for item in warnings)
