"""The digests of code and data are those of what is tracked, whatever a machine has put beside it."""

from __future__ import annotations

import hashlib
import subprocess
from pathlib import Path

import pytest

import fitting
from fitting.basis.cache import shipped_folder
from fitting.run import pins
from fitting.run.pins import DESCRIBES, VALUES, data_digest

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


DESCRIBE_A_RUN = {
    "__init__", "answer", "calibration", "catalogue", "check", "eddy_current_doubt", "inspection", "job", "notebook",
    "pins", "planes", "progress", "protocol_doubt", "sequence_notes", "site_choice", "state",
}  # fmt: skip
"""Modules of ``fitting.run`` that change no value: a change of one leaves calibrations as they are."""


def test_every_module_of_a_run_computes_values_or_describes_them() -> None:
    """A new module is declared on one side, and every declared place exists."""
    modules = {path.stem for path in PACKAGE.joinpath("run").glob("*.py")}
    computing = {place.removeprefix("run/").removesuffix(".py") for place in VALUES if place.startswith("run/")}

    assert computing | DESCRIBE_A_RUN == modules
    assert not computing & DESCRIBE_A_RUN
    assert all(PACKAGE.joinpath(place).exists() for place in (*VALUES, *DESCRIBES))


@pytest.mark.parametrize(
    ("name", "is_counted"),
    [
        ("model/fit.py", True),
        ("run/steps.py", True),
        ("data/metabolites.toml", True),
        ("run/answer.py", False),
        ("norms/scoring.py", False),
        ("data/norms/model.json", False),
        ("data/repeatability.csv", False),
    ],
)
def test_calibrations_outlive_changes_of_what_describes(
    monkeypatch: pytest.MonkeyPatch, name: str, is_counted: bool
) -> None:
    """The digest of values changes with a file that computes them and with no other."""
    before = pins.values_digest()
    found = pins._files

    class Changed:
        def __init__(self, item: object) -> None:
            self._item = item

        def read_bytes(self) -> bytes:
            return b"changed"

    monkeypatch.setattr(
        pins,
        "_files",
        lambda folder, of: ((at, Changed(item) if at.lstrip("/") == name else item) for at, item in found(folder, of)),
    )
    after = pins.values_digest.__wrapped__()

    assert (after != before) == is_counted
