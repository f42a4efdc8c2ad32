"""Every tutorial runs as written, on a copy of what a fresh checkout has."""

from __future__ import annotations

import os
import re
import socket
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
TUTORIALS = sorted((ROOT / "docs" / "tutorials").glob("*.md"))
SHELL = [page for page in TUTORIALS if "```sh" in page.read_text()]
EXPECTED = {
    "calibration": "own controls: a decrease of tNAA",
    "clinician": "Research use only",
    "pipeline": "tNAA",
    "scanner": "\nyes\n",
    "study": "6 analysed: 5 usable, 0 limited, 1 not interpretable",
}
"""Words of the output that each page promises."""


def test_every_tutorial_has_a_promise() -> None:
    """A new tutorial is run, too."""
    assert {page.stem for page in SHELL} == set(EXPECTED)


@pytest.mark.parametrize("page", SHELL, ids=lambda page: page.stem)
def test_tutorial_runs_as_written(page: Path, tmp_path: Path) -> None:
    """Each block begins in the folder of the checkout; a command that fails fails the test."""
    (tmp_path / ".venv").symlink_to(Path(sys.executable).parents[1])
    (tmp_path / "examples").symlink_to(ROOT / "examples")
    (tmp_path / "build").mkdir()
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    blocks = [block.replace("PORT=8765", f"PORT={port}") for block in _blocks(page)]
    script = "set -e\ntrap 'kill $SERVER 2> /dev/null || true' EXIT\n" + "\n".join(
        f"cd {tmp_path}\n{block}" for block in blocks
    )
    environment = {name: value for name, value in os.environ.items() if not name.startswith("MRSQUANT_")}
    environment |= {"MRSQUANT_CACHE_DIR": str(tmp_path / "cache")}
    answer = subprocess.run(
        ["bash", "-c", script], env=environment, capture_output=True, text=True, timeout=300, check=False
    )

    assert answer.returncode == 0, answer.stdout + answer.stderr
    assert EXPECTED[page.stem] in answer.stdout + answer.stderr
    if page.stem == "calibration":  # it promises that own controls notice a smaller decrease
        published, own = (int(number) for number in re.findall(r"tNAA by (\d+) %", answer.stdout))
        assert own < published


def _blocks(page: Path) -> list[str]:
    return re.findall(r"^```sh\n(.*?)^```", page.read_text(), re.M | re.S)
