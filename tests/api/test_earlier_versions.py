"""Analyses that earlier versions kept: every page, report and call goes on to answer them, and says what is not known.

``tests/data/stored`` holds one document for each version, as that version wrote it; a released one is never changed.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from starlette.testclient import TestClient

from fitting.analysis import SCHEMA
from service.storage.database import Database
from service.storage.documents import dump_analysis, load_analysis
from service.storage.tables import AnalysisRow
from service.storage.upgrades import UPGRADES, UnknownSchema, upgraded
from tests.api.conftest import StartClient
from tests.fake_pipeline import spectrum

KEPT = Path(__file__).parents[1] / "data" / "stored"
VERSIONS = range(1, SCHEMA)


def stored(version: int) -> dict[str, Any]:
    document: dict[str, Any] = json.loads((KEPT / f"analysis_schema_{version}.json").read_text())
    return document


def leaves(value: object) -> list[object]:
    if isinstance(value, dict):
        return [leaf for item in value.values() for leaf in leaves(item)]
    return [leaf for item in value for leaf in leaves(item)] if isinstance(value, list) else [value]


def test_every_earlier_version_has_its_step() -> None:
    """Who raises the version writes the step to it."""
    assert set(UPGRADES) == set(VERSIONS)


@pytest.mark.parametrize("version", VERSIONS)
def test_a_step_invents_no_number(version: int) -> None:
    """Everything that was kept is there unchanged, and nothing that was added is a number."""
    before = stored(version)
    after = json.loads(dump_analysis(load_analysis(before)))

    def compare(old: Any, new: Any) -> None:
        if isinstance(old, dict):
            assert old.keys() <= new.keys()
            for name in new:
                if name in old:
                    compare(old[name], new[name])
                else:
                    assert not any(isinstance(leaf, (bool, int, float)) for leaf in leaves(new[name])), name
        elif isinstance(old, list):
            assert len(old) == len(new)
            for one, other in zip(old, new, strict=True):
                compare(one, other)
        else:
            assert old == new

    compare(before, after)


def test_a_present_document_stays_as_it_is() -> None:
    """The step is for earlier ones only, and one of a later program is refused rather than half understood."""
    document = {**stored(1), "provenance": {**stored(1)["provenance"], "schema": SCHEMA}}

    assert upgraded(document) is document
    document["provenance"]["schema"] = SCHEMA + 1
    with pytest.raises(UnknownSchema, match=str(SCHEMA + 1)):
        upgraded(document)


@pytest.fixture(params=VERSIONS)
def kept(request: pytest.FixtureRequest, start: StartClient, tmp_path: Path) -> tuple[TestClient, list[str]]:
    """A service whose two analyses were computed by an earlier version."""
    client = start()
    ids = []
    for session in ("ses-01", "ses-02"):
        asked = {"region": "ACC", "subject": "sub-3", "session": session}
        answer = client.post(
            "/v1/analyses",
            files={"metabolite": ("x.json", spectrum())},
            data={"request": json.dumps(asked)},
            headers={"Prefer": "wait=30"},
        )
        ids.append(answer.json()["id"])
    database = Database(f"sqlite:///{tmp_path / 'data' / 'mrsquant.sqlite3'}")
    with database.writing() as session:
        for analysis_id in ids:
            session.get_one(AnalysisRow, analysis_id).result = stored(request.param)
    database.close()
    return client, ids


PLACES = (
    "/",
    "/v1/analyses",
    "/v1/analyses/{0}",
    "/v1/analyses/{0}/traces",
    "/v1/analyses/{0}/events",
    "/v1/analyses/{0}/sign-off",
    *(f"/v1/analyses/{{0}}/report?format={name}" for name in ("html", "json", "csv", "pdf")),
    "/analyses/{0}",
    "/compare?with={0}&with={1}",
    "/subjects/sub-3",
)


def test_everything_answers(kept: tuple[TestClient, list[str]]) -> None:
    """Each place where an analysis is shown."""
    client, ids = kept
    answers = {place: client.get(place.format(*ids)).status_code for place in PLACES}

    assert answers == dict.fromkeys(PLACES, 200)


def test_what_was_not_computed_is_said(kept: tuple[TestClient, list[str]]) -> None:
    """Values are shown with caution, for nobody judged them by themselves, and unknown numbers are null."""
    client, ids = kept
    answer = client.get(f"/v1/analyses/{ids[0]}").json()
    naa = next(item for item in answer["metabolites"] if item["name"] == "tNAA")

    assert naa["verdict"]["usable"] == "limited"
    assert naa["verdict"]["reasons"][0]["code"] == "not-judged-by-itself"
    assert naa["z"]["p_outside"] is None
    assert answer["quality"]["clipped_samples"] is None
    assert answer["provenance"]["schema"] < SCHEMA


def test_it_can_be_signed(kept: tuple[TestClient, list[str]]) -> None:
    """A signature keeps the report of an earlier version like any other, over the document that is stored."""
    client, ids = kept
    place = f"/v1/analyses/{ids[0]}"
    for position, action in enumerate(("review", "sign")):
        body = {"action": action, "position": position, "reviewer": "Dr A. Example"}
        assert client.post(f"{place}/sign-off", json=body).status_code == 200
    assert client.get(f"{place}/report?format=html&version=1").status_code == 200
