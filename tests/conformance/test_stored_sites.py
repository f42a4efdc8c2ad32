"""Calibrated scanners on SQLite and PostgreSQL: the newest of each name, at any time, and removal of persons."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path

import pytest

from fitting.sites import Site, site_of
from service.errors import UnknownSite
from service.storage.database import Database
from service.storage.sites import SiteRepository, forget_control, newest_site_ids
from tests.data.controls_of_site import candidates


@pytest.fixture(params=["sqlite", "postgresql"])
def database(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Database]:
    is_file = request.param == "sqlite"
    url = f"sqlite:///{tmp_path}/test.sqlite3" if is_file else request.getfixturevalue("server").new_database()
    with closing(Database(str(url))) as opened:
        opened.migrate()
        yield opened


@pytest.fixture
def sites(database: Database) -> SiteRepository:
    return SiteRepository(database)


def made(count: int, name: str = "acc") -> Site:
    return site_of(name, candidates(count))


def sources(site: Site) -> dict[str, str]:
    """One analysis for each control."""
    return {f"analysis-{item.id}": item.input_sha256 for region in site.regions for item in region.controls}


def ids(sites: SiteRepository, project: str = "default") -> list[str]:
    return [stored.site.id for stored in sites.newest(project)]


def test_a_site_is_returned_byte_for_byte(sites: SiteRepository) -> None:
    """Whatever the database does with text."""
    site = made(4)
    sites.add(site, {})

    assert sites.get(site.id).site.content == site.content


def test_the_newest_of_each_name_is_used_and_a_request_keeps_its_own(sites: SiteRepository) -> None:
    """A later calibration changes no earlier request; the same one again is no new one."""
    old, new, other = made(2), made(3), made(2, "pcc")
    sites.add(old, {})
    then = datetime.now(UTC)
    sites.add(new, {})
    sites.add(other, {})

    assert sites.add(other, {})[1] is False
    assert ids(sites) == [other.id, new.id]
    assert [site.id for site in sites.newest_at("default", then)] == [old.id]
    assert ids(sites, "elsewhere") == []
    sites.add(old, {})
    assert ids(sites) == [old.id, other.id]


def test_other_projects_do_not_see_it(sites: SiteRepository) -> None:
    """Nor may they withdraw it; the same file may be theirs too."""
    site = made(2)
    sites.add(site, {}, "one")

    with pytest.raises(UnknownSite):
        sites.get(site.id, "two")
    with pytest.raises(UnknownSite):
        sites.withdraw(site.id, "two")
    sites.add(site, {}, "two")
    sites.withdraw(site.id, "two")
    assert ids(sites, "one") == [site.id]


def test_a_removed_person_leaves_every_site(sites: SiteRepository, database: Database) -> None:
    """In each project; the links of the others go on, until nobody is left."""
    site = made(3)
    sites.add(site, sources(site))
    for number, left in ((2, 2), (1, 1)):
        with database.changing() as connection:
            forget_control(connection, f"analysis-ctl-{number:02d}", keeps_values=False)
        (stored,) = sites.newest()
        assert stored.site.people == left
        assert f"ctl-{number:02d}".encode() not in stored.site.content
        assert len(sites.sources(stored.site.id)) == left
    with database.changing() as connection:
        forget_control(connection, "analysis-ctl-03", keeps_values=False)
    assert ids(sites) == []


def test_an_expired_analysis_loses_its_link_only(sites: SiteRepository, database: Database) -> None:
    """The values stay, and no id of an analysis that is gone."""
    site = made(2)
    sites.add(site, sources(site))
    with database.changing() as connection:
        forget_control(connection, "analysis-ctl-01", keeps_values=True)

    assert ids(sites) == [site.id]
    assert list(sites.sources(site.id)) == ["analysis-ctl-02"]


def test_a_withdrawn_site_may_come_again(sites: SiteRepository, database: Database) -> None:
    """Its content is gone until the file is sent anew."""
    site = made(2)
    sites.add(site, sources(site))
    sites.withdraw(site.id)

    with pytest.raises(UnknownSite):
        sites.get(site.id)
    with database.asking() as connection:
        assert newest_site_ids(connection, "default") == []
    sites.add(site, {})
    assert ids(sites) == [site.id]
