"""What is shared holds no person, describes the group truly, and is refused when it does hold one."""

from __future__ import annotations

import hashlib
import json
from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from fitting.errors import UnusableShare
from fitting.sites import Site, read_share, share_of, site_of
from fitting.sites.site import canonical
from tests.data.controls_of_site import candidates, control_analysis


@pytest.fixture(scope="module")
def site() -> Site:
    return site_of("prisma-acc", candidates(8))


def resealed(document: dict[str, Any]) -> bytes:
    document.pop("checksum", None)
    return canonical({**document, "checksum": hashlib.sha256(canonical(document)).hexdigest()})


def test_numbers_are_those_of_the_people(site: Site) -> None:
    """Means, SDs and covariances of ratios and of their logarithms."""
    (region,) = share_of(site).regions
    (own,) = site.regions
    by_name = {item.name: item for item in region.metabolites}
    values = {name: np.array([item.values[name].value for item in own.controls]) for name in ("tNAA", "mI")}

    assert (region.region, region.n) == ("ACC", 8)
    for name, column in values.items():
        assert by_name[name].mean == pytest.approx(column.mean(), rel=1e-4)
        assert by_name[name].sd == pytest.approx(column.std(ddof=1), rel=1e-4)
        assert by_name[name].log_mean == pytest.approx(np.log(column).mean(), rel=1e-4)
        assert by_name[name].log_sd == pytest.approx(np.log(column).std(ddof=1), rel=1e-4)
    assert region.covariance is not None
    at = [region.covariance.metabolites.index(name) for name in values]
    expected = np.cov(np.log(values["tNAA"]), np.log(values["mI"]))[0, 1]
    assert region.covariance.values[at[0]][at[1]] == pytest.approx(expected, rel=1e-3)


def test_no_person_is_in_it(site: Site) -> None:
    """Neither a pseudonym, nor a digest, nor a value, nor an age of anybody."""
    text = share_of(site).content.decode()
    people = site.regions[0].controls

    for person in people:
        assert person.id not in text
        assert person.input_sha256 not in text
        assert all(repr(at.value) not in text for at in person.values.values())


def test_too_few_people_are_not_shared() -> None:
    """Values of one or two follow from mean and SD; with three there is a share without covariances."""
    for count in (1, 2):
        with pytest.raises(UnusableShare, match="3 controls"):
            share_of(site_of("acc", candidates(count)))
    (region,) = share_of(site_of("acc", candidates(3))).regions
    assert region.covariance is None


def test_small_regions_are_left_out() -> None:
    """The others are shared."""
    pair = [replace(item, analysis=control_analysis(20 + n, region="PCC")) for n, item in enumerate(candidates(2))]
    shared = share_of(site_of("acc", [*candidates(4), *pair]))

    assert [item.region for item in shared.regions] == ["ACC"]


def test_reading_returns_the_same(site: Site) -> None:
    """Canonical bytes, as those of a profile."""
    shared = share_of(site)

    assert read_share(shared.content) == shared
    assert read_share(shared.content).id == shared.id


BROKEN: dict[str, Any] = {
    "holds single people": lambda doc: doc["regions"][0].update(controls=[{"id": "ctl-1"}]),
    "holds single people (member 'values')": lambda doc: doc["regions"][0].update(values={"tNAA": 1.2}),
    "is of 2 people": lambda doc: doc["regions"][0]["metabolites"][0].update(n=2),
    "cannot be": lambda doc: doc["regions"][0]["metabolites"][0].update(mean=-1.0),
    "not known": lambda doc: doc["regions"][0].update(region="elbow"),
    "no file of shared norms": lambda doc: doc.update(kind="mrsquant-site"),
    "is damaged": lambda doc: doc.pop("software"),
}


@pytest.mark.parametrize("words", BROKEN)
def test_a_file_that_is_none_is_refused(site: Site, words: str) -> None:
    """Also when its checksum fits; a profile with people is named as such."""
    document = json.loads(share_of(site).content)
    BROKEN[words](document)

    with pytest.raises(UnusableShare) as caught:
        read_share(resealed(document), "SHARE.json")
    assert words in caught.value.detail


def test_a_profile_is_no_share_and_an_altered_share_is_refused(site: Site) -> None:
    """Whoever sends SITE.json instead is told that it holds people."""
    with pytest.raises(UnusableShare, match="holds single people"):
        read_share(site.content)
    with pytest.raises(UnusableShare, match="was altered"):
        read_share(share_of(site).content.replace(b'"n":8', b'"n":9'))
