"""Ages of `participants.tsv` that its JSON file describes in another unit are not taken for years."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from service.cli.app import run
from tests.data.cohorts import cohort, write


def check(folder: Path, column: str, described: object) -> int:
    """Exit code of ``cohort check`` with ages under a name, described by ``participants.json``."""
    tables = cohort()
    people = [
        {(column if name == "age_years" else name): cell for name, cell in row.items()} for row in tables.participants
    ]
    (folder / "m.csv").write_text(write(tables.measurements, ","))
    (folder / "participants.tsv").write_text(write(people, "\t"))
    (folder / "participants.json").write_text(json.dumps(described))
    return run(["cohort", "check", str(folder / "m.csv"), "--participants", str(folder / "participants.tsv")])


@pytest.mark.parametrize("unit", ["months", "weeks", "day", "fortnights"])
def test_age_in_another_unit_is_refused(tmp_path: Path, capsys: pytest.CaptureFixture[str], unit: str) -> None:
    """60 months are five years, and inside every limit of an age in years."""
    assert check(tmp_path, "age", {"age": {"Units": unit}}) == 3

    said = capsys.readouterr().err
    assert "participants.tsv, column age" in said
    assert "age_years" in said


@pytest.mark.parametrize("described", [{"age": {"Units": "Years"}}, {"age": {"Units": "yr"}}, {}, [], {"age": None}])
def test_age_in_years_or_without_a_unit_is_read(tmp_path: Path, described: object) -> None:
    assert check(tmp_path, "age", described) == 0


def test_age_years_is_in_years_by_its_name(tmp_path: Path) -> None:
    assert check(tmp_path, "age_years", {"age": {"Units": "months"}}) == 0
