"""The wheel works from ``pipx install``: a new environment with nothing but what it asks for."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from tests.fresh.checkout import Checkout


def test_wheel_works_from_pipx(checkout: Checkout, tmp_path: Path) -> None:
    """Built in the clone, installed by pipx, and used away from the clone: version, analysis, PDF, HTML."""
    example = checkout.folder / "examples" / "acc_press30.nii.gz"
    checkout.run(f".venv/bin/python -m pip wheel --quiet --no-deps --wheel-dir {tmp_path} .")
    (wheel,) = tmp_path.glob("mrsquant-*.whl")
    home = f"PIPX_HOME={tmp_path}/pipx PIPX_BIN_DIR={tmp_path}/bin PIPX_MAN_DIR={tmp_path}/man"
    tool = tmp_path / "tool"
    subprocess.run([sys.executable, "-m", "venv", tool], check=True)
    if subprocess.run([tool / "bin" / "python", "-m", "pip", "install", "--quiet", "pipx"], check=False).returncode:
        pytest.skip("pipx cannot be installed from this machine's package index")
    checkout.run(f"{home} {tmp_path}/tool/bin/pipx install --quiet '{wheel}[pdf]'")
    mrsquant = tmp_path / "bin" / "mrsquant"
    said = checkout.run(f"{mrsquant} --version", tmp_path)
    checkout.run(f"{mrsquant} analyse {example} --region ACC --age 44 -o report.pdf", tmp_path)
    checkout.run(f"{mrsquant} analyse {example} --region ACC --age 44 -o report.html", tmp_path)

    assert wheel.name.split("-")[1] in said
    assert (tmp_path / "report.pdf").read_bytes().startswith(b"%PDF")
    assert "Research use only" in (tmp_path / "report.html").read_text()
