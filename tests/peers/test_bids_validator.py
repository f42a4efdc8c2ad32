"""The official BIDS validator accepts what ``mrsquant bids`` reads and writes."""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from service.cli import app
from tests.unit.bids.datasets import add, dataset

pytestmark = pytest.mark.peers
VALIDATOR = Path(sys.executable).with_name("bids-validator-deno")
SHARED = Path(__file__).parents[3] / "shared" / "interop"


def validated(root: Path) -> subprocess.CompletedProcess[str]:
    if not VALIDATOR.exists():
        pytest.skip("bids-validator-deno is not installed: make peers")
    return subprocess.run(
        [VALIDATOR, root, "--ignoreWarnings"], capture_output=True, text=True, timeout=120, check=False
    )


def test_validator_finds_errors(tmp_path: Path) -> None:
    """Without what it shall ignore it does not know these names: silence of the other tests means something."""
    root = dataset(tmp_path)
    add(root, "sub-01_voi-acc", sidecar={"EchoTime": 0.03})
    (root / "sub-01" / "mrs" / "sub-01_voi-acc_desc-mrsquant_mrs.tsv").write_text("metabolite\n")

    assert validated(root).returncode != 0


def test_derivatives_are_accepted(tmp_path: Path) -> None:
    """Of a dataset with a result, a refusal and both levels, also as a folder of its own."""
    root, out = dataset(tmp_path / "data"), tmp_path / "out"
    add(root, "sub-01_voi-acc", sidecar={"RepetitionTime": 2.0})
    add(root, "sub-01_voi-acc", "mrsref")
    add(root, "sub-01_voi-acc", "mrsi")
    assert app.run(["bids", str(root), str(out), "participant", "--workers", "1"]) == 0
    assert app.run(["bids", str(root), str(out), "group"]) == 0
    moved = tmp_path / "elsewhere" / "results"
    shutil.copytree(out, moved)

    for folder in (out, moved):
        done = validated(folder)
        assert done.returncode == 0, done.stdout


@pytest.mark.skipif(not SHARED.is_dir(), reason="the shared interoperability material is not here")
def test_shared_dataset_gives_the_expected_files(tmp_path: Path) -> None:
    """Both the dataset and its derivatives are accepted; the list of files is the agreed one, with the logs beside."""
    root, out = SHARED / "bids" / "mrs-mini", tmp_path / "out"
    assert validated(root).returncode == 0
    assert app.run(["bids", str(root), str(out), "participant", "--workers", "1"]) == 0
    assert app.run(["bids", str(root), str(out), "group"]) == 0
    written = {path.relative_to(out).as_posix() for path in out.rglob("*") if path.is_file()}

    assert {name for name in written if not name.startswith("logs/")} == set(
        (SHARED / "expected_bids_outputs.txt").read_text().split()
    )
    done = validated(out)
    assert done.returncode == 0, done.stdout
