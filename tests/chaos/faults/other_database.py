"""The service is started once with the address of another, empty database."""

from __future__ import annotations

from pathlib import Path

from tests.chaos.clients import ask
from tests.chaos.fault import Fault
from tests.chaos.scene import Scene

COUNT = 6


def run(scene: Scene) -> None:
    """Work, stop, start with the wrong address, start with the right one."""
    scene.start()
    ids = [scene.submit(number) for number in range(COUNT)]
    scene.settle(ids)
    assert scene.service.stop(), "the service did not end in order"
    before = _files(scene)
    scene.service.start({"MRSQUANT_DATABASE_URL": scene.other_database()})
    assert scene.service.ended() != 0, "a start with another database ended without an error"
    assert _files(scene) == before, "a start with another database changed the files"
    scene.start()
    assert scene.states(ids) == {"succeeded"}, f"analyses are now {scene.states(ids)}"
    for analysis_id in ids:
        ask(scene.service.url, f"/v1/analyses/{analysis_id}/traces")


def _files(scene: Scene) -> dict[Path, bytes]:
    return {path: path.read_bytes() for path in (scene.data / "blobs").rglob("*") if path.is_file()}


FAULT = Fault(
    name="other database",
    done="The service is started once with the address of another, empty database.",
    holds="It does not start and changes nothing; started with the right address it answers everything as before.",
    run=run,
)
