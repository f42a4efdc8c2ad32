"""A stored file is removed, or cut short, while the service runs."""

from __future__ import annotations

import hashlib
import json
import urllib.error
from collections.abc import Callable
from functools import partial
from pathlib import Path

from tests.chaos.clients import age_of, ask, submit
from tests.chaos.fault import Fault
from tests.chaos.scene import Scene
from tests.fake_pipeline import spectrum

Harm = Callable[[Path], None]
BUSY = 4
"""Analyses that keep both workers busy while the file of a later one is harmed."""


def run(harm: Harm, scene: Scene) -> None:
    """Harm the spectra of an analysis that has ended and the file of one that waits; then send both again."""
    scene.start()
    ended = scene.submit(0)
    scene.settle([ended])
    (traces,) = (path for path in (scene.data / "blobs").rglob("*") if path.is_file())
    harm(traces)
    code = _code(scene, f"/v1/analyses/{ended}/traces")
    assert code == "damaged-storage", f"harmed spectra were answered as {code}"
    again = scene.submit(0)
    scene.settle([again])
    ask(scene.service.url, f"/v1/analyses/{ended}/traces")

    busy = [scene.submit(number, seconds=1.5) for number in range(1, 1 + BUSY)]
    waiting = scene.submit(BUSY + 1)
    content = spectrum("sleep", seconds=0.01, number=BUSY + 1)
    sha256 = hashlib.sha256(content).hexdigest()
    harm(scene.data / "blobs" / sha256[:2] / sha256)
    scene.settle([*busy, waiting])
    assert scene.states(busy) == {"succeeded"}, f"the others ended as {scene.states(busy)}"
    found = ask(scene.service.url, f"/v1/analyses/{waiting}")
    assert found["state"] == "failed", f"the analysis of a harmed file ended as {found['state']}"
    assert found["problem"]["code"] == "damaged-storage", f"it failed with {found['problem']['code']}"
    request = {"age_years": age_of(BUSY + 1), "subject": f"sub-{BUSY + 1}"}
    healed = str(submit(scene.service.url, "x.json", content, request)["id"])
    scene.settle([healed])
    assert scene.states([healed]) == {"succeeded"}, "the same file sent again was not analysed"


def _code(scene: Scene, address: str) -> str:
    try:
        ask(scene.service.url, address)
    except urllib.error.HTTPError as error:
        return str(json.load(error)["code"])
    return "an answer"


def _truncate(path: Path) -> None:
    path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])


_HOLDS = (
    "Reading it answers `damaged-storage`, and an analysis that waits for it fails with that; the others succeed. The "
    "same file sent again is analysed, and the harmed one is there again."
)
REMOVED = Fault(
    name="blob removed",
    done="A stored file of an analysis that has ended, and one of an analysis that waits, are removed.",
    holds=_HOLDS,
    run=partial(run, Path.unlink),
)
TRUNCATED = Fault(
    name="blob truncated",
    done="A stored file of an analysis that has ended, and one of an analysis that waits, are cut in half.",
    holds=_HOLDS,
    run=partial(run, _truncate),
)
