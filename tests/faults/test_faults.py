"""Every fault of the catalogue ends as it may, and none in a wrong number without a warning."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from functools import cache

import pytest

from fitting.analysis import Analysis
from fitting.run import analyse
from tests.faults.blind_spots import BLIND_SPOTS
from tests.faults.catalogue import FAULTS
from tests.faults.damage import Fault, typical
from tests.faults.judgement import end_of
from tests.faults.scan import Scan
from tests.faults.site import PEOPLE, learned_for

FEWEST = 30


@cache
def clean(make: Callable[[], Scan]) -> Analysis:
    """The answer for the undamaged scan."""
    analysis, _ = analyse(make().job())
    return analysis


def test_there_are_many() -> None:
    """The catalogue covers more than thirty faults, each under a name of its own."""
    assert len({fault.name for fault in FAULTS}) == len(FAULTS) >= FEWEST


@pytest.mark.parametrize("fault", FAULTS, ids=lambda fault: fault.name)
def test_no_silent_error(fault: Fault) -> None:
    """The damaged scan ends in the right numbers, a flag or a refusal, as the catalogue says."""
    end, detail = end_of(fault.damage(fault.scan()), clean(fault.scan))

    assert end in fault.may_end, detail


def on_site(scan: Scan, make: Callable[[], Scan]) -> Scan:
    """The scan with the macromolecules learned from other people of the scanner that ``make`` stands for."""
    return replace(scan, macromolecules=(learned_for("typical" if make is typical else "good"),))


@cache
def clean_on_site(make: Callable[[], Scan]) -> Analysis:
    """The answer for the undamaged scan of a calibrated scanner."""
    analysis, _ = analyse(on_site(make(), make).job())
    assert f"learned from {PEOPLE} spectra" in str(analysis.provenance.macromolecules)
    assert analysis.verdict.usable == "yes"
    return analysis


@pytest.mark.parametrize("fault", FAULTS, ids=lambda fault: fault.name)
def test_no_silent_error_on_a_calibrated_scanner(fault: Fault) -> None:
    """Learned macromolecules, which may differ from the published ones more freely, hide no damage."""
    end, detail = end_of(on_site(fault.damage(fault.scan()), fault.scan), clean_on_site(fault.scan))

    assert end in fault.may_end, detail


@pytest.mark.parametrize("fault", BLIND_SPOTS, ids=lambda fault: fault.name)
@pytest.mark.xfail(strict=True, reason="a known blind spot, in docs/verdict.md")
def test_known_blind_spot(fault: Fault) -> None:
    """Each ends silently wrong; one that no longer does belongs among the faults."""
    end, detail = end_of(fault.damage(fault.scan()), clean(fault.scan))

    assert end in fault.may_end, detail


def test_a_fault_that_is_only_flagged_withholds_the_comparison() -> None:
    """What is flagged for the whole spectrum has no z-score for what the flag touches."""
    fault = next(fault for fault in FAULTS if fault.name == "frequency 3 % low")
    analysis, _ = analyse(fault.damage(fault.scan()).job())

    assert analysis.verdict.usable == "no"
    assert all(item.z is None for item in analysis.metabolites)
