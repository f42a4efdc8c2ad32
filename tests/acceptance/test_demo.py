"""``mrsquant demo`` as a person starts it: people, scanner and cohort are there, and nothing is left afterwards."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx2
import pytest

from service.cli.simulated_people import group_of


@pytest.fixture(scope="module")
def demo(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[subprocess.Popen[str], str, Path]]:
    """The running command, the address that it shows and where its temporary folders are."""
    temporary = tmp_path_factory.mktemp("temporary")
    real = tmp_path_factory.mktemp("real")
    environment = {**os.environ, "TMPDIR": str(temporary), "MRSQUANT_DATA_DIR": str(real), "MRSQUANT_MAX_QUEUED": "0"}
    command = [Path(sys.executable).with_name("mrsquant"), "demo", "--no-browser", "--people", "12"]
    with subprocess.Popen(command, env=environment, stderr=subprocess.PIPE, text=True) as process:
        assert process.stderr is not None
        lines = []
        for line in process.stderr:
            lines.append(line)
            found = re.search(r"Groups compared: +(http://\S+)", line)
            if found:
                yield process, found[1], temporary
                break
        else:
            pytest.fail("".join(lines))
        process.kill()
    assert list(real.iterdir()) == []


def items(url: str, path: str) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = httpx2.get(httpx2.URL(url).join(path), trust_env=False).json()["items"]
    return found


def test_demonstration_shows_people_scanner_and_cohort_and_leaves_nothing(
    demo: tuple[subprocess.Popen[str], str, Path],
) -> None:
    """Settings of the real service are not used; patients are compared with the healthy; Ctrl-C removes the folder."""
    process, cohort, temporary = demo

    analyses = items(cohort, "/v1/analyses?limit=100")
    assert {item["state"] for item in analyses} == {"succeeded"}
    assert len(analyses) == 12
    (site,) = items(cohort, "/v1/sites")
    assert site["regions"][0]["n"] == sum(group_of(f"demo-{number:02}") == "control" for number in range(1, 13))
    assert [item["people"] for item in items(cohort, "/v1/cohorts")] == [12]
    assert list(temporary.glob("mrsquant-demo-*"))

    process.send_signal(signal.SIGINT)

    assert process.wait(timeout=60) == 0
    assert list(temporary.glob("mrsquant-demo-*")) == []
