"""The archive of `mrsquant cohort run -o study.zip` repeats the study."""

from __future__ import annotations

import json
from pathlib import Path
from zipfile import ZipFile

import pytest

from service.cli.app import run
from tests.data.cohorts import PLAN, cohort, write

PEOPLE = cohort(24, effects={"tNAA": -0.2})


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "m.csv").write_text(write(PEOPLE.measurements, ","))
    (tmp_path / "p.tsv").write_text(write(PEOPLE.participants, "\t"))
    (tmp_path / "plan.toml").write_text(PLAN)
    return tmp_path


def command(folder: Path, out: str, *more: str) -> list[str]:
    files = [str(folder / name) for name in ("m.csv", "p.tsv", "plan.toml")]
    return ["cohort", "run", files[0], "--participants", files[1], "--plan", files[2], "-o", str(folder / out), *more]


def test_archive_repeats_the_study_by_the_command_of_its_readme(folder: Path, monkeypatch) -> None:
    """The tables and plan inside give the same answer; only the archive names the people."""
    assert run(command(folder, "study.zip")) == 0
    inside = folder / "inside"
    with ZipFile(folder / "study.zip") as archive:
        archive.extractall(inside)
    line = next(line for line in (inside / "README.md").read_text().splitlines() if "mrsquant cohort run" in line)
    monkeypatch.chdir(inside)

    assert run([*line.split()[1:-1], "again.json"]) == 0

    assert json.loads((inside / "again.json").read_text()) == json.loads((inside / "result.json").read_text())
    assert "sub-001" in (inside / "participants.tsv").read_text()
    assert "sub-0" not in (inside / "report.html").read_text()
    assert "sub-0" not in (inside / "statements.csv").read_text()
    described = json.loads((inside / "participants.json").read_text())
    assert described["bdi"]["Range"] == [0, 63]


def test_equal_studies_give_equal_archives(folder: Path) -> None:
    """No time and no random name is inside."""
    run(command(folder, "a.zip"))
    run(command(folder, "b.zip"))

    assert (folder / "a.zip").read_bytes() == (folder / "b.zip").read_bytes()


def test_formats_of_single_analyses_are_not_those_of_a_cohort(folder: Path, capsys) -> None:
    """A cohort is no DICOM object; text under that name would mislead."""
    assert run(command(folder, "x.dcm", "--format", "dicom-sr")) != 0

    assert not (folder / "x.dcm").exists()
    assert "'zip'" in capsys.readouterr().err
