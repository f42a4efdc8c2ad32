"""A stored file that is missing or changed is never used: it is named, and sending the same file again replaces it."""

from __future__ import annotations

import sqlite3
import time
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
from starlette.testclient import TestClient

from service.storage.binding import Mismatch
from tests.api.conftest import StartClient
from tests.fake_pipeline import spectrum

STATES = ("missing", "changed")


def submit(client: TestClient, content: bytes, wait: int = 20) -> Any:
    headers = {"Prefer": f"wait={wait}"}
    return client.post("/v1/analyses", files={"metabolite": ("x.json", content)}, headers=headers)


def damage(path: Path, state: str) -> None:
    path.unlink() if state == "missing" else path.write_bytes(path.read_bytes()[:-1])


def blobs(folder: Path) -> list[Path]:
    return [path for path in (folder / "data" / "blobs").rglob("*") if path.is_file()]


def ended(client: TestClient, address: str) -> Any:
    deadline = time.monotonic() + 20
    while (analysis := client.get(address).json())["state"] in ("queued", "running"):
        assert time.monotonic() < deadline
        time.sleep(0.05)
    return analysis


@pytest.mark.parametrize("state", STATES)
def test_traces_that_are_damaged(client: TestClient, tmp_path: Path, state: str) -> None:
    """Reports and traces answer the problem; the same file sent again is analysed anew, which heals the first too."""
    first = submit(client, spectrum())
    address = first.headers["Location"]
    (traces,) = blobs(tmp_path)
    damage(traces, state)
    answers = [client.get(f"{address}/{what}") for what in ("traces", "report?format=html", "report?format=json")]
    again = submit(client, spectrum())

    assert {(answer.status_code, answer.json()["code"]) for answer in answers} == {(500, "damaged-storage")}
    assert {answer.json()["data"]["state"] for answer in answers} == {state}
    assert (again.json()["state"], again.json()["id"] == first.json()["id"]) == ("succeeded", False)
    assert client.get(f"{address}/traces").status_code == 200
    assert submit(client, spectrum()).json()["id"] == again.json()["id"]


@pytest.mark.parametrize("state", STATES)
def test_an_input_that_is_damaged_is_not_analysed(start: StartClient, tmp_path: Path, state: str) -> None:
    """The analysis fails with the problem; the same file sent again is analysed."""
    client = start()
    running = [submit(client, spectrum("sleep", seconds=0.7, number=number), wait=0) for number in range(3)]
    digests = {path: path.read_bytes() for path in blobs(tmp_path)}
    (last,) = [path for path, content in digests.items() if b'"number": 2' in content]
    damage(last, state)
    client.exit_stack.close()
    client = start()
    analysis = ended(client, running[2].headers["Location"])
    again = submit(client, digests[last])

    assert (analysis["state"], analysis["problem"]["code"]) == ("failed", "damaged-storage")
    assert again.json()["state"] == "succeeded"


@pytest.mark.parametrize("state", STATES)
def test_submitting_again_repairs_a_queued_analysis(start: StartClient, tmp_path: Path, state: str) -> None:
    """The same file sent while its analysis is queued replaces the damaged one."""
    client = start()
    for number in range(4):
        submit(client, spectrum("sleep", seconds=0.7, number=number), wait=0)
    content = spectrum("sleep", seconds=0.7, number=3)
    (waiting,) = [path for path in blobs(tmp_path) if path.read_bytes() == content]
    damage(waiting, state)
    again = submit(client, content)

    assert (again.status_code, again.json()["state"]) == (200, "succeeded")


def test_another_database_for_one_start(start: StartClient, tmp_path: Path) -> None:
    """The service does not start, and afterwards everything is as it was."""
    first = start()
    address = submit(first, spectrum()).headers["Location"]
    first.exit_stack.close()
    before = {path: path.read_bytes() for path in blobs(tmp_path)}
    with pytest.raises(Mismatch):
        start(database_url=f"sqlite:///{tmp_path}/other.sqlite3")

    assert {path: path.read_bytes() for path in blobs(tmp_path)} == before
    assert not (tmp_path / "other.sqlite3").exists()
    assert start().get(f"{address}/report?format=html").status_code == 200


def is_ready(client: TestClient) -> bool:
    return client.get("/readyz").status_code == 200


def wait_until_ready(client: TestClient) -> None:
    deadline = time.monotonic() + 20
    while not is_ready(client):
        assert time.monotonic() < deadline
        time.sleep(0.05)


def checkpoint(file: Path) -> None:
    """Write the log into the database; the maintenance at start may hold it up."""
    deadline = time.monotonic() + 20
    with closing(sqlite3.connect(file)) as connection:
        while connection.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone() != (0, 0, 0):
            assert time.monotonic() < deadline
            time.sleep(0.1)


@pytest.mark.parametrize("fault", ["emptied", "zeroed", "replaced", "other id", "folder gone", "tables gone"])
def test_damaged_or_replaced_storage_is_not_ready(client: TestClient, tmp_path: Path, fault: str) -> None:
    """What happens to the files of a running service shows at once; a healthy one is ready."""
    wait_until_ready(client)
    file = tmp_path / "data" / "mrsquant.sqlite3"
    checkpoint(file)  # else the log could still hold the pages that are damaged below
    match fault:
        case "emptied":
            file.write_bytes(b"")
        case "zeroed":
            file.write_bytes(bytes(file.stat().st_size))
        case "replaced":
            copy = tmp_path / "copy"
            copy.write_bytes(file.read_bytes())
            copy.replace(file)
        case "other id":
            (tmp_path / "data" / "storage-id").write_text("another\n")
        case "folder gone":
            (tmp_path / "data" / "storage-id").unlink()
            (tmp_path / "data" / "blobs").rename(tmp_path / "elsewhere")
        case "tables gone":
            with closing(sqlite3.connect(file)) as connection:
                connection.execute("DROP TABLE sign_offs")
                connection.commit()
    answer = client.get("/readyz")

    assert (answer.status_code, answer.json()["code"]) == (503, "not-ready")
    assert str(tmp_path) not in answer.text


def test_nothing_is_ended_while_the_folder_is_gone(start: StartClient, tmp_path: Path) -> None:
    """A disk that is unmounted for a while: what waits is not called damaged, and is analysed when it is back."""
    client = start()
    running = [submit(client, spectrum("sleep", seconds=0.3, number=number), wait=0) for number in range(5)]
    data = tmp_path / "data"
    (data / "storage-id").rename(tmp_path / "storage-id")
    (data / "blobs").rename(tmp_path / "blobs")
    time.sleep(1.5)
    refused = submit(client, spectrum(number=9), wait=0)
    (tmp_path / "blobs").rename(data / "blobs")
    (tmp_path / "storage-id").rename(data / "storage-id")
    states = {ended(client, one.headers["Location"])["state"] for one in running}

    assert (refused.status_code, refused.json()["code"]) == (503, "not-ready")
    assert states == {"succeeded"}


def test_a_deleted_pseudonym_is_nowhere_at_once(client: TestClient, tmp_path: Path) -> None:
    """Not in SQLite's file and not in its log, while the service runs."""
    pseudonym = "sub-PLANTED"
    submitted = client.post(
        "/v1/analyses",
        files={"metabolite": ("x.json", spectrum())},
        data={"request": f'{{"subject": "{pseudonym}"}}'},
        headers={"Prefer": "wait=20"},
    )
    files = list((tmp_path / "data").glob("mrsquant.sqlite3*"))
    holding = [path.name for path in files if pseudonym.encode() in path.read_bytes()]
    assert client.delete(submitted.headers["Location"]).status_code == 204

    assert holding
    assert [path.name for path in files if path.exists() and pseudonym.encode() in path.read_bytes()] == []
