"""The disk of the data folder is full for a while."""

from __future__ import annotations

import json
import urllib.error

from tests.chaos.fault import Fault
from tests.chaos.scene import Scene

COUNT = 10


def run(scene: Scene) -> None:
    """Submit before, while and after the disk is full."""
    scene.start()
    ids = [scene.submit(number, ballast="x" * 20_000) for number in range(COUNT)]
    with scene.disk.filled():
        refused = [_refusal(scene, COUNT + number) for number in range(COUNT)]
    assert set(refused) <= {"storage-full", "accepted"}, f"a full disk was answered with {set(refused)}"
    assert "storage-full" in refused, "a full disk was not noticed"
    ids += [scene.submit(2 * COUNT + number, ballast="x" * 20_000) for number in range(COUNT)]
    scene.settle(ids)
    assert scene.states(ids) == {"succeeded"}, f"accepted analyses ended as {scene.states(ids)}"


def _refusal(scene: Scene, number: int) -> str:
    try:
        scene.submit(number, ballast="x" * 200_000)
    except urllib.error.HTTPError as error:
        return str(json.load(error)["code"])
    return "accepted"


FAULT = Fault(
    name="full disk",
    done="The disk of the data folder is filled to the last byte while files are submitted.",
    holds="Submissions are refused as `storage-full`; those accepted before and after are analysed, without a restart.",
    run=run,
)
