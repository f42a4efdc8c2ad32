"""Sign-off over HTTP: who may do what when, what a signature keeps, and what an amendment adds."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from starlette.testclient import TestClient

from service.errors import SignedAnalysis
from service.storage.repositories import AnalysisRepository
from service.storage.upkeep import Upkeep
from tests.fake_pipeline import spectrum
from tests.openapi import ACCESS

REVIEWER = "Dr A. Example"


@pytest.fixture
def analysis(client: TestClient) -> str:
    """Address of a finished analysis."""
    answer = client.post(
        "/v1/analyses",
        files={"metabolite": ("x.json", spectrum())},
        data={"request": json.dumps({"region": "ACC", "subject": "sub-3"})},
        headers={"Prefer": "wait=30"},
    )
    assert answer.status_code == 200
    return f"/v1/analyses/{answer.json()['id']}"


def step(client: TestClient, analysis: str, action: str, **more: Any) -> Any:
    now = client.get(f"{analysis}/sign-off").json()
    body = {"action": action, "position": now["position"], "reviewer": REVIEWER, **more}
    return client.post(f"{analysis}/sign-off", json=body)


def test_from_draft_to_an_amended_report(client: TestClient, analysis: str) -> None:
    """Each step leads to the state it says, and the report says by whom and when."""
    assert client.get(f"{analysis}/sign-off").json() == {
        "version": 1, "state": "draft", "position": 0, "allowed": ["review"], "signed_versions": [],
        "impression": None, "steps": [],
    }  # fmt: skip
    assert step(client, analysis, "review", comment="Lines checked").json()["state"] == "reviewed"
    signed = step(client, analysis, "sign").json()
    first = client.get(f"{analysis}/report?format=html").text
    amended = step(client, analysis, "amend", amendment="The voxel lay dorsally.").json()
    draft = client.get(f"{analysis}/report?format=html").text

    assert (signed["state"], signed["version"], signed["signed_versions"]) == ("signed", 1, [1])
    assert f"Version 1 signed by {REVIEWER}" in first
    assert signed["steps"][-1]["content_sha256"] in first
    assert "Comment: Lines checked" in first
    assert (amended["state"], amended["version"], amended["signed_versions"]) == ("draft", 2, [1])
    assert "The voxel lay dorsally." in draft
    assert "Version 1 was signed by" in draft
    assert client.get(f"{analysis}/report?format=html&version=1").text == first

    step(client, analysis, "review")
    again = step(client, analysis, "sign").json()
    assert again["signed_versions"] == [1, 2]
    assert client.get(f"{analysis}/report?format=html&version=1").text == first
    assert "The voxel lay dorsally." in client.get(f"{analysis}/report?format=html").text
    assert again["steps"][-1]["content_sha256"] != signed["steps"][-1]["content_sha256"]


@pytest.mark.parametrize("format", ["html", "pdf", "csv", "json"])
def test_a_signed_version_never_changes(
    client: TestClient, analysis: str, format: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What is answered after the signature are the bytes that were signed, whatever rendering would say today."""
    step(client, analysis, "review")
    step(client, analysis, "sign")
    before = client.get(f"{analysis}/report?format={format}").content
    monkeypatch.setattr("service.reports.render", None)
    monkeypatch.setattr("service.api.reports.render", None)

    assert client.get(f"{analysis}/report?format={format}").content == before
    assert client.get(f"{analysis}/report?format={format}&version=1").content == before


def test_a_signed_report_that_was_changed_on_disk_is_not_shown(
    client: TestClient, analysis: str, tmp_path: Any
) -> None:
    """The digest of the signature is compared each time."""
    step(client, analysis, "review")
    digest = step(client, analysis, "sign").json()["steps"][-1]["report_sha256"]
    (kept,) = (tmp_path / "data" / "blobs").glob(f"*/{digest}")
    kept.write_bytes(kept.read_bytes().replace(b"tNAA", b"tCho"))
    answer = client.get(f"{analysis}/report?format=html")

    assert (answer.status_code, answer.json()["code"]) == (500, "damaged-signed-report")


@pytest.mark.parametrize(
    ("before", "action"),
    [((), "sign"), ((), "return"), ((), "amend"), (("review",), "review"), (("review", "sign"), "sign"),
     (("review", "sign"), "return"), (("review", "sign"), "review")],
)  # fmt: skip
def test_a_step_that_is_not_possible_is_refused(
    client: TestClient, analysis: str, before: tuple[str, ...], action: str
) -> None:
    """Nothing is signed unreviewed, and nothing that is signed is taken back."""
    for earlier in before:
        assert step(client, analysis, earlier).status_code == 200
    more = {"return": {"comment": "why"}, "amend": {"amendment": "what"}}.get(action, {})
    answer = step(client, analysis, action, **more)

    assert (answer.status_code, answer.json()["code"]) == (409, "sign-off-conflict")
    assert len(client.get(f"{analysis}/sign-off").json()["steps"]) == len(before)


@pytest.mark.parametrize("position", [0, 1, 3])
def test_stale_sign_off_steps_return_409(client: TestClient, analysis: str, position: int) -> None:
    """A step names the position its asker has seen: one that the state allows is refused for another position."""
    step(client, analysis, "review")
    step(client, analysis, "return", comment="The voxel must be looked at.")
    stale = {"action": "review", "position": position, "reviewer": REVIEWER}
    answer = client.post(f"{analysis}/sign-off", json=stale)

    assert (answer.status_code, answer.json()["code"]) == (409, "sign-off-conflict")
    assert client.get(f"{analysis}/sign-off").json()["position"] == 2
    assert client.post(f"{analysis}/sign-off", json={**stale, "position": 2}).status_code == 200


@pytest.mark.parametrize(
    "body",
    [{"action": "review", "reviewer": "A"}, {"action": "review", "reviewer": "line\nbreak"}, {"action": "return"},
     {"action": "amend"}, {"action": "review", "amendment": "x"}, {"action": "erase"}],
)  # fmt: skip
def test_an_incomplete_step_fails_its_schema(client: TestClient, analysis: str, body: dict[str, str]) -> None:
    """A reviewer has a name, a return a reason, an amendment a text."""
    answer = client.post(f"{analysis}/sign-off", json={"position": 0, "reviewer": REVIEWER, **body})

    assert answer.status_code == 422


def test_a_version_that_was_not_signed_is_not_there(client: TestClient, analysis: str) -> None:
    """Only signed versions have an address of their own."""
    assert client.get(f"{analysis}/report?format=html&version=1").json()["code"] == "report-version-not-found"


def test_a_signed_analysis_is_not_removed(client: TestClient, analysis: str) -> None:
    """Deleting is refused, also of an amended draft, and everything is still there; an unsigned one goes."""
    step(client, analysis, "review")
    step(client, analysis, "sign")
    step(client, analysis, "amend", amendment="more")

    assert client.delete(analysis, headers={"X-Test": "1"}).json()["code"] == "signed-analysis"
    assert client.get(f"{analysis}/report?format=pdf&version=1").status_code == 200


def test_retention_never_removes_a_signed_analysis(client: TestClient, analysis: str) -> None:
    """A signed report outlives any retention period; an unsigned analysis of the same day is removed."""
    step(client, analysis, "review")
    step(client, analysis, "sign")
    unsigned = client.post(
        "/v1/analyses", files={"metabolite": ("x.json", spectrum(of="another"))}, headers={"Prefer": "wait=30"}
    ).json()["id"]
    services = client.app_state["services"]
    later = datetime.now(UTC) + timedelta(days=1)

    assert Upkeep(services.database, services.storage.blobs).expire(later) == 1
    assert client.get(f"/v1/analyses/{unsigned}").status_code == 404
    assert client.get(f"{analysis}/report?format=pdf&version=1").status_code == 200


def test_the_storage_itself_keeps_signed_analyses(client: TestClient, analysis: str) -> None:
    """The repository deletes no analysis that was signed a moment before."""
    step(client, analysis, "review")
    step(client, analysis, "sign")
    services = client.app_state["services"]
    analysis_id = analysis.rsplit("/", maxsplit=1)[-1]

    with pytest.raises(SignedAnalysis):
        AnalysisRepository(services.database, services.storage.blobs).delete(analysis_id)
    assert client.get(analysis).status_code == 200


def test_only_results_are_signed(client: TestClient) -> None:
    """A failed analysis has no report to sign."""
    answer = client.post(
        "/v1/analyses", files={"metabolite": ("x.json", spectrum("refuse"))}, headers={"Prefer": "wait=30"}
    )
    address = f"/v1/analyses/{answer.json()['id']}/sign-off"

    assert client.get(address).json()["code"] == "no-result"
    body = {"action": "review", "position": 0, "reviewer": REVIEWER}
    assert client.post(address, json=body).json()["code"] == "no-result"


@pytest.mark.parametrize(
    ("method", "path", "scope"),
    [
        ("POST", "/v1/analyses/{analysis_id}/sign-off", "sign"),
        ("POST", "/analyses/{analysis_id}/sign-off", "sign"),
        ("DELETE", "/v1/analyses/{analysis_id}", "admin"),
        ("POST", "/upload", "submit"),
        ("POST", "/upload/preview", "submit"),
        ("POST", "/norms", "admin"),
        ("GET", "/analyses/{analysis_id}", "read"),
        ("GET", "/subjects/{pseudonym}", "read"),
        ("GET", "/compare", "read"),
    ],
)
def test_pages_need_the_scope_of_the_call_they_stand_for(method: str, path: str, scope: str) -> None:
    """A page is no way around the scope that its call over the API needs."""
    assert ACCESS[f"{method} {path}"].need == scope


def test_pages_of_another_site_change_nothing(client: TestClient, analysis: str) -> None:
    """A form on a foreign page signs nothing with the rights of its viewer."""
    page = analysis.removeprefix("/v1")
    form = {"action": "review", "position": "0", "reviewer": REVIEWER}
    headers = {"Origin": "http://elsewhere.example", "Sec-Fetch-Site": "cross-site"}

    assert client.post(f"{page}/sign-off", data=form, headers=headers).status_code == 403
    assert client.get(f"{analysis}/sign-off").json()["state"] == "draft"
    assert client.post(f"{page}/sign-off", data=form, follow_redirects=False).status_code == 303
    assert client.get(f"{analysis}/sign-off").json()["state"] == "reviewed"


def test_refused_sign_off_form_keeps_its_comment(client: TestClient, analysis: str) -> None:
    """A stale or incomplete form comes back with the reason and with its comment."""
    page = analysis.removeprefix("/v1")
    unnamed = client.post(f"{page}/sign-off", data={"action": "review", "position": "0", "comment": "kept words"})
    stale = client.post(f"{page}/sign-off", data={"action": "review", "position": "7", "reviewer": REVIEWER})

    assert (unnamed.status_code, stale.status_code) == (422, 409)
    assert "Give the name of who answers" in unnamed.text
    assert "kept words" in unnamed.text
    assert "The sign-off was changed" in stale.text


def test_pages_name_missing_items(client: TestClient, analysis: str) -> None:
    """People get a page, not a problem document, and it says what to do."""
    for address, status in (("/analyses/nonsense", 404), (f"{analysis.removeprefix('/v1')}?version=3", 404)):
        answer = client.get(address)

        assert answer.status_code == status
        assert answer.headers["Content-Type"].startswith("text/html")
        assert "script-src 'self'" in answer.headers["Content-Security-Policy"]


def test_an_impression_stands_in_the_signed_report(client: TestClient, analysis: str) -> None:
    """The newest one that was not taken back is shown under its author's name, stored and signed."""
    assert step(client, analysis, "review", impression="Glx looks high.").json()["impression"] == "Glx looks high."
    step(client, analysis, "return", comment="Look again.")
    assert client.get(f"{analysis}/sign-off").json()["impression"] is None
    step(client, analysis, "review", impression="Ordinary spectrum.")
    signed = step(client, analysis, "sign", impression="Ordinary spectrum of the left ACC.").json()
    report = client.get(f"{analysis}/report?format=html").text
    document = client.get(f"{analysis}/report?format=json").json()

    assert signed["impression"] == "Ordinary spectrum of the left ACC."
    assert f"Impression of {REVIEWER}" in report
    assert "Ordinary spectrum of the left ACC." in report
    assert "Glx looks high." not in report
    assert document["sign_off"][-1]["impression"] == signed["impression"]

    step(client, analysis, "amend", amendment="The side was wrong.")
    assert client.get(f"{analysis}/sign-off").json()["impression"] is None


def test_the_signature_covers_the_impression(client: TestClient, analysis: str) -> None:
    """Two versions that differ in nothing but the impression have other digests."""
    step(client, analysis, "review")
    first = step(client, analysis, "sign", impression="Ordinary.").json()["steps"][-1]["content_sha256"]
    step(client, analysis, "amend", amendment="-")
    step(client, analysis, "review")
    second = step(client, analysis, "sign").json()["steps"][-1]["content_sha256"]

    assert first != second


@pytest.mark.parametrize("action", ["return", "amend"])
def test_an_impression_belongs_to_a_review_or_a_signature(client: TestClient, analysis: str, action: str) -> None:
    """Elsewhere it would be shown nowhere, so it is refused."""
    answer = step(client, analysis, action, comment="x", amendment="y" if action == "amend" else None, impression="z")

    assert answer.status_code == 422
    assert "impression belongs" in answer.text
