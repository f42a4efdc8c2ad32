"""The life of an analysis as clients see it."""

from __future__ import annotations

import base64
import hashlib
import json
import re
import time
import uuid
from pathlib import Path
from typing import Any

import pytest
from starlette.testclient import TestClient

from tests.fake_pipeline import POINTS, example_analysis, spectrum

WAIT = {"Prefer": "wait=20"}


def submit(client: TestClient, content: bytes = b"", headers: dict[str, str] | None = None, **request: Any) -> Any:
    return client.post(
        "/v1/analyses",
        files={"metabolite": ("x.json", content or spectrum())},
        data={"request": json.dumps(request)},
        headers=WAIT if headers is None else headers,
    )


def finished(client: TestClient, address: str) -> Any:
    for _ in range(400):
        answer = client.get(address).json()
        if answer["state"] not in {"queued", "running"}:
            return answer
        time.sleep(0.025)
    raise AssertionError("not finished in 10 seconds")


def test_submission_is_accepted_and_followed_to_its_result(client: TestClient) -> None:
    """202 tells where to look and when; there the result appears with what the request said."""
    accepted = submit(client, headers={}, region="PCC", age_years=30, subject="sub-1", clinical={"pain_vas": 4})
    result = finished(client, accepted.headers["Location"])

    assert accepted.status_code == 202
    assert int(accepted.headers["Retry-After"]) > 0
    assert accepted.json()["state"] in {"queued", "running"}
    assert "Research use only" in accepted.json()["notice"]
    assert result["state"] == "succeeded"
    assert result["outcome"]["code"] == "converged"
    assert result["acquisition"]["region"] == "PCC"
    assert result["acquisition"]["age_years"] == 30
    assert result["subject"] == "sub-1"
    assert result["clinical"] == {"pain_vas": 4}
    position = example_analysis().metabolites[0].z
    assert position is not None
    assert result["metabolites"][0]["z"]["value"] == position.value
    assert result["problem"] is None


def test_prefer_wait_answers_with_the_result(client: TestClient) -> None:
    """One round trip is enough for a fit that is quick."""
    answer = submit(client)

    assert answer.status_code == 200
    assert answer.headers["Preference-Applied"] == "wait=20"
    assert answer.json()["state"] == "succeeded"


def test_prefer_wait_gives_up_in_time(client: TestClient) -> None:
    """A fit that takes longer than the client waits is accepted as if there were no preference."""
    begin = time.monotonic()
    answer = submit(client, spectrum("sleep", seconds=3), {"Prefer": "respond-async, wait=1"})

    assert answer.status_code == 202
    assert "Preference-Applied" not in answer.headers
    assert 0.9 < time.monotonic() - begin < 2.5


def test_equal_submission_gets_the_analysis_there_is(client: TestClient) -> None:
    """Same content, request and versions: the same analysis; another request: another analysis."""
    first, again, other = submit(client, age_years=40), submit(client, age_years=40), submit(client, age_years=41)

    assert again.status_code == 200
    assert again.json() == first.json()
    assert again.headers["Location"] == first.headers["Location"]
    assert other.json()["id"] != first.json()["id"]
    assert len(client.get("/v1/analyses").json()["items"]) == 2


def test_idempotency_key(client: TestClient) -> None:
    """A key repeats its answer for the same submission and refuses another one."""
    headers = WAIT | {"Idempotency-Key": "scan 17"}
    first, again = (submit(client, headers=headers, age_years=40) for _ in range(2))
    conflict = submit(client, headers=headers, age_years=41)

    assert again.json()["id"] == first.json()["id"]
    assert conflict.status_code == 409
    assert conflict.json()["code"] == "idempotency-conflict"


def test_defect_is_computed_again_on_the_next_submission(client: TestClient) -> None:
    """A failure of ours does not answer for the content for ever; a refusal of the input does."""
    defects = {submit(client, spectrum("defect", quote="")).json()["id"] for _ in range(2)}
    refusals = {submit(client, spectrum("refuse")).json()["id"] for _ in range(2)}

    assert len(defects) == 2
    assert len(refusals) == 1


def test_refused_input_has_a_reason(client: TestClient) -> None:
    """The analysis fails with the problem that its submission would have had."""
    answer = submit(client, spectrum("refuse")).json()

    assert answer["state"] == "failed"
    assert answer["outcome"]["code"] == "refused"
    assert answer["problem"]["code"] == "missing-parameter"
    assert answer["problem"]["status"] == 400
    assert answer["problem"]["data"] == {"parameter": "echo_time", "file": "metabolite.json"}
    assert answer["metabolites"] is None


def test_nan_in_a_required_field_is_a_defect(client: TestClient) -> None:
    """NaN in a field that must hold a number never becomes null in an answer."""
    answer = submit(client, spectrum("nan")).json()

    assert answer["state"] == "failed"
    assert answer["outcome"]["code"] == "failed"
    assert answer["problem"]["code"] == "internal-error"


def test_arrays(client: TestClient) -> None:
    """A JSON body holds the spectrum and the request; the reader gets the spectrum's fields only."""
    arrays = {
        "fid_real": [[1, 0.5], [1, 0.4]],
        "fid_imag": [[0, -0.5], [0, -0.4]],
        "dwell_time": 0.0005,
        "spectrometer_frequency": 123.25e6,
        "echo_time": 0.03,
        "repetition_time": 2,
        "sequence": "PRESS",
    }
    answer = client.post("/v1/analyses", json={**arrays, "region": "ACC", "subject": "sub-2"}, headers=WAIT)

    assert answer.status_code == 200
    assert answer.json()["state"] == "succeeded"
    assert answer.json()["acquisition"]["region"] == "ACC"
    assert answer.json()["subject"] == "sub-2"


def test_uploaded_names_are_forgotten(capfd: pytest.CaptureFixture[str], client: TestClient, tmp_path: Path) -> None:
    """File names may hold a patient's name: they are in no answer, no log line and no file."""
    parts = [
        ("metabolite", ("MUELLER^HANS 1970.sdat", spectrum())),
        ("metabolite", ("MUELLER^HANS 1970.SPAR", b"x")),
        ("water_reference", ("MUELLER^HANS.nii.gz.Hans", spectrum())),
    ]
    inspected = client.post("/v1/analyses/validate", files=parts)
    submitted = client.post("/v1/analyses", files=parts, headers={**WAIT, "Idempotency-Key": "MUELLER"})
    refused = client.post("/v1/analyses", files={"metabolite": ("MUELLER.doc", b"text")})
    kept = b"".join(path.read_bytes() for path in tmp_path.rglob("*") if path.is_file())

    assert inspected.json()["facts"]["files"] == "metabolite.sdat,metabolite.spar,water_reference"
    assert submitted.json()["state"] == "succeeded"
    assert refused.status_code == 415
    assert b"analyses" in kept
    log = capfd.readouterr().err
    assert submitted.json()["id"] in log
    for text in (inspected.text, submitted.text, refused.text, log, kept.decode("latin-1")):
        assert "mueller" not in text.lower()


def test_exceptions_are_not_quoted(capfd: pytest.CaptureFixture[str], client: TestClient) -> None:
    """The message of an unexpected exception may quote the file: neither answers nor logs hold it."""
    content = spectrum("defect", quote="MUELLER^HANS")
    answers = [submit(client, content), client.post("/v1/analyses/validate", files={"metabolite": ("x", content)})]
    log = capfd.readouterr().err

    assert answers[0].json()["problem"]["code"] == "internal-error"
    assert answers[1].status_code == 500
    assert answers[1].json()["request_id"] in log
    assert '"error": "KeyError"' in log
    assert "fake_pipeline.py" in log
    assert "MUELLER" not in log + answers[0].text + answers[1].text


def test_validate_keeps_nothing(client: TestClient, tmp_path: Path) -> None:
    """Validation reads with the request's overrides and leaves neither row nor file."""
    request = json.dumps({"overrides": {"echo_time": 0.035}})
    good = client.post("/v1/analyses/validate", files={"metabolite": ("a.rda", spectrum())}, data={"request": request})
    refused = client.post("/v1/analyses/validate", files={"metabolite": ("a.rda", spectrum("refuse"))})

    assert good.status_code == 200
    assert good.json()["facts"] == {"files": "metabolite.rda", "echo_time": 0.035}
    assert refused.status_code == 400
    assert refused.json()["code"] == "missing-parameter"
    assert client.get("/v1/analyses").json()["items"] == []
    assert [path for path in (tmp_path / "data" / "blobs").rglob("*") if path.is_file()] == []


def test_exceeding_memory_returns_413(client: TestClient) -> None:
    """Neither a defect nor a crash: one problem, asked before or sent at once, and the next file is answered."""
    greedy = spectrum("hoard", bytes=2**62)
    inspected = client.post("/v1/analyses/validate", files={"metabolite": ("a.rda", greedy)})
    submitted = submit(client, greedy)

    assert inspected.status_code == 413
    assert inspected.json()["code"] == submitted.json()["problem"]["code"] == "out-of-memory"
    assert submit(client, spectrum()).json()["state"] == "succeeded"


def test_traces(client: TestClient) -> None:
    """The spectra have one length and data = fit + residual."""
    traces = client.get(submit(client).headers["Location"] + "/traces").json()

    assert {len(traces[name]) for name in ("ppm", "data", "fit", "baseline", "residual")} == {POINTS}
    assert [component["name"] for component in traces["components"]] == ["NAA", "Cr"]
    assert traces["data"][5] == pytest.approx(traces["fit"][5] + traces["residual"][5])


@pytest.mark.parametrize(
    ("query", "accept", "media_type"),
    [
        ("", "*/*", "text/html"),
        ("", "application/json", "application/json"),
        ("", "text/csv;q=0.5, application/pdf;q=0.9, text/html;q=0", "application/pdf"),
        ("", "text/*;q=0.1, text/csv", "text/csv"),
        ("?format=csv", "text/html", "text/csv"),
    ],
)
def test_report_formats(client: TestClient, query: str, accept: str, media_type: str) -> None:
    """``format`` decides, then ``Accept`` with its qualities."""
    report = client.get(submit(client).headers["Location"] + "/report" + query, headers={"Accept": accept})

    assert report.status_code == 200
    assert report.headers["content-type"].startswith(media_type)
    assert len(report.content) > 200


def test_html_report_runs_only_its_own_script(client: TestClient) -> None:
    """The header says what the page says: one script and one style, named by their digests, and nothing inline."""
    report = client.get(submit(client).headers["Location"] + "/report")
    policy = dict(part.strip().split(" ", 1) for part in report.headers["Content-Security-Policy"].split(";"))

    assert policy["default-src"] == "'none'"
    assert policy["frame-ancestors"] == "'none'"
    for directive, tag in (("script-src", "script"), ("style-src", "style")):
        (source,) = re.findall(rf"<{tag}>(.*?)</{tag}>", report.text, flags=re.DOTALL)
        digest = base64.b64encode(hashlib.sha256(source.encode()).digest()).decode()
        assert policy[directive] == f"'sha256-{digest}'"


def test_unfinished_and_failed_analyses_have_no_report(client: TestClient) -> None:
    """409 says whether it is worth waiting."""
    running = submit(client, spectrum("sleep", seconds=2), headers={}).headers["Location"]
    early = [client.get(running + tail) for tail in ("/report", "/traces")]
    finished(client, running)
    refused = submit(client, spectrum("refuse")).headers["Location"]
    never = client.get(refused + "/report")

    assert {(answer.status_code, answer.json()["code"]) for answer in early} == {(409, "not-finished")}
    assert all(int(answer.headers["Retry-After"]) > 0 for answer in early)
    assert (never.status_code, never.json()["code"]) == (409, "no-result")


def test_delete_removes_a_finished_analysis_with_its_data(client: TestClient, tmp_path: Path) -> None:
    """Content that another analysis shares stays until that one is removed too."""
    blobs = tmp_path / "data" / "blobs"
    first, second = (submit(client, age_years=age).headers["Location"] for age in (40, 41))
    statuses = [client.delete(first).status_code, client.get(first).status_code]
    traces_of_second = client.get(second + "/traces").status_code
    client.delete(second)

    assert statuses == [204, 404]
    assert traces_of_second == 200
    assert [path for path in blobs.rglob("*") if path.is_file()] == []
    assert submit(client, age_years=40).json()["state"] == "succeeded"


def test_delete_cancels_an_unfinished_analysis(client: TestClient) -> None:
    """Queued and running analyses stop existing for the queue at once, and late answers are dropped."""
    running = submit(client, spectrum("sleep", seconds=0.8), headers={}).headers["Location"]
    queued = submit(client, spectrum("sleep", seconds=0.1), headers={}).headers["Location"]
    answers = [client.delete(address) for address in (running, queued)]
    after = submit(client, spectrum("sleep", seconds=0.2))

    assert [(answer.status_code, answer.json()["state"]) for answer in answers] == [(200, "cancelled")] * 2
    assert after.json()["state"] == "succeeded"
    assert {client.get(address).json()["state"] for address in (running, queued)} == {"cancelled"}
    assert client.delete(running).status_code == 204


def test_list_pages_and_filters(start: Any) -> None:
    """Links lead through all analyses, newest first; filters narrow."""
    client = start()
    ids = [
        submit(client, age_years=age, subject=f"sub-{age % 2}", region="ACC" if age < 43 else "PCC").json()["id"]
        for age in range(40, 45)
    ]
    seen, address = [], "/v1/analyses?limit=2"
    while address:
        page = client.get(address)
        seen += [item["id"] for item in page.json()["items"]]
        address = page.links["next"]["url"] if "next" in page.links else ""
    created = client.get(f"/v1/analyses/{ids[2]}").json()["created"]

    def found(**query: str) -> list[str]:
        return [item["id"] for item in client.get("/v1/analyses", params=query).json()["items"]]

    assert seen == ids[::-1]
    assert found(subject="sub-0") == [ids[4], ids[2], ids[0]]
    assert found(region="PCC") == [ids[4], ids[3]]
    assert found(created_from=created) == [ids[4], ids[3], ids[2]]
    assert found(created_before=created) == [ids[1], ids[0]]
    assert found(verdict="limited") == ids[::-1]
    assert found(verdict="no") == []
    assert found(state="failed") == []


def test_full_queue_returns_503(client: TestClient) -> None:
    """Beyond the limit a submission is refused with the time to come back; nothing of it is kept."""
    answers = [submit(client, spectrum("sleep", seconds=1, number=number), headers={}) for number in range(12)]
    refused = answers[-1]

    assert answers[0].status_code == 202
    assert refused.status_code == 503
    assert refused.json()["code"] == "queue-full"
    assert int(refused.headers["Retry-After"]) > 0


def test_unknown_analysis(client: TestClient) -> None:
    """404 for every call on an id that does not exist."""
    address = f"/v1/analyses/{uuid.uuid4()}"
    answers = [client.get(address + tail) for tail in ("", "/report", "/traces")] + [client.delete(address)]

    assert {(answer.status_code, answer.json()["code"]) for answer in answers} == {(404, "analysis-not-found")}
