"""A client that follows an analysis receives each event once and in order."""

from __future__ import annotations

import json
import threading
import time
import uuid
from typing import Any

import pytest
from sqlalchemy import delete
from starlette.testclient import TestClient

from service.storage.tables import EventRow
from tests.fake_pipeline import spectrum


def submit(client: TestClient, content: bytes, wait: int = 0) -> str:
    sent = client.post("/v1/analyses", files={"metabolite": ("x.json", content)}, headers={"Prefer": f"wait={wait}"})
    return f"/v1/analyses/{sent.json()['id']}"


def parsed(text: str) -> list[dict[str, Any]]:
    """The events of a stream; checks that each id and kind is that of its data."""
    events = []
    for block in text.strip().split("\n\n"):
        fields = dict(line.split(": ", 1) for line in block.splitlines())
        if "data" not in fields:
            continue
        data = json.loads(fields["data"])
        assert fields["id"] == str(data["number"])
        assert fields["event"] == ("state" if data["step"] is None else "step")
        events.append(data)
    return events


def states(events: list[dict[str, Any]]) -> list[str]:
    return [event["state"] for event in events if event["step"] is None]


def test_stream_sends_all_events_and_ends(client: TestClient) -> None:
    """From the queue to the end, numbered without gaps, while the analysis runs and afterwards alike."""
    address = submit(client, spectrum("sleep", seconds=0.5))
    live = client.get(f"{address}/events")
    events = parsed(live.text)

    assert live.headers["content-type"].startswith("text/event-stream")
    assert states(events) == ["queued", "running", "succeeded"]
    assert [event["number"] for event in events] == list(range(1, len(events) + 1))
    assert events[0]["attempt"] == 0
    assert events[-1]["attempt"] == 1
    assert parsed(client.get(f"{address}/events").text) == events


def test_stream_resumes(client: TestClient) -> None:
    """After a lost connection only what came later is sent; after the end there is nothing to come back for."""
    address = submit(client, spectrum(), wait=20)
    events = parsed(client.get(f"{address}/events").text)
    rest = client.get(f"{address}/events", headers={"Last-Event-ID": "1"})
    over = client.get(f"{address}/events", headers={"Last-Event-ID": str(len(events))})

    assert parsed(rest.text) == events[1:]
    assert (over.status_code, over.text) == (204, "")
    assert parsed(client.get(f"{address}/events", headers={"Last-Event-ID": "not ours"}).text) == events


@pytest.mark.parametrize(("do", "end"), [("refuse", "failed"), ("defect", "failed")])
def test_failure_is_an_end(client: TestClient, do: str, end: str) -> None:
    """A stream ends whatever the end is."""
    events = parsed(client.get(f"{submit(client, spectrum(do, quote='x'))}/events").text)

    assert states(events)[-1] == end


def test_cancelling_ends_the_stream(client: TestClient) -> None:
    """A client that follows an analysis receives its cancellation by another client."""
    submit(client, spectrum("sleep", seconds=2))
    address = submit(client, spectrum("sleep", seconds=2, number=2))
    cancel = client.app_state["services"].repository.delete
    somebody_else = threading.Timer(0.5, cancel, [address.rpartition("/")[2]])
    somebody_else.start()
    begin = time.monotonic()
    events = parsed(client.get(f"{address}/events").text)

    somebody_else.join()
    assert states(events)[-1] == "cancelled"
    assert time.monotonic() - begin < 4


def test_analysis_from_before_events_were_kept(client: TestClient) -> None:
    """One event: how it ended."""
    address = submit(client, spectrum(), wait=20)
    with client.app_state["services"].database.writing() as session:
        session.execute(delete(EventRow))
    events = parsed(client.get(f"{address}/events").text)

    assert states(events) == ["succeeded"]
    assert client.get(f"{address}/events", headers={"Last-Event-ID": "1"}).status_code == 204


def test_unknown_analysis(client: TestClient) -> None:
    """There is nothing to follow."""
    answer = client.get(f"/v1/analyses/{uuid.uuid4()}/events")

    assert (answer.status_code, answer.json()["code"]) == (404, "analysis-not-found")


def test_a_huge_declared_length_does_not_break_the_stream(client: TestClient) -> None:
    """A request for events has no body; a length it declares all the same is no reason to cut the answer off."""
    address = submit(client, spectrum(), wait=20)
    events = parsed(client.get(f"{address}/events", headers={"Content-Length": "99999999999"}).text)

    assert states(events)[-1] == "succeeded"
