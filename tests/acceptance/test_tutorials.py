"""Every tutorial runs as written, on the files of a checkout; ``make fresh`` runs them in a new clone."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests import tutorials

ROOT = Path(__file__).parents[2]


def test_every_tutorial_has_a_promise() -> None:
    """A new tutorial is run, too."""
    assert {page.stem for page in tutorials.PAGES} == set(tutorials.EXPECTED)


@pytest.mark.parametrize("page", tutorials.PAGES, ids=lambda page: page.stem)
def test_tutorial_runs_as_written(page: Path, tmp_path: Path) -> None:
    """Each block begins in the folder of the checkout; a command that fails fails the test."""
    (tmp_path / ".venv").symlink_to(Path(sys.executable).parents[1])
    (tmp_path / "examples").symlink_to(ROOT / "examples")
    (tmp_path / "build").mkdir()
    environment = {name: value for name, value in os.environ.items() if not name.startswith("MRSQUANT_")}
    environment |= {"MRSQUANT_CACHE_DIR": str(tmp_path / "cache")}
    answer = subprocess.run(
        ["bash", "-c", tutorials.script(page, tmp_path)],
        env=environment, capture_output=True, text=True, timeout=300, check=False,
    )  # fmt: skip

    assert answer.returncode == 0, answer.stdout + answer.stderr
    tutorials.check(page, answer.stdout + answer.stderr)
