"""Calibrated scanners over HTTP: made of analyses or a file, used by later analyses, withdrawn with their people."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from starlette.testclient import TestClient

from fitting.analysis import Analysis
from fitting.model.result import Traces
from fitting.run import Job
from fitting.run.learning import not_learned
from fitting.run.pins import values_digest
from fitting.sites import read_share, read_site, site_of
from service.app import create_app
from service.settings import Settings
from service.storage.upkeep import Upkeep
from tests import fake_pipeline
from tests.clients import on_this_machine
from tests.data.controls_of_site import candidates, control_analysis
from tests.fake_pipeline import example_traces, spectrum

SEEN: list[Job] = []
"""Jobs as workers get them."""


def analyse(job: Job, cache_dir: Path | None = None) -> tuple[Analysis, Traces]:
    """The person whose number the file holds."""
    SEEN.append(job)
    said = json.loads(job.metabolite[0].content)
    made = control_analysis(said["person"], region=job.subject.region, **said.get("facts", {}))
    made = replace(made, verdict=replace(made.verdict, usable=said.get("usable", "yes")))
    return made, example_traces()


def started(tmp_path: Path, **settings: Any) -> TestClient:
    chosen = Settings(data_dir=tmp_path / "data", cache_dir=tmp_path / "cache", executor="inline:", **settings)
    return on_this_machine(create_app(chosen, analyse=analyse, inspect=fake_pipeline.inspect))


@pytest.fixture
def client(tmp_path: Path) -> Iterator[TestClient]:
    with started(tmp_path) as client:
        yield client


def submitted(client: TestClient, person: int, *, region: str = "ACC", group: str | None = None, **said: Any) -> str:
    request = {"region": region, "subject": f"ctl-{person:02d}", **({} if group is None else {"group": group})}
    answer = client.post(
        "/v1/analyses",
        files={"metabolite": ("x", spectrum(person=person, **said))},
        data={"request": json.dumps(request)},
        headers={"Prefer": "wait=20"},
    )
    assert answer.status_code == 200, answer.text
    return str(answer.json()["id"])


@pytest.fixture
def eight(client: TestClient) -> list[str]:
    """Analyses of eight healthy people."""
    return [submitted(client, person) for person in range(1, 9)]


def calibrate(client: TestClient, analyses: list[str], name: str = "prisma-acc") -> Any:
    return client.post("/v1/sites", json={"name": name, "analyses": analyses})


def test_analyses_become_a_site(client: TestClient, eight: list[str]) -> None:
    """The answer says what it holds for and who its controls are, without values of single people."""
    answer = calibrate(client, eight)
    made = answer.json()

    assert answer.status_code == 201, answer.text
    assert answer.headers["Location"] == f"/v1/sites/{made['id']}"
    assert (made["name"], made["people"], made["regions"][0]["n"]) == ("prisma-acc", 8, 8)
    assert made["acquisition"]["sequence"] == "PRESS"
    assert "ctl-03" not in answer.text
    assert client.get("/v1/sites").json()["items"] == [made]


def test_the_file_is_that_of_the_command(client: TestClient, eight: list[str]) -> None:
    """Its SHA-256 is the id, reading it gives the site, and the same people give the same bytes without a server."""
    made = calibrate(client, eight).json()
    answer = client.get(f"/v1/sites/{made['id']}")

    assert answer.headers["content-type"] == "application/json"
    assert 'filename="prisma-acc.json"' in answer.headers["content-disposition"]
    assert hashlib.sha256(answer.content).hexdigest() == made["id"]
    expected = site_of("prisma-acc", candidates(8))
    assert answer.content == replace(expected, warnings=(*expected.warnings, NOT_KEPT)).content


def test_a_file_becomes_a_site(client: TestClient) -> None:
    """What mrsquant calibrate wrote is stored as it is; sending it again changes nothing."""
    site = site_of("prisma-acc", candidates(3))
    first = client.post("/v1/sites", content=site.content)
    again = client.post("/v1/sites", content=site.content, headers={"Content-Type": "application/json"})

    assert (first.status_code, again.status_code) == (201, 200)
    assert first.json() == again.json()
    assert first.json()["id"] == site.id


def test_later_analyses_carry_the_newest_sites(client: TestClient, eight: list[str]) -> None:
    """The content travels with the job, newest first, one of each name; an earlier request is answered anew."""
    calibrate(client, eight[:3])
    newer = calibrate(client, eight).json()
    other = calibrate(client, eight[:2], name="other").json()
    SEEN.clear()
    renewed = submitted(client, 1)

    assert [site.id for site in SEEN[0].sites] == [other["id"], newer["id"]]
    assert renewed != eight[0]


def test_spectra_unfit_as_controls_are_listed(client: TestClient, eight: list[str]) -> None:
    """A patient, an unusable spectrum, a second one of a person: named with the reason."""
    more = [
        submitted(client, 20, group="patient"),
        submitted(client, 21, usable="no"),
        submitted(client, 3, facts={"age_years": 77}),
    ]
    made = calibrate(client, [*eight, *more]).json()

    assert [item["code"] for item in made["left_out"]] == ["not-a-control", "control-not-usable", "spectrum-repeated"]
    assert made["people"] == 8


@pytest.mark.parametrize(
    ("facts", "words"), [({"echo_time": 0.08}, "echo time"), ({"scanner_model": "Another"}, "scanner")]
)
def test_mixed_controls_are_refused(client: TestClient, eight: list[str], facts: dict[str, Any], words: str) -> None:
    """With the property in which they differ."""
    answer = calibrate(client, [*eight, submitted(client, 9, facts=facts)])

    assert (answer.status_code, answer.json()["code"]) == (400, "unusable-controls")
    assert words in answer.json()["detail"]


NOT_KEPT = not_learned(
    "The scanner's macromolecules cannot be learned: the files of 8 of 8 controls are not stored any more. Submit the "
    "spectra again with keep_files, or calibrate with mrsquant calibrate."
)
NO_PEOPLE = "019ab2f0-6f3e-7c51-9a51-0c1f5ad5a1be"
BAD: dict[str, tuple[Any, int, str]] = {
    "no analyses": ({"name": "a", "analyses": []}, 400, "unusable-controls"),
    "unknown analysis": (
        {"name": "a", "analyses": [NO_PEOPLE]},
        404,
        "analysis-not-found",
    ),
    "wrong name": ({"name": "Ward 3", "analyses": []}, 422, "invalid-request"),
    "unknown field": ({"name": "a", "analyses": [], "more": 1}, 422, "invalid-request"),
    "other kind": ({"kind": "holiday"}, 400, "unusable-site"),
    "empty profile": ({"kind": "mrsquant-site", "schema": 1}, 400, "unusable-site"),
    "list": ([], 422, "invalid-request"),
}


@pytest.mark.parametrize("name", BAD)
def test_a_bad_body_is_refused(client: TestClient, name: str) -> None:
    """With the code of what is wrong."""
    body, status, code = BAD[name]
    answer = client.post("/v1/sites", json=body)

    assert (answer.status_code, answer.json()["code"]) == (status, code)


def test_no_json_and_an_altered_file_are_refused(client: TestClient) -> None:
    """Before anything is stored."""
    content = site_of("prisma-acc", candidates(2)).content.replace(b'"ctl-01"', b'"ctl-09"')
    broken, altered = client.post("/v1/sites", content=b"{"), client.post("/v1/sites", content=content)

    assert (broken.status_code, broken.json()["code"]) == (400, "malformed-request")
    assert (altered.status_code, altered.json()["code"]) == (400, "unusable-site")
    assert client.get("/v1/sites").json()["items"] == []


def test_a_withdrawn_site_is_gone(client: TestClient, eight: list[str]) -> None:
    """It is neither listed nor read nor used, and an older one of its name does not come back."""
    older, newer = calibrate(client, eight[:4]).json(), calibrate(client, eight).json()

    assert client.delete(f"/v1/sites/{newer['id']}").status_code == 204
    assert client.get("/v1/sites").json()["items"] == []
    gone = client.get(f"/v1/sites/{newer['id']}")
    assert (gone.status_code, gone.json()["code"]) == (404, "site-not-found")
    assert client.delete(f"/v1/sites/{newer['id']}").status_code == 404
    assert client.get(f"/v1/sites/{older['id']}").status_code == 200


def test_removed_analysis_removes_its_person_from_the_site(client: TestClient, eight: list[str]) -> None:
    """Another site without the person takes the place; the old content is gone."""
    before = calibrate(client, eight).json()
    assert client.delete(f"/v1/analyses/{eight[2]}").status_code == 204
    (after,) = client.get("/v1/sites").json()["items"]

    assert client.get(f"/v1/sites/{before['id']}").status_code == 404
    assert (after["name"], after["people"], after["created"]) == (before["name"], 7, before["created"])
    content = client.get(f"/v1/sites/{after['id']}").content
    assert b"ctl-03" not in content
    assert read_site(content).people == 7
    for analysis in (*eight[:2], *eight[3:]):
        client.delete(f"/v1/analyses/{analysis}")
    assert client.get("/v1/sites").json()["items"] == []


def test_expired_analyses_leave_their_values(client: TestClient, eight: list[str]) -> None:
    """Retention removes analyses; the calibration made on purpose is kept until it is withdrawn."""
    made = calibrate(client, eight).json()
    services = client.app_state["services"]
    upkeep = Upkeep(services.database, services.storage.blobs)

    assert upkeep.expire(datetime.now(UTC) + timedelta(days=1)) == 8
    assert client.get("/v1/sites").json()["items"] == [made]
    assert services.sites.sources(made["id"]) == {}


def test_a_site_of_another_version_is_marked(client: TestClient, eight: list[str]) -> None:
    """Sites hold for programs that compute values alike; the list says which ones do."""
    made = calibrate(client, eight).json()

    assert made["processing"]["engine"] != values_digest()
    assert made["is_current"] is False


def test_a_folder_of_sites_is_read_at_start(tmp_path: Path) -> None:
    """Its files are sites of the project ``default``; the same folder again changes nothing."""
    folder = tmp_path / "sites"
    folder.mkdir()
    site = site_of("prisma-acc", candidates(3))
    (folder / "a.json").write_bytes(site.content)
    answers = []
    for _ in range(2):
        with started(tmp_path, sites_path=folder) as client:
            answers.append(client.get("/v1/sites").json()["items"])

    assert answers[0] == answers[1]
    assert [item["id"] for item in answers[0]] == [site.id]


def test_scores_use_the_sites(client: TestClient) -> None:
    """A value that was computed as the site's people is compared with them."""
    site = site_of("prisma-acc", candidates(20))
    client.post("/v1/sites", content=site.content)
    facts = site.acquisition
    answer = client.post(
        "/v1/scores",
        json={
            "metabolite": "tNAA", "value": 1.2, "sd": 0.03, "region": "ACC", "hemisphere": "midline",
            "field_t": facts.field_t, "echo_time": facts.echo_time, "sequence": facts.sequence,
            "software": site.processing.software,
        },
    )  # fmt: skip

    assert answer.status_code == 200, answer.text
    assert answer.json()["norm"]["id"].startswith("site.prisma-acc.")


def test_what_may_be_shared_holds_no_person(client: TestClient, eight: list[str]) -> None:
    """A further laboratory for others; two people are not shared."""
    made = calibrate(client, eight).json()
    answer = client.get(f"/v1/sites/{made['id']}/share")
    few = calibrate(client, eight[:2], name="few").json()
    refused = client.get(f"/v1/sites/{few['id']}/share")

    assert answer.status_code == 200
    assert b"ctl-" not in answer.content
    assert read_share(answer.content).regions[0].n == 8
    assert (refused.status_code, refused.json()["code"]) == (400, "unusable-share")
