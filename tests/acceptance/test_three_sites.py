"""The example of three laboratories runs, shares no person, and sharpens the norm of a fourth."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

EXAMPLE = Path(__file__).parents[2] / "examples" / "three_sites.py"


def test_three_laboratories_narrow_the_interval_of_a_fourth(tmp_path: Path) -> None:
    """From spectra to shared files to a score, by the commands that the documentation names."""
    run = subprocess.run([sys.executable, EXAMPLE, tmp_path], capture_output=True, text=True, check=True, timeout=1800)
    shares = sorted((tmp_path / "shared").glob("*.json"))
    text = "".join(path.read_text() for path in shares)
    published, among = ([float(end) for end in re.findall(r"\d\.\d{4}", line)] for line in run.stdout.splitlines())

    assert [path.stem for path in shares] == ["hospital-a", "hospital-b", "hospital-c"]
    assert "ctl-" not in text
    assert among[1] / among[0] < published[1] / published[0]
