"""A request names a client address that fits no audit log."""

from __future__ import annotations

import time
from datetime import timedelta

from service.access.key_file import KeyFile
from service.access.keys import new_key
from service.access.principal import SCOPES
from service.storage.audit import AuditLog
from service.storage.database import Database
from tests.chaos.clients import ask
from tests.chaos.fault import Fault
from tests.chaos.polling import status
from tests.chaos.scene import Scene

READS = 500


def run(scene: Scene) -> None:
    """Send the header once, read on, and end the service; everything must be in the log."""
    key, shown = new_key("device", "default", SCOPES, timedelta(days=1))
    keys = scene.folder / "keys.toml"
    KeyFile(keys).write([key])
    scene.start({"MRSQUANT_API_KEYS_FILE": str(keys)})
    address = f"{scene.service.url}/v1/analyses"
    bearer = {"Authorization": f"Bearer {shown}"}
    poisoned = {**bearer, "X-Forwarded-For": "a" * 65, "Forwarded": "for=" + "a" * 65}
    answers = [status(address, poisoned)] + [status(address, bearer) for _ in range(READS)]
    assert set(answers) == {200}, f"reads were answered {set(answers)}"
    assert ask(scene.service.url, "/readyz") == {"status": "ok"}
    begin = time.monotonic()
    assert scene.service.stop(), "the service did not end in order after SIGTERM"
    assert time.monotonic() - begin < 30, "the service took long to end"
    database = Database(scene.settings["MRSQUANT_DATABASE_URL"])
    recorded = AuditLog(database).verify().position
    database.close()
    assert recorded == READS + 1, f"of {READS + 1} reads {recorded} were recorded"


FAULT = Fault(
    name="poison header",
    done="One request has an `X-Forwarded-For` of 65 letters; 500 reads follow.",
    holds="All are answered and recorded, and the service ends within its grace period after SIGTERM.",
    run=run,
)
