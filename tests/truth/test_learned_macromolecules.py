"""A scanner's macromolecules through a whole calibration: learned, kept in the site, used, and told when foreign."""

from __future__ import annotations

import json
from dataclasses import replace

import numpy as np
import pytest

from fitting.analysis import Analysis
from fitting.errors import UnusableBasis, UnusableSite
from fitting.io import SourceFile
from fitting.request import Options, PersonVisit
from fitting.run import Job, analyse, calibrate
from fitting.run.calibration import candidate_of
from fitting.run.learning import Learned, learn, spectrum_evidence
from fitting.sites import Site, read_site
from tests.measure.benchmarks.known_sets import KnownSet
from tests.measure.families import GOOD, scanner

PEOPLE = 4
FAMILY, FOREIGN = 1, 4

pytestmark = pytest.mark.truth


def jobs_of(known: KnownSet) -> list[Job]:
    given = known.jobs["simulated basis"].items()
    return [
        replace(job, subject=replace(job.subject, region="ACC"), visit=PersonVisit(subject=f"ctl-{name[-2:]}"))
        for name, job in given
    ]


@pytest.fixture(scope="module")
def people() -> list[Job]:
    return jobs_of(scanner(FAMILY, GOOD, PEOPLE + 1))


@pytest.fixture(scope="module")
def site(people: list[Job]) -> Site:
    return calibrate(people[:PEOPLE], name="made")


@pytest.fixture(scope="module")
def plain(people: list[Job]) -> Analysis:
    return analyse(people[-1])[0]


@pytest.fixture(scope="module")
def calibrated(people: list[Job], site: Site) -> Analysis:
    return analyse(people[-1], site=read_site(site.content))[0]


def ratios(analysis: Analysis) -> dict[str, float]:
    return {item.name: item.ratio_tcr.value for item in analysis.metabolites if item.ratio_tcr is not None}


def test_good_controls_teach_and_the_file_keeps_what_they_taught(site: Site) -> None:
    """The background stands in the profile, and a reader has it back."""
    learned = read_site(site.content).learned

    assert site.learned is not None
    assert learned is not None
    assert learned.spectra == PEOPLE
    assert learned.id == site.learned.id
    assert not learned.left_out


def test_controls_are_fitted_without_what_they_taught_themselves(people: list[Job], site: Site) -> None:
    """A control's value is that of a fit with the background of the others, and not of one with its own."""
    found = learn([(str(job.visit.subject), job) for job in people[:PEOPLE]], lambda pair: spectrum_evidence(*pair))
    assert isinstance(found, Learned)
    assert site.learned is not None
    assert found.background.id == site.learned.id
    others, own = (
        candidate_of(replace(people[0], background=background)).analysis
        for background in (found.without("ctl-00"), found.background)
    )
    assert others is not None
    assert own is not None

    kept = {name: value.value for name, value in site.regions[0].controls[0].values.items()}
    assert {name: ratios(others)[name] for name in kept} == kept
    assert ratios(own)["tNAA"] != kept["tNAA"]


def test_the_answer_names_what_was_learned_and_compares_with_the_site(calibrated: Analysis, site: Site) -> None:
    """Macromolecules and basis in the provenance; the site's people are the norm, for they were fitted alike."""
    assert site.learned is not None
    assert calibrated.provenance.macromolecules == f"default, learned from 4 spectra of the scanner ({site.learned.id})"
    assert site.learned.id in calibrated.provenance.basis_description
    assert calibrated.provenance.site is not None
    assert calibrated.provenance.site.applied
    assert calibrated.verdict.usable == "yes"


def test_the_error_of_what_was_learned_is_stated_as_shared(plain: Analysis, calibrated: Analysis) -> None:
    """Both parts of every standard deviation are there, and values move by what published macromolecules had wrong."""
    before, after = ({item.name: item.ratio_tcr for item in found.metabolites} for found in (plain, calibrated))

    for name in ("tNAA", "Glu", "tCho", "mI"):
        one, other = before[name], after[name]
        assert one is not None
        assert other is not None
        assert other.sd_scan is not None
        assert other.sd_shared is not None
        assert 0.0 < other.sd_shared < other.sd_scan < other.sd
        assert np.hypot(other.sd_scan, other.sd_shared) == pytest.approx(other.sd)
        assert 1e-4 < abs(other.value - one.value) < 3.0 * one.sd


def test_the_file_serves_as_macromolecules_alone(people: list[Job], site: Site, calibrated: Analysis) -> None:
    """``--macromolecules SITE.json`` gives the same fit, without the site's people."""
    alone, _ = analyse(replace(people[-1], macromolecules=(SourceFile("SITE.json", site.content),)))
    bare = json.dumps(site.background).encode()
    part, _ = analyse(replace(people[-1], macromolecules=(SourceFile("MM.json", bare),)))

    assert ratios(alone) == ratios(part) == ratios(calibrated)
    assert alone.provenance.macromolecules == calibrated.provenance.macromolecules
    assert alone.provenance.site is None


def test_an_analysis_stays_independent_and_the_same(people: list[Job], site: Site, calibrated: Analysis) -> None:
    """The same bytes twice; without a site nothing of it is left behind."""
    again, _ = analyse(people[-1], site=site)
    without, _ = analyse(people[-1])

    assert again == calibrated
    assert without.provenance.macromolecules == "default"
    assert ratios(without) != ratios(again)


def test_spectra_of_another_scanner_give_background_mismatch(site: Site) -> None:
    """Of good spectra with foreign macromolecules most say background-mismatch and are of limited use."""
    foreign = [analyse(job, site=site)[0] for job in jobs_of(scanner(FOREIGN, GOOD, 4))]
    told = [item for item in foreign if "background-mismatch" in {reason.code for reason in item.verdict.reasons}]

    assert len(told) >= 3
    assert {item.verdict.usable for item in told} <= {"limited", "no"}


def test_a_chosen_template_goes_before_what_was_learned(people: list[Job], site: Site) -> None:
    """Who names a published template gets it: the site was made otherwise and is not applied."""
    chosen = replace(people[-1], options=Options(macromolecules="bell-2024"))
    found, _ = analyse(chosen, site=site)

    assert found.provenance.macromolecules == "bell-2024"
    assert found.provenance.site is not None
    assert not found.provenance.site.applied


@pytest.mark.parametrize("fault", ["altered", "without background", "of another kind"])
def test_a_file_without_usable_macromolecules_is_refused(people: list[Job], site: Site, fault: str) -> None:
    """The problem is named before anything is fitted."""
    content = {
        "altered": site.content.replace(b'"personal":', b'"personal": 1'),
        "without background": replace(site, background=None).content,
        "of another kind": b'{"kind": "something"}',
    }[fault]
    job = replace(people[-1], macromolecules=(SourceFile("SITE.json", content),))

    with pytest.raises((UnusableBasis, UnusableSite), match=r"SITE\.json"):
        analyse(job)
