"""The worklist shows flags, job and sign-off of each analysis, orders and exports them, and names contradictions."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from starlette.testclient import TestClient

from service.storage.tables import ANALYSES
from tests.fake_pipeline import spectrum
from tests.pages import Element, tree

ROOT = Path(__file__).parents[2]


@pytest.fixture
def ids(client: TestClient) -> list[str]:
    """Three analyses, of which the second has most flags; the first two are of one pseudonym."""
    made = []
    people = (
        {"subject": "sub-1", "session": "ses-1", "sex": "female", "group": "patients", "tags": ["pilot"]},
        {"subject": "sub-1", "session": "ses-2", "sex": "male"},
        {"subject": "sub-2"},
    )
    for place, person in enumerate(people):
        answer = client.post(
            "/v1/analyses",
            files={"metabolite": ("x.json", spectrum(place=place))},
            data={"request": json.dumps({"region": "ACC", **person})},
            headers={"Prefer": "wait=30"},
        )
        made.append(answer.json()["id"])
    with client.app_state["services"].database.changing() as connection:
        for flagged, analysis_id in zip((1, 3, 0), made, strict=True):
            change = ANALYSES.update().where(ANALYSES.c.id == analysis_id)
            connection.execute(change.values(flagged=flagged, compared=6, verdict="yes"))
    return made


def shown(client: TestClient, address: str) -> Element:
    """The table of the list."""
    return tree(client.get(address, headers={"Accept": "text/html"}).text).first("table", class_="analyses")


def order(table: Element) -> list[str]:
    """Ids of the rows."""
    return [box.attributes["value"] for box in table.find("input", name="with")]


def cells(table: Element, place: int) -> dict[str, str]:
    """A row by its headings."""
    rows = table.table()
    headings = [heading.rstrip(" ▼▲") for heading in rows[0]]
    return dict(zip(headings, rows[place + 1], strict=True))


def test_flags_job_and_sign_off_stand_in_their_columns(client: TestClient, ids: list[str]) -> None:
    """A signed report and a finished job are two things."""
    address = f"/v1/analyses/{ids[2]}/sign-off"
    client.post(address, json={"action": "review", "position": 0, "reviewer": "Dr A. Example"})
    row = cells(shown(client, "/"), 0)

    assert (row["Outside"], row["Job"], row["Sign-off"]) == ("0 of 6", "Finished", "Reviewed")
    assert cells(shown(client, "/"), 2)["Outside"] == "1 of 6"
    assert cells(shown(client, "/"), 2)["Sign-off"] == "Draft"


@pytest.mark.parametrize(("sort", "places"), [("newest", [2, 1, 0]), ("oldest", [0, 1, 2]), ("flagged", [1, 0, 2])])
def test_the_list_is_ordered(client: TestClient, ids: list[str], sort: str, places: list[int]) -> None:
    """By time in both directions, and by flags."""
    assert order(shown(client, f"/?sort={sort}")) == [ids[place] for place in places]


@pytest.mark.parametrize(("query", "places"), [("group=patients", [0]), ("tag=pilot", [0]), ("group=none", [])])
def test_the_list_is_narrowed(client: TestClient, ids: list[str], query: str, places: list[int]) -> None:
    """The fields of the form do what those of the interface do."""
    answer = client.get(f"/?{query}").text

    assert [item for item in ids if f'value="{item}"' in answer] == [ids[place] for place in places]


def test_sessions_that_cannot_be_of_one_person_are_marked(client: TestClient, ids: list[str]) -> None:
    """Where they are listed and on the subject's page; another subject is not."""
    rows = [cells(shown(client, "/"), place)["Subject"] for place in range(3)]
    page = client.get("/subjects/sub-1").text

    assert ["not one person" in row for row in rows] == [False, True, True]
    assert "#pilot" in rows[2]
    assert len(ids) == 3
    assert client.get("/subjects/sub-2").text.count("not one person") == 0
    assert "Timeline of sub-1" in page


def test_chosen_analyses_and_filtered_ones_are_exported(client: TestClient, ids: list[str]) -> None:
    """RESULTS.csv of the ticked rows, or of all that a filter selects; a wrong filter is refused."""

    def exported(address: str) -> list[str]:
        answer = client.get(address)
        assert answer.headers["content-type"].startswith("text/csv")
        return list(dict.fromkeys(line.split(",")[0] for line in answer.text.splitlines()[1:]))

    assert exported(f"/export?with={ids[0]}&with={ids[2]}") == [ids[2], ids[0]]
    assert exported("/export?subject=sub-1") == [ids[1], ids[0]]
    assert client.get("/export?from=yesterday").status_code == 422


def test_doubtful_controls_are_not_ticked(client: TestClient, ids: list[str]) -> None:
    """The offer to leave a patient and a repeat out stands beside the good one."""
    page = client.get("/norms?" + "&".join(f"with={item}" for item in ids)).text
    table = tree(page).first("table", class_="analyses")
    ticked = {box.attributes["value"]: "checked" in box.attributes for box in table.find("input", name="with")}

    assert ticked == {ids[0]: False, ids[1]: True, ids[2]: True}
    assert "belongs to the group patients" in table.text()


def test_an_empty_list_offers_the_example(client: TestClient) -> None:
    """The spectrum that comes with the program is the one of the examples."""
    answer = client.get("/").text
    made = client.post("/example", follow_redirects=False)
    row = client.get(made.headers["location"].replace("/analyses", "/v1/analyses")).json()

    assert 'action="/example"' in answer
    assert made.status_code == 303
    assert row["subject"] == "example"
    for name in ("acc_press30.nii.gz", "acc_press30_water.nii.gz"):
        packaged = ROOT / "service" / "pages" / "example" / name
        assert packaged.read_bytes() == (ROOT / "examples" / name).read_bytes()
