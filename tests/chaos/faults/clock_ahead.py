"""One of two services has a clock that is a minute ahead."""

from __future__ import annotations

from collections import Counter

from tests.chaos.clients import events_of
from tests.chaos.fault import Fault
from tests.chaos.scene import Scene
from tests.chaos.service import Service
from tests.servers.cluster import free_port

AHEAD_SECONDS = 60
COUNT = 8


def run(scene: Scene) -> None:
    """Let both work on analyses that take longer than the pause between two heartbeats."""
    scene.start()
    log = scene.folder / "ahead.log"
    ahead = Service(free_port(), scene.settings, log, "tests.chaos.ahead", str(AHEAD_SECONDS))
    ahead.start()
    try:
        ahead.wait("/readyz")
        ids = [scene.submit(number, seconds=5) for number in range(COUNT)]
        scene.settle(ids)
        stories = [events_of(scene.service.url, analysis_id) for analysis_id in ids]
    finally:
        assert ahead.stop(), "the service whose clock is ahead did not end in order"
    attempts = Counter(
        sum(event["state"] == "running" and event["step"] is None for event in story) for story in stories
    )
    assert scene.states(ids) == {"succeeded"}, f"accepted analyses ended as {scene.states(ids)}"
    assert set(attempts) == {1}, f"analyses by number of attempts: {dict(attempts)}"
    assert "service died" not in log.read_text(), "the living service was taken for dead"


FAULT = Fault(
    name="clock ahead",
    done="A second service on the same database and folder has a clock that is 60 s ahead.",
    holds="Each analysis is computed once: nothing is taken from the service that is working on it.",
    run=run,
)
