"""The study of the tutorial runs as it is written: spectra, table, check, report; what was planted is found."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
EXAMPLE = ROOT / "examples" / "study.py"


@pytest.fixture(scope="module")
def study(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of the study after the script has run."""
    folder = tmp_path_factory.mktemp("study")
    subprocess.run([sys.executable, EXAMPLE, folder], capture_output=True, text=True, check=True, timeout=1800)
    return folder


def test_planted_difference_and_correlation_are_found_and_nothing_else(study: Path) -> None:
    """tNAA is 15 % lower in patients and falls with depression; tCho, mI and Glu do not differ."""
    answer = json.loads((study / "result.json").read_text())
    levels = {item["metabolite"]: item for item in answer["levels"] if item["model"] == "adjusted"}
    plain = next(item for item in answer["associations"] if not item["given"])

    assert answer["hypotheses"][0]["verdict"] == "shown"
    assert levels["tNAA"]["percent_low"] < -15 < levels["tNAA"]["percent_high"] < 0
    assert all(levels[name]["q"] > 0.05 for name in ("tCho", "mI", "Glu"))
    assert all(levels[name]["percent_low"] < 0 < levels[name]["percent_high"] for name in ("tCho", "mI", "Glu"))
    assert plain["high"] < 0


def test_report_names_no_person(study: Path) -> None:
    assert not re.search(r"sub-\d", (study / "report.html").read_text())


def test_tutorial_shows_the_commands_that_the_script_runs() -> None:
    """Each command of the script stands in the documentation."""
    page, script = (ROOT / "docs" / "cohorts.md").read_text(), EXAMPLE.read_text()
    for command in re.findall(r'mrsquant\("cohort", "(\w+)"', script):
        assert f"mrsquant cohort {command} " in page
    assert "python examples/study.py" in page
