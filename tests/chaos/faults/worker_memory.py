"""Analyses take more memory than a worker may."""

from __future__ import annotations

from tests.chaos.clients import ask, events_of, submit
from tests.chaos.fault import Fault
from tests.chaos.scene import Scene
from tests.fake_pipeline import spectrum

COUNT = 10
LIMIT = 2**30


def run(scene: Scene) -> None:
    """Submit analyses that take twice the limit between ordinary ones."""
    scene.start({"MRSQUANT_WORKER_MEMORY_BYTES": str(LIMIT)})
    ordinary = [scene.submit(number) for number in range(COUNT)]
    workers = {process.pid for process in scene.service.workers()}
    greedy = [
        str(submit(scene.service.url, "x.json", spectrum("hoard", bytes=2 * LIMIT, number=number), {})["id"])
        for number in range(COUNT)
    ]
    ordinary += [scene.submit(COUNT + number) for number in range(COUNT)]
    scene.settle(ordinary + greedy)
    problems = [ask(scene.service.url, f"/v1/analyses/{analysis_id}")["problem"] for analysis_id in greedy]
    codes = {None if problem is None else problem["code"] for problem in problems}
    assert codes == {"out-of-memory"}, f"analyses beyond the limit ended as {codes}"
    attempts = {_attempts(scene, analysis_id) for analysis_id in greedy + ordinary}
    assert attempts == {1}, f"analyses took {attempts} attempts"
    assert scene.states(ordinary) == {"succeeded"}, f"ordinary analyses ended as {scene.states(ordinary)}"
    assert {process.pid for process in scene.service.workers()} == workers, "workers were lost"


def _attempts(scene: Scene, analysis_id: str) -> int:
    events = events_of(scene.service.url, analysis_id)
    return sum(event["state"] == "running" and event["step"] is None for event in events)


FAULT = Fault(
    name="worker at its memory limit",
    done="Between ordinary files, files are submitted whose analysis takes twice the memory that a worker may.",
    holds="Those fail as `out-of-memory`, each after one attempt; the others are analysed, by the same workers.",
    run=run,
)
