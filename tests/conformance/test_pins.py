"""The digests of code and data are those of what is tracked, whatever a machine has put beside it."""

from __future__ import annotations

import hashlib
import subprocess
from pathlib import Path

import pytest

import fitting
from fitting.basis.cache import shipped_folder
from fitting.run.pins import data_digest

PACKAGE = Path(fitting.__file__).parent
ROOT = PACKAGE.parent


def test_precomputed_basis_sets_lie_outside_the_package() -> None:
    """The image computes them and a wheel does not; both are the same version and have the same digest."""
    assert not shipped_folder().is_relative_to(PACKAGE)


def test_the_data_digest_is_that_of_tracked_files() -> None:
    """Recomputed from the list that git keeps."""
    listed = subprocess.run(["git", "ls-files", "fitting/data"], cwd=ROOT, capture_output=True, text=True, check=False)
    if listed.returncode or not listed.stdout:
        pytest.skip("no git checkout")
    digest = hashlib.sha256()
    for path in sorted(listed.stdout.split(), key=lambda name: name.removeprefix("fitting/")):
        content = (ROOT / path).read_bytes()
        digest.update(f"{path.removeprefix('fitting/')}\0{len(content)}\0".encode())
        digest.update(content)

    assert data_digest() == digest.hexdigest()
