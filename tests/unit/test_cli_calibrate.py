"""``mrsquant calibrate`` and ``--site`` on the command line, around analyses made by code."""

from __future__ import annotations

import csv
import json
from pathlib import Path
from typing import Any

import pytest

import fitting
from fitting.analysis import Analysis
from fitting.errors import DamagedFile
from fitting.model.result import Traces
from fitting.run import Job
from fitting.run import calibration as run_calibration
from service.cli import app, ordered_map
from service.workers.executors import open_executor
from tests.data.analysis_factory import make_traces
from tests.data.controls_of_site import control_analysis

EXAMPLES = Path(__file__).parents[2] / "examples"


def analyse(job: Job, cache_dir: Path | None = None) -> tuple[Analysis, Traces]:
    """The person whose number the file holds."""
    content = job.metabolite[0].content
    if content == b"damaged":
        raise DamagedFile("The FID ends early.", file=job.metabolite[0].name)
    return control_analysis(int(content), region=job.subject.region), make_traces()


@pytest.fixture(autouse=True)
def folder(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    monkeypatch.setattr(run_calibration, "analyse", analyse)
    monkeypatch.setattr(ordered_map, "open_executor", lambda *_: open_executor("inline:"))
    monkeypatch.chdir(tmp_path)
    return tmp_path


def manifest(rows: list[dict[str, Any]], name: str = "CONTROLS.csv") -> Path:
    """A manifest with one file for each row."""
    columns = list(dict.fromkeys(["id", "metabolite", *(key for row in rows for key in row)]))
    for row in rows:
        row.setdefault("metabolite", f"{row['id']}.rda")
        Path(row["metabolite"]).write_bytes(str(row.pop("content")).encode())
    path = Path(name)
    with path.open("w", newline="") as handle:
        writer = csv.DictWriter(handle, columns)
        writer.writeheader()
        writer.writerows({key: value for key, value in row.items() if key in columns} for row in rows)
    return path


def people(count: int) -> list[dict[str, Any]]:
    return [{"id": f"ctl-{n:02d}", "content": n, "region": "ACC"} for n in range(1, count + 1)]


def run(capsys: pytest.CaptureFixture[str], *arguments: str) -> tuple[int, str]:
    code = app.run(list(arguments))
    return code, capsys.readouterr().err


def test_a_manifest_becomes_a_profile(capsys: pytest.CaptureFixture[str]) -> None:
    """SITE.json holds the controls; stderr says for what it holds and how many they are."""
    code, said = run(capsys, "calibrate", str(manifest(people(9))), "-o", "PRISMA_acc.json", "--name", "prisma-acc")
    site = fitting.read_site(Path("PRISMA_acc.json").read_bytes())

    assert code == 0, said
    assert (site.name, site.people) == ("prisma-acc", 9)
    assert site.id in said
    assert "9 of 9 spectra are controls" in said


def test_the_name_is_made_of_the_file_when_none_is_given(capsys: pytest.CaptureFixture[str]) -> None:
    """In the form of names."""
    code, said = run(capsys, "calibrate", str(manifest(people(1))), "-o", "My Site_1.json")

    assert code == 0, said
    assert fitting.read_site(Path("My Site_1.json").read_bytes()).name == "my-site-1"


def test_bad_rows_are_left_out_by_name(capsys: pytest.CaptureFixture[str]) -> None:
    """A damaged file, a patient, a repeated person and an impossible row; no name of a file is kept."""
    rows = [
        *people(3),
        {"id": "Smith_John.rda", "metabolite": "Smith_John.rda", "content": "damaged", "region": "ACC"},
        {"id": "pat-01", "content": 4, "region": "ACC", "group": "patient"},
        {"id": "again", "content": 5, "region": "ACC", "subject": "ctl-01"},
        {"id": "old", "content": 6, "region": "ACC", "age_years": 400},
    ]
    code, said = run(capsys, "calibrate", str(manifest(rows)), "-o", "SITE.json")
    content = Path("SITE.json").read_bytes()
    site = fitting.read_site(content)

    assert code == 0, said
    assert {item.id: item.code for item in site.left_out} == {
        "control-04": "damaged-file",
        "pat-01": "not-a-control",
        "ctl-01": "person-repeated",
        "old": "implausible-parameter",
    }
    assert b"Smith" not in content
    assert said.count("left out:") == 4


@pytest.mark.parametrize(
    ("rows", "code", "words"),
    [
        ([{"id": "pat-01", "content": 1, "region": "ACC", "group": "patient"}], 3, "unusable-controls"),
        ([{"id": f"s-{n}", "content": n, "region": "ACC", "subject": "me"} for n in (1, 2)], 3, "of one person"),
    ],
)
def test_without_controls_nothing_is_written(
    rows: list[dict[str, Any]], code: int, words: str, capsys: pytest.CaptureFixture[str]
) -> None:
    """Exit code 3 and one line that says why."""
    answered, said = run(capsys, "calibrate", str(manifest(rows)), "-o", "SITE.json")

    assert answered == code
    assert words in said
    assert not Path("SITE.json").exists()


def test_a_bad_name_and_an_input_as_output_are_refused_before_work(capsys: pytest.CaptureFixture[str]) -> None:
    """Nobody waits for an answer that cannot be written."""
    path = str(manifest(people(1)))

    code, said = run(capsys, "calibrate", path, "-o", "SITE.json", "--name", "Ward 3")
    assert (code, "unusable-site" in said) == (3, True)
    code, said = run(capsys, "calibrate", path, "-o", path)
    assert (code, "names an input" in said) == (1, True)


@pytest.mark.parametrize("command", ["analyse", "inspect"])
@pytest.mark.parametrize("content", [None, b"no profile", b"{}"])
def test_an_unusable_profile_is_refused_by_name(
    command: str, content: bytes | None, capsys: pytest.CaptureFixture[str]
) -> None:
    """Missing, not JSON or of another kind: code, file and remedy on one line."""
    if content is not None:
        Path("SITE.json").write_bytes(content)
    Path("scan.rda").write_bytes(b"1")
    code, said = run(capsys, command, "scan.rda", "--site", "SITE.json")

    assert code == 3
    assert said.startswith("mrsquant: unusable-site: SITE.json: ")


def test_a_batch_refuses_an_unusable_profile_once(capsys: pytest.CaptureFixture[str]) -> None:
    """And writes no table of refusals."""
    Path("SITE.json").write_bytes(b"{}")
    code, said = run(capsys, "batch", str(manifest(people(2))), "-o", "out.csv", "--site", "SITE.json")

    assert code == 3
    assert "unusable-site" in said
    assert not Path("out.csv").exists()


def test_a_folder_of_profiles_needs_profiles(
    folder: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """``MRSQUANT_SITES_PATH`` without a profile, or with another file, is an error and not an empty list."""
    sites = folder / "sites"
    sites.mkdir()
    monkeypatch.setenv("MRSQUANT_SITES_PATH", str(sites))
    Path("scan.rda").write_bytes(b"1")
    code, said = run(capsys, "analyse", "scan.rda")
    assert (code, "holds no .json file" in said) == (3, True)
    (sites / "a.json").write_text(json.dumps({"kind": "other"}))
    code, said = run(capsys, "analyse", "scan.rda")
    assert (code, "a.json" in said) == (3, True)


def test_a_value_is_scored_among_the_people_of_a_site(capsys: pytest.CaptureFixture[str]) -> None:
    """The site states how the value was measured, unless options do; a contradiction is not compared."""
    run(capsys, "calibrate", str(manifest(people(20))), "-o", "SITE.json", "--name", "acc")
    value = ["score", "--site", "SITE.json", "--metabolite", "tNAA", "--ratio-tcr", "1.2", "--region", "ACC"]

    assert app.run([*value, "--format", "json"]) == 0
    answer = json.loads(capsys.readouterr().out)
    assert answer["norm"]["id"].startswith("site.acc.")
    assert answer["norm"]["n"] == 20
    assert app.run([*value, "--echo-time", "0.035", "--format", "json"]) == 0
    other = json.loads(capsys.readouterr().out)
    assert other["norm"] is None or other["norm"]["kind"] == "literature"


def test_what_may_be_shared_is_written_beside_and_later(capsys: pytest.CaptureFixture[str]) -> None:
    """With the calibration or of one that is there, the same bytes; too few people are refused."""
    path = str(manifest(people(8)))
    code, said = run(capsys, "calibrate", path, "-o", "SITE.json", "--share", "one.json")
    assert (code, "no person is in it" in said) == (0, True)
    assert run(capsys, "calibrate", "--share", "SITE.json", "-o", "two.json")[0] == 0
    assert Path("one.json").read_bytes() == Path("two.json").read_bytes()
    assert b"ctl-" not in Path("one.json").read_bytes()

    run(capsys, "calibrate", str(manifest(people(2))), "-o", "SMALL.json")
    code, said = run(capsys, "calibrate", "--share", "SMALL.json", "-o", "three.json")
    assert (code, "unusable-share" in said, Path("three.json").exists()) == (3, True, False)
    assert run(capsys, "calibrate", "-o", "x.json")[0] == 1
    assert run(capsys, "calibrate", path, "-o", "SITE.json", "--share", path)[0] == 1


def test_shared_norms_of_a_folder_are_further_laboratories(
    folder: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """A shared file makes the comparison of another laboratory sharper; one with single people is refused."""
    shared = folder / "norms"
    shared.mkdir()
    run(capsys, "calibrate", str(manifest(people(20))), "-o", "SITE.json", "--share", str(shared / "lab.json"))
    value = [
        "score",
        "--metabolite",
        "tNAA",
        "--ratio-tcr",
        "1.2",
        "--region",
        "ACC",
        "--field",
        "3",
        "--format",
        "json",
    ]
    answers = []
    for path in (None, shared):
        if path is not None:
            monkeypatch.setenv("MRSQUANT_NORMS_PATH", str(path))
        assert app.run(value) == 0
        answers.append(json.loads(capsys.readouterr().out)["z"])
    assert answers[1]["sd_predictive"] < answers[0]["sd_predictive"]

    document = json.loads((shared / "lab.json").read_text())
    document["regions"][0]["people"] = [{"id": "ctl-1"}]
    (shared / "lab.json").write_text(json.dumps(document))
    code, said = run(capsys, *value)
    assert (code, "unusable-share" in said) == (3, True)
