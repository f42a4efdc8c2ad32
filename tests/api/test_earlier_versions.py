"""Analyses that earlier versions kept: every page, report and call goes on to answer them, and says what is not known.

``tests/data/stored`` holds one document for each version, as that version wrote it; a released one is never changed.
"""

from __future__ import annotations

import json
from dataclasses import fields, is_dataclass
from pathlib import Path
from types import NoneType
from typing import Any, get_args, get_type_hints

import pytest
from starlette.testclient import TestClient

from fitting.analysis import SCHEMA, Analysis
from service.documents import dump_analysis, load_analysis
from service.storage.database import Database
from service.storage.tables import AnalysisRow
from service.upgrades import UPGRADES, UnknownSchema, upgraded
from tests.api.conftest import StartClient
from tests.fake_pipeline import spectrum

KEPT = Path(__file__).parents[1] / "data" / "stored"
VERSIONS = range(1, SCHEMA)
FROZEN = range(1, SCHEMA + 1)
"""The present version's document is as its first release wrote it, so it lacks what was added since."""


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


@pytest.mark.parametrize("version", FROZEN)
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
    """Reading changes neither the stored document nor what it holds; one of a later program is refused."""
    document = stored(SCHEMA)
    completed = upgraded(document)

    assert document == stored(SCHEMA)
    kept = {name: completed["provenance"][name] for name in document["provenance"]}
    assert kept == document["provenance"]
    assert completed["metabolites"][0]["amplitude"] == document["metabolites"][0]["amplitude"]
    document["provenance"]["schema"] = SCHEMA + 1
    with pytest.raises(UnknownSchema, match=str(SCHEMA + 1)):
        upgraded(document)


def nullable(kind: Any, value: Any, path: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    """Places of a document whose noun may be null there."""
    noun = next((item for item in (kind, *get_args(kind)) if is_dataclass(item)), None)
    found: list[tuple[Any, ...]] = []
    if isinstance(value, dict) and noun is not None:
        hints = get_type_hints(noun)
        for item in fields(noun):
            if NoneType in get_args(hints[item.name]):
                found.append((*path, item.name))
            found += nullable(hints[item.name], value.get(item.name), (*path, item.name))
    elif isinstance(value, list) and value and get_args(kind):
        found += nullable(get_args(kind)[0], value[0], (*path, 0))
    return found


def test_a_stored_document_may_lack_any_nullable_field() -> None:
    """Who adds a field that may be null breaks no stored analysis: each is left out in turn and read as null."""
    places = nullable(Analysis, stored(SCHEMA))
    assert len(places) > 60
    for place in places:
        document = stored(SCHEMA)
        part: Any = document
        for step in place[:-1]:
            part = part[step]
        part.pop(place[-1], None)  # the frozen document may be from before the field
        read: Any = load_analysis(document)
        for step in place:
            read = read[step] if isinstance(step, int) else getattr(read, step)
        assert read is None, place


@pytest.fixture(params=FROZEN)
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


def test_values_not_computed_by_earlier_versions_are_marked(kept: tuple[TestClient, list[str]]) -> None:
    """Values are shown with caution, because they have no verdicts of their own, and unknown numbers are null."""
    client, ids = kept
    answer = client.get(f"/v1/analyses/{ids[0]}").json()
    naa = next(item for item in answer["metabolites"] if item["name"] == "tNAA")
    if answer["provenance"]["schema"] == SCHEMA:
        return  # the present version judges each value

    assert naa["verdict"]["usable"] == "limited"
    assert naa["verdict"]["reasons"][0]["code"] == "not-judged-by-itself"
    assert naa["z"]["p_outside"] is None
    assert answer["quality"]["clipped_samples"] is None
    assert answer["provenance"]["schema"] < SCHEMA


def test_stored_analysis_can_be_signed(kept: tuple[TestClient, list[str]]) -> None:
    """A signature keeps the report of an earlier version like any other, over the document that is stored."""
    client, ids = kept
    place = f"/v1/analyses/{ids[0]}"
    for position, action in enumerate(("review", "sign")):
        body = {"action": action, "position": position, "reviewer": "Dr A. Example"}
        assert client.post(f"{place}/sign-off", json=body).status_code == 200
    assert client.get(f"{place}/report?format=html&version=1").status_code == 200
