"""When a site holds for a scan: every property counts, and each difference is told."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from fitting.acquisition import Acquisition
from fitting.sites import Site, choose_site, site_of
from fitting.units import PROTON_GAMMA_BAR
from tests.data.controls_of_site import candidates


@pytest.fixture(scope="module")
def site() -> Site:
    return site_of("prisma-acc", candidates(3))


def scan(site: Site, **changes: Any) -> Acquisition:
    """A scan of this site's scanner and protocol."""
    facts = site.acquisition
    made = Acquisition(
        format="test",
        spectrometer_frequency=facts.field_t * PROTON_GAMMA_BAR,
        dwell_time=5e-4,
        echo_time=facts.echo_time,
        repetition_time=facts.repetition_time,
        sequence=facts.sequence,
        sequence_name=None,
        vendor=facts.vendor,
        scanner_model=facts.scanner_model,
    )
    return replace(made, **changes)


def test_the_same_scanner_and_processing_hold(site: Site) -> None:
    """Named or found, the site applies and the answer names it."""
    for named, found in ((site, ()), (None, (site,))):
        choice = choose_site(named, found, scan(site), site.processing)
        assert choice.site is site
        assert choice.used is not None
        assert (choice.used.applied, choice.used.id, choice.used.reason) == (True, site.id, None)


SCANS: dict[str, dict[str, Any]] = {
    "scanner": {"scanner_model": "Another"},
    "field": {"spectrometer_frequency": 297.2e6},
    "sequence": {"sequence": "STEAM"},
    "echo time": {"echo_time": 0.045},
    "repetition time": {"repetition_time": 1.0},
}


@pytest.mark.parametrize("what", SCANS)
def test_other_acquisition_gives_site_mismatch(site: Site, what: str) -> None:
    """A named site that does not hold is not used, and the sentence names the property."""
    choice = choose_site(site, (), scan(site, **SCANS[what]), site.processing)

    assert choice.site is None
    assert choice.used is not None
    assert choice.used.reason is not None
    assert choice.used.reason.code == "site-mismatch"
    assert f"its {what} is" in choice.used.reason.sentence


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"software": "mrsquant 9.9"}, "its processing is"),
        ({"engine": "0" * 64}, "the program that computes the values was changed"),
        ({"basis_sha256": "1" * 64}, "another basis set"),
    ],
)
def test_other_processing_gives_site_mismatch(site: Site, change: dict[str, str], words: str) -> None:
    """Values computed otherwise are not compared; the remedy fits the difference."""
    choice = choose_site(site, (), scan(site), replace(site.processing, **change))

    assert choice.used is not None
    assert choice.used.reason is not None
    assert words in choice.used.reason.sentence
    assert ("analysed anew" in choice.used.reason.sentence) == ("basis_sha256" not in change)


def test_the_first_candidate_that_holds_is_used(site: Site) -> None:
    """Newest first: one of another echo time before it does not stand in the way."""
    other = replace(site, acquisition=replace(site.acquisition, echo_time=0.1), name="long")
    newer = replace(site, name="newer")

    assert choose_site(None, (other, newer, site), scan(site), site.processing).site is newer


def test_only_a_near_candidate_gives_site_mismatch(site: Site) -> None:
    """Another protocol of this scanner is worth a sentence; another scanner is none of this scan's business."""
    near = choose_site(None, (site,), scan(site, echo_time=0.045), site.processing)
    far = choose_site(None, (site,), scan(site, scanner_model="Another"), site.processing)

    assert near.used is not None
    assert near.used.reason is not None
    assert (far.site, far.used) == (None, None)


def test_a_scan_of_an_unstated_scanner_needs_a_named_site(site: Site) -> None:
    """Whoever names the site knows the scanner; otherwise two scanners of one laboratory would be mixed."""
    unstated = scan(site, vendor=None, scanner_model=None)

    assert choose_site(site, (), unstated, site.processing).site is site
    assert choose_site(None, (site,), unstated, site.processing).site is None
