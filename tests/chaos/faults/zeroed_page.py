"""A page in the middle of the SQLite file is zeroed."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import time
import urllib.error
from pathlib import Path

from tests.chaos.clients import ask
from tests.chaos.fault import Fault
from tests.chaos.scene import Scene

COUNT = 4
_PAGE = 4096


def run(scene: Scene) -> None:
    """Back up, zero a page of a stored result, look, and restore the copy."""
    scene.start()
    ids = [scene.submit(number) for number in range(COUNT)]
    scene.settle(ids)
    copy = scene.folder / "copy"
    assert _command(scene, "backup", str(copy)) == 0, "the sound database could not be copied"
    assert _command(scene, "doctor") == 0, "the doctor found fault with a sound database"
    assert scene.service.stop(), "the service did not end in order"
    file = scene.data / "mrsquant.sqlite3"
    content = file.read_bytes()
    at = content.index(b'"metabolites":') // _PAGE * _PAGE
    file.write_bytes(content[:at] + bytes(_PAGE) + content[at + _PAGE :])
    assert _command(scene, "doctor") == 1, "the doctor did not notice the zeroed page"
    scene.service.start()
    scene.service.wait("/healthz")
    assert _is_not_ready(scene), "a service on a damaged database says that it is ready"
    assert scene.service.stop(), "the service did not end in order"
    shutil.copy2(copy / "mrsquant.sqlite3", file)
    scene.start()
    assert scene.states(ids) == {"succeeded"}, f"after the restore analyses are {scene.states(ids)}"
    for analysis_id in ids:
        ask(scene.service.url, f"/v1/analyses/{analysis_id}/traces")


def _command(scene: Scene, *arguments: str) -> int:
    environment = os.environ | scene.settings | {"MRSQUANT_EXECUTOR": "inline:"}
    command = [Path(sys.executable).with_name("mrsquant"), *arguments]
    return subprocess.run(command, env=environment, capture_output=True, check=False).returncode


def _is_not_ready(scene: Scene, seconds: float = 30) -> bool:
    """Whether ``/readyz`` still answers 503 when the workers have started."""
    deadline = time.monotonic() + seconds
    said = False
    while time.monotonic() < deadline:
        try:
            ask(scene.service.url, "/readyz")
            said = False
        except urllib.error.HTTPError as error:
            said = error.code == 503
        time.sleep(1)
    return said


FAULT = Fault(
    name="zeroed page",
    done="The service is stopped, a page of 4096 bytes within a stored result is zeroed, and it is started again.",
    holds="`mrsquant doctor` fails and `/readyz` answers 503; with the database of the backup everything is as before.",
    run=run,
    databases=("SQLite",),
)
