"""The worklist shows flags, job and sign-off of each analysis, orders and exports them, and names contradictions."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from starlette.testclient import TestClient

from service.pages import list_order
from service.storage.summaries import summary_of
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
    verdicts, volumes = ("limited", "yes", "no"), (15.0, 15.0, 8.0)
    with client.app_state["services"].database.changing() as connection:
        for place, analysis_id in enumerate(made):
            flags = dict([("tNAA", "below"), ("mI", "above"), ("Glu", "above")][: (1, 3, 0)[place]])
            facts = {"region": "ACC", "volume_ml": volumes[place], "sex": people[place].get("sex")}
            values = {"flagged": len(flags), "compared": 6, "verdict": verdicts[place]}
            change = ANALYSES.update().where(ANALYSES.c.id == analysis_id)
            connection.execute(change.values(**values, summary={"flags": flags, "facts": facts}))
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
    headings = [heading.rstrip("\u00a0 ▼▲") for heading in rows[0]]
    return dict(zip(headings, rows[place + 1], strict=True))


def test_list_names_what_is_not_informative(client: TestClient, ids: list[str]) -> None:
    """Beside the comparisons that count."""
    summary = {"flags": {}, "uninformative": ["Gln", "Glx"], "facts": {}}
    with client.app_state["services"].database.changing() as connection:
        connection.execute(ANALYSES.update().where(ANALYSES.c.id == ids[2]).values(summary=summary))

    assert cells(shown(client, "/"), 0)["Outside"] == "0 of 6; not informative: Gln, Glx"


def test_summary_parts_informative_comparisons_from_others() -> None:
    """A comparison counts unless it is called not informative; analyses of earlier versions do not say."""
    judged = {"tNAA": ("below", True), "mI": ("above", None), "Gln": ("below", False), "Glu": ("within", False)}
    metabolites = [
        {"name": name, "z": {"flag": flag, "informative": informative}} for name, (flag, informative) in judged.items()
    ]
    found = summary_of({"metabolites": [*metabolites, {"name": "Lac", "z": None}], "acquisition": {"region": "ACC"}})

    assert found["flags"] == {"tNAA": "below", "mI": "above"}
    assert found["uninformative"] == ["Gln", "Glu"]


def test_flags_job_and_sign_off_stand_in_their_columns(client: TestClient, ids: list[str]) -> None:
    """A signed report and a finished job are two things."""
    address = f"/v1/analyses/{ids[2]}/sign-off"
    client.post(address, json={"action": "review", "position": 0, "reviewer": "Dr A. Example"})
    row = cells(shown(client, "/"), 0)

    assert (row["Outside"], row["Job"], row["Sign-off"]) == ("0 of 6", "Finished", "Reviewed")
    assert cells(shown(client, "/"), 2)["Outside"] == "1 of 6 tNAA Below"
    assert cells(shown(client, "/"), 1)["Outside"] == "3 of 6 tNAA Below mI Above Glu Above"
    assert cells(shown(client, "/"), 2)["Sign-off"] == "Draft"


@pytest.mark.parametrize(
    ("sort", "places"),
    [
        ("newest", [2, 1, 0]),
        ("oldest", [0, 1, 2]),
        ("subject", [1, 0, 2]),
        ("-subject", [2, 1, 0]),
        ("region", [2, 1, 0]),
        ("verdict", [2, 0, 1]),
        ("-verdict", [1, 0, 2]),
        ("flagged", [1, 0, 2]),
        ("-flagged", [2, 0, 1]),
        ("state", [2, 1, 0]),
        ("sign_off", [2, 1, 0]),
        ("-sign_off", [0, 2, 1]),
        ("nonsense", [2, 1, 0]),
    ],
)
def test_the_list_is_ordered_by_each_column(client: TestClient, ids: list[str], sort: str, places: list[int]) -> None:
    """What needs attention first, or turned round; equal ones stay newest first."""
    review = {"action": "review", "position": 0, "reviewer": "Dr A. Example"}
    client.post(f"/v1/analyses/{ids[0]}/sign-off", json=review)

    assert order(shown(client, f"/?sort={sort}")) == [ids[place] for place in places]


def test_each_heading_orders_and_turns_round(client: TestClient, ids: list[str]) -> None:
    """The heading says which way the list runs, keeps the filter, and its link turns it."""
    address = "/?region=ACC&sort=verdict"
    for direction in ("ascending", "descending"):
        heads = [head for head in shown(client, address).find("th", scope="col") if "aria-sort" in head.attributes]
        assert [(head.text()[:7], head.attributes["aria-sort"]) for head in heads] == [("Verdict", direction)]
        address = heads[0].first("a").attributes["href"]
        assert "region=ACC" in address
    assert len(ids) == 3


def test_every_analysis_is_on_one_page_of_each_order(
    client: TestClient, ids: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Pages of what is sorted together, then of the older ones, hold all once; the page says how many are sorted."""
    monkeypatch.setattr(list_order, "WINDOW", 2)
    monkeypatch.setattr(list_order, "PAGE_LENGTH", 1)
    for sort in list_order.SORTS[2:]:
        found, address = [], f"/?sort={sort}"
        while address:
            page = tree(client.get(address, headers={"Accept": "text/html"}).text)
            found += order(page.first("table", class_="analyses"))
            assert len(found) == 3 or "are sorted together" in page.text()
            address = next((link.attributes["href"] for link in page.find("a", rel="next")), "")

        assert sorted(found) == sorted(ids), sort
        assert found[2] == ids[0], sort


def test_numbers_within_names_count_as_numbers(client: TestClient) -> None:
    """sub-2 stands before sub-10, whatever was submitted first, and an analysis without a subject last."""
    for place, subject in enumerate(("sub-10", "sub-2", None)):
        request = {} if subject is None else {"subject": subject}
        files = {"metabolite": ("x.json", spectrum(place=place))}
        client.post("/v1/analyses", files=files, data={"request": json.dumps(request)}, headers={"Prefer": "wait=30"})
    for sort, expected in (
        ("subject", ["sub-2", "sub-10", "not given"]),
        ("-subject", ["sub-10", "sub-2", "not given"]),
    ):
        table = shown(client, f"/?sort={sort}")

        assert [cells(table, place)["Subject"].strip() for place in range(3)] == expected


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


def test_a_session_is_doubted_because_of_one_that_is_not_shown(client: TestClient, ids: list[str]) -> None:
    """The other session may be months older, or filtered away."""
    table = shown(client, "/?group=patients")

    assert order(table) == [ids[0]]
    assert "ses-1 and ses-2 give different sexes" in cells(table, 0)["Subject"]


def test_two_volumes_of_one_subject_are_marked(client: TestClient, ids: list[str]) -> None:
    """Sizes come from the results: 15 and 8 ml of one region are not one volume."""
    with client.app_state["services"].database.changing() as connection:
        connection.execute(ANALYSES.update().where(ANALYSES.c.id == ids[2]).values(subject="sub-1"))

    assert "15 and 8 ml of ACC: not one volume" in cells(shown(client, "/"), 0)["Subject"]


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
    """The offer to leave a patient out stands beside the good ones."""
    with client.app_state["services"].database.changing() as connection:
        connection.execute(ANALYSES.update().values(verdict="yes"))
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
