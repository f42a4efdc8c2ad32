"""Shared norms over HTTP: posted or in the folder, further laboratories of scores and analyses, withdrawn for good."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from starlette.testclient import TestClient

from fitting.analysis import Analysis
from fitting.model.result import Traces
from fitting.run import Job
from fitting.sites import Share, share_of, site_of
from service.app import create_app
from service.settings import Settings
from tests import fake_pipeline
from tests.clients import on_this_machine
from tests.data.controls_of_site import candidates
from tests.fake_pipeline import spectrum

VALUE = {
    "metabolite": "tNAA",
    "value": 1.3,
    "sd": 0.03,
    "region": "ACC",
    "field_t": 3.0,
    "echo_time": 0.030,
    "sequence": "PRESS",
    "software": "LCModel 6.3",
}


def shared(name: str = "hospital-b", people: int = 20) -> Share:
    """What a laboratory with so many people in ACC shares."""
    return share_of(site_of(name, candidates(people)))


def analyse(job: Job, cache_dir: Path | None = None) -> tuple[Analysis, Traces]:
    """The example, with the names of the job's further laboratories as its norm version."""
    made, traces = fake_pipeline.analyse(job, cache_dir)
    names = "+".join(item.name for item in job.laboratories)
    object.__setattr__(made.provenance, "norm_version", f"laboratories:{names}")
    return made, traces


@pytest.fixture
def client(tmp_path: Path) -> Iterator[TestClient]:
    settings = Settings(data_dir=tmp_path / "data", cache_dir=tmp_path / "cache", executor="inline:")
    with on_this_machine(create_app(settings, analyse=analyse, inspect=fake_pipeline.inspect)) as started:
        yield started


def sd_of_score(client: TestClient) -> float:
    answer = client.post("/v1/scores", json=VALUE)
    assert answer.status_code == 200, answer.text
    return float(answer.json()["z"]["sd_predictive"])


def test_a_posted_share_is_a_further_laboratory(client: TestClient) -> None:
    """Scores move with it, it is listed with numbers of people alone, and withdrawing it takes it back."""
    share = shared()
    before = client.post("/v1/scores", json=VALUE).json()["z"]
    made = client.post("/v1/norms", content=share.content)
    again = client.post("/v1/norms", content=share.content)
    after = client.post("/v1/scores", json=VALUE).json()["z"]
    together = client.post("/v1/score-sets", json={"scores": [VALUE]}).json()["items"][0]["z"]
    listed = client.get("/v1/norms", params={"region": "ACC"}).json()["shared"]
    elsewhere = client.get("/v1/norms", params={"region": "PCC"}).json()["shared"]

    assert made.status_code == 201
    assert again.status_code == 200
    assert made.json()["id"] == again.json()["id"] == share.id
    assert made.headers["Location"] == f"/v1/norms/{share.id}"
    assert after["value"] != before["value"]
    assert together["value"] == after["value"]
    assert [item["name"] for item in listed] == ["hospital-b"]
    assert elsewhere == []
    assert listed[0]["regions"][0]["n"] == 20
    assert "ctl-01" not in json.dumps(listed)
    assert client.get(f"/v1/norms/{share.id}").json() == listed[0]
    assert "hospital-b" in client.get("/norms", headers={"Accept": "text/html"}).text

    assert client.delete(f"/v1/norms/{share.id}").status_code == 204
    assert client.get(f"/v1/norms/{share.id}").status_code == 404
    assert client.post("/v1/scores", json=VALUE).json()["z"]["value"] == before["value"]


def test_later_analyses_use_it_and_earlier_ones_do_not(client: TestClient) -> None:
    """An equal submission after the post is another request: its answer would be another one."""

    def submitted() -> Any:
        answer = client.post(
            "/v1/analyses",
            files={"metabolite": ("x", spectrum())},
            data={"request": json.dumps({"region": "ACC"})},
            headers={"Prefer": "wait=20"},
        )
        assert answer.status_code == 200, answer.text
        return answer.json()

    first = submitted()
    client.post("/v1/norms", content=shared().content)
    second = submitted()
    client.post("/v1/norms", content=shared(people=12).content)
    third = submitted()

    assert first["provenance"]["norm_version"] == "laboratories:"
    assert second["provenance"]["norm_version"] == "laboratories:hospital-b"
    assert third["provenance"]["norm_version"] == "laboratories:hospital-b"
    assert len({first["id"], second["id"], third["id"]}) == 3


def test_the_service_takes_shares_of_the_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Files that others shared stand beside own norms in one folder; each start leaves one of each name."""
    folder = tmp_path / "norms"
    folder.mkdir()
    (folder / "b.json").write_bytes(shared("hospital-b").content)
    (folder / "c.json").write_bytes(shared("hospital-c", 9).content)
    monkeypatch.setenv("MRSQUANT_NORMS_PATH", str(folder))
    settings = Settings(data_dir=tmp_path / "data", cache_dir=tmp_path / "cache", executor="inline:")
    for _ in range(2):
        with on_this_machine(create_app(settings, analyse=analyse, inspect=fake_pipeline.inspect)) as client:
            names = sorted(item["name"] for item in client.get("/v1/norms").json()["shared"])
            assert names == ["hospital-b", "hospital-c"]


def altered(content: bytes) -> bytes:
    return content.replace(b"hospital-b", b"hospital-x")


def personal(_: bytes) -> bytes:
    return site_of("hospital-b", candidates(4)).content


def other_kind(_: bytes) -> bytes:
    return b'{"kind": "something", "checksum": "0"}'


@pytest.mark.parametrize("spoil", [altered, personal, other_kind])
def test_an_unusable_share_is_refused(client: TestClient, spoil: Any) -> None:
    """Altered, with single people, or of another kind: 400 with its code, and nothing is kept."""
    answer = client.post("/v1/norms", content=spoil(shared().content))

    assert answer.status_code == 400
    assert answer.json()["code"] == "unusable-share"
    assert client.get("/v1/norms").json()["shared"] == []


def test_one_control_is_a_norm(client: TestClient) -> None:
    """A site's norm of one person sharpens the comparison with the control model, and says so."""
    before = sd_of_score(client)
    body = {
        "name": "acc",
        "unit": "tCr",
        "controls": [{"id": "ctl-1", "values": {"tNAA": 1.4, "GABA": 0.2}}],
        **{name: VALUE[name] for name in ("region", "field_t", "echo_time", "sequence", "software")},
    }
    made = client.post("/v1/norms", json=body)
    answer = client.post("/v1/scores", json=VALUE).json()

    assert made.status_code == 201, made.text
    assert [(item["name"], item["n"], item["sd"], item["supports_z"]) for item in made.json()["metabolites"]] == [
        ("tNAA", 1, None, True),
        ("GABA", 1, None, False),
    ]
    assert (answer["norm"]["kind"], answer["norm"]["n"]) == ("site", 1)
    assert answer["z"]["sd_predictive"] < 0.8 * before


def test_a_measured_offset_between_programs_is_used(client: TestClient) -> None:
    """Controls of one program with the offset of another answer for values of the other; without it they do not."""
    facts = {name: VALUE[name] for name in ("region", "field_t", "echo_time", "sequence", "software")}
    people = [{"id": f"ctl-{n}", "values": {"tNAA": 1.2 + 0.02 * n}} for n in range(20)]
    value = VALUE | {"software": "Osprey 2.4"}
    offsets = [{"software": "Osprey 2.4", "ratios": {"tNAA": {"ratio": 1.1, "sd": 0.02}}}]
    client.post("/v1/norms", json={"name": "acc", "unit": "tCr", "controls": people, **facts})
    without = client.post("/v1/scores", json=value).json()
    made = client.post(
        "/v1/norms", json={"name": "acc", "unit": "tCr", "controls": people, **facts, "offsets": offsets}
    )
    answer = client.post("/v1/scores", json=value).json()
    supplied = client.post(
        "/v1/scores",
        json=value | {"controls": {"mean": 1.39, "sd": 0.12, "n": 20, "offset": {"ratio": 1.1, "sd": 0.02}}},
    ).json()
    impossible = client.post(
        "/v1/scores",
        json=value | {"controls": {"mean": 1.39, "sd": 0.12, "n": 20, "offset": {"ratio": 9.0, "sd": 0.1}}},
    )

    assert without["norm"]["kind"] == "literature"
    assert made.json()["version"] == 2
    assert made.json()["offsets"] == [{"software": "Osprey 2.4", "metabolite": "tNAA", "ratio": 1.1, "sd": 0.02}]
    assert answer["norm"]["kind"] == "site"
    assert answer["norm"]["source"].endswith("with a measured offset between programs")
    assert answer["norm"]["mean"] == pytest.approx(1.1 * 1.39, rel=0.02)
    assert supplied["norm"]["mean"] == pytest.approx(1.1 * 1.39)
    assert impossible.status_code == 400
