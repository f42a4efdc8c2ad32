"""A plan names tables beside it: no name leaves the folder or stands for another file of the study."""

from __future__ import annotations

from pathlib import Path
from zipfile import ZipFile

import pytest
from pydantic import ValidationError

from fitting.cohort.inputs import CohortTexts
from fitting.cohort.planning.table_names import check_table_names
from fitting.errors import UnusablePlan
from service.api.cohort_schemas import CohortRequest
from service.cli.app import run
from service.reports.cohort.archive import MEMBERS, StudyTables, bundle
from tests.data.cohorts import PLAN, cohort, write

OUTSIDE = [
    *("../x.csv", "..", ".", "/etc/passwd", "a/b.csv", "a\\b.csv", "..\\x.csv", "C:x.csv", ".hidden", "x.csv "),
    *("x\n.csv", "\0", "x" * 81),
]
STUDIES = "study,g,variance\nA,-0.8,0.12\nB,-0.5,0.10\nC,-0.6,0.11\n"
CONTEXT = PLAN + '[context]\nname = "tNAA"\nregion = "ACC"\nmetabolite = "tNAA"\nstudies = {0!r}\n'
PEOPLE = cohort(24)
TEXTS = {
    "measurements": (write(PEOPLE.measurements, ","), "m.csv"),
    "participants": (write(PEOPLE.participants, "\t"), "p.tsv"),
}


@pytest.mark.parametrize("name", OUTSIDE)
def test_name_that_is_no_plain_file_name_is_refused(name: str) -> None:
    with pytest.raises(UnusablePlan, match="plain name of a file"):
        check_table_names([name])


@pytest.mark.parametrize("name", ["studies.csv", "my studies.csv", "studien-für-ACC.csv", "a..b.csv"])
def test_plain_file_name_is_accepted(name: str) -> None:
    check_table_names([name, name], MEMBERS)


@pytest.mark.parametrize("names", [["plan.toml"], ["README.MD"], ["x.csv", "X.csv"]])
def test_name_of_another_file_is_refused(names: list[str]) -> None:
    """Capitals do not tell files apart everywhere."""
    with pytest.raises(UnusablePlan, match="is taken"):
        check_table_names(names, MEMBERS)


@pytest.mark.parametrize("name", ["../studies.csv", "/etc/passwd", "a\\b.csv"])
def test_plan_that_names_a_table_elsewhere_is_refused_before_it_is_read(name: str) -> None:
    asked = []

    with pytest.raises(UnusablePlan, match="plain name of a file"):
        CohortTexts(**TEXTS, plan=CONTEXT.format(name)).read(asked.append)

    assert asked == []


@pytest.mark.parametrize("name", ["../x.csv", "measurements.csv", "plan.toml"])
def test_archive_writes_no_member_of_such_a_name(name: str) -> None:
    """Also where a study was stored before names were checked."""
    with pytest.raises(UnusablePlan, match="table name"):
        bundle({}, StudyTables(further={name: STUDIES}))


@pytest.mark.parametrize("name", ["..", ".x.csv", "plan.toml", "Measurements.csv"])
def test_request_with_such_a_table_is_refused(name: str) -> None:
    with pytest.raises(ValidationError, match="tables"):
        CohortRequest.model_validate({"name": "a", "measurements": [], "tables": {name: STUDIES}})


def test_archive_holds_each_table_of_the_plan_once(tmp_path: Path) -> None:
    """Members are the archive's own files and the tables that the plan names."""
    for name, text in TEXTS.values():
        (tmp_path / text).write_text(name)
    (tmp_path / "plan.toml").write_text(CONTEXT.format("studies.csv"))
    (tmp_path / "studies.csv").write_text(STUDIES)
    words = ["cohort", "run", str(tmp_path / "m.csv"), "--participants", str(tmp_path / "p.tsv")]

    assert run([*words, "--plan", str(tmp_path / "plan.toml"), "-o", str(tmp_path / "study.zip")]) == 0

    with ZipFile(tmp_path / "study.zip") as archive:
        names = archive.namelist()
    assert sorted(names) == sorted({*MEMBERS, "studies.csv"} - {"manifest.csv"})


def test_table_that_stands_for_a_file_of_the_archive_exits_3(tmp_path: Path, capsys) -> None:
    for name, text in TEXTS.values():
        (tmp_path / text).write_text(name)
    (tmp_path / "plan.toml").write_text(CONTEXT.format("README.md"))
    (tmp_path / "README.md").write_text(STUDIES)
    words = ["cohort", "run", str(tmp_path / "m.csv"), "--participants", str(tmp_path / "p.tsv")]

    assert run([*words, "--plan", str(tmp_path / "plan.toml"), "-o", str(tmp_path / "study.zip")]) == 3

    assert "'README.md' is taken" in capsys.readouterr().err
    assert not (tmp_path / "study.zip").exists()
