"""The list by group and tag, in each order, and what an older database gains by its migration."""

from __future__ import annotations

import json
from importlib.resources import files
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
from alembic import command
from alembic.config import Config
from starlette.testclient import TestClient

from service.app import create_app
from service.settings import Settings
from service.storage.database import Database
from service.storage.lists import Filters, Order
from service.storage.repositories import AnalysisRepository
from tests import fake_pipeline
from tests.clients import on_this_machine
from tests.fake_pipeline import spectrum

PEOPLE: tuple[dict[str, Any], ...] = (
    {"subject": "sub-1", "group": "patients", "tags": ["pilot", "second"]},
    {"subject": "sub-2", "group": "controls", "tags": ["pilot"]},
    {"subject": "sub-3", "group": "patients", "region": "PCC"},
    {"subject": "sub-4"},
)


def submit(client: TestClient) -> list[str]:
    """Ids of one analysis for each of ``PEOPLE``."""
    made = []
    for place, person in enumerate(PEOPLE):
        answer = client.post(
            "/v1/analyses",
            files={"metabolite": ("x.json", spectrum(place=place))},
            data={"request": json.dumps({"region": "ACC", **person})},
            headers={"Prefer": "wait=30"},
        )
        assert answer.json()["state"] == "succeeded", answer.text
        made.append(answer.json()["id"])
    return made


@pytest.mark.parametrize(
    ("query", "places"),
    [
        ("group=patients", [2, 0]),
        ("group=patients&region=PCC", [2]),
        ("group=patients&subject=sub-1", [0]),
        ("tag=pilot", [1, 0]),
        ("tag=pilot&group=controls", [1]),
        ("tag=second&region=PCC", []),
        ("tag=nothing", []),
    ],
)
def test_a_list_is_narrowed_by_group_and_tag(client: TestClient, query: str, places: list[int]) -> None:
    """Each alone and beside other filters, as JSON and as CSV."""
    ids = submit(client)
    found = client.get(f"/v1/analyses?{query}").json()["items"]
    rows = client.get(f"/v1/analyses?{query}&format=csv").text.splitlines()[1:]

    assert [item["id"] for item in found] == [ids[place] for place in places]
    assert list(dict.fromkeys(row.split(",")[0] for row in rows)) == [ids[place] for place in places]


def test_pages_of_a_tag_follow_each_other(client: TestClient) -> None:
    """The cursor holds where the order comes from the table of tags."""
    ids = submit(client)
    first = client.get("/v1/analyses?tag=pilot&limit=1").json()
    second = client.get(f"/v1/analyses?tag=pilot&limit=1&cursor={first['next_cursor']}").json()

    assert [first["items"][0]["id"], second["items"][0]["id"]] == [ids[1], ids[0]]
    assert second["next_cursor"] is None


def test_removing_an_analysis_removes_its_tags(client: TestClient) -> None:
    """A tag names nothing that is gone."""
    ids = submit(client)
    assert client.delete(f"/v1/analyses/{ids[0]}").status_code == 204

    assert [item["id"] for item in client.get("/v1/analyses?tag=pilot").json()["items"]] == [ids[1]]


@pytest.mark.parametrize("order", ["newest", "oldest"])
def test_each_order_is_paged_without_loss(client: TestClient, order: Order) -> None:
    """One row a page gives the same rows as one page, whatever repeats."""
    submit(client)
    repository: AnalysisRepository = client.app_state["services"].repository
    whole = [row.id for row in repository.page(Filters(), None, 10, order=order).rows]
    paged, cursor = [], None
    for _ in whole:
        page = repository.page(Filters(), cursor, 1, order=order)
        paged += [row.id for row in page.rows]
        cursor = page.next_cursor

    assert paged == whole
    assert cursor is None
    assert (whole == sorted(whole)) is (order == "oldest")


def test_an_older_database_gains_groups_tags_and_flags(tmp_path: Path) -> None:
    """The migration takes them from the stored documents."""
    settings = Settings(data_dir=tmp_path / "data", cache_dir=tmp_path / "cache", executor="inline:")
    app = create_app(settings, analyse=fake_pipeline.analyse, inspect=fake_pipeline.inspect)
    with on_this_machine(app) as client:
        submit(client)
        before = _columns(settings.database_url)
    engine = sa.create_engine(settings.database_url)
    with engine.begin() as connection:
        config = Config()
        config.set_main_option("script_location", str(files("service.storage") / "migrations"))
        config.attributes["connection"] = connection
        command.downgrade(config, "0013")
    engine.dispose()
    database = Database(settings.database_url)
    database.migrate()
    database.close()

    assert before[0][:3] == ("patients", 1, 0)
    assert json.loads(before[0][3])["flags"] == {}
    assert json.loads(before[0][3])["facts"]["region"] == "ACC"
    assert _columns(settings.database_url) == before


def _columns(url: str) -> list[Any]:
    engine = sa.create_engine(url)
    with engine.connect() as connection:
        rows = connection.execute(
            sa.text("SELECT study_group, compared, flagged, summary FROM analyses ORDER BY created")
        )
        tags = connection.execute(sa.text("SELECT tag, project, created FROM analysis_tags ORDER BY created, tag"))
        found = [*map(tuple, rows), *map(tuple, tags)]
    engine.dispose()
    return found
