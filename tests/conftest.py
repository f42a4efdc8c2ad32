"""Fixtures every suite shares."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

for name in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS"):
    # as in workers and make: with other numbers of threads sums round otherwise, and digests of results differ
    os.environ.setdefault(name, "1")


def shared_folder() -> Path | None:
    """The folder of real scanner files and simulated truth, or None on a machine without it."""
    folder = Path(os.environ.get("MRSQUANT_SHARED", Path(__file__).parents[2] / "shared"))
    return folder if (folder / "data" / "index.csv").is_file() else None


@pytest.fixture(scope="session")
def shared() -> Path:
    """The folder of real scanner files and simulated truth; tests that need it are skipped without it."""
    folder = shared_folder()
    if folder is None:
        pytest.skip("no shared data folder on this machine")
    return folder
