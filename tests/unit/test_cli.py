"""The mrsquant command around a pipeline that is faked: formats, exit codes, one-line errors."""

from __future__ import annotations

import csv
import io
import json
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from fitting.analysis import Analysis
from fitting.errors import DamagedFile
from fitting.model.result import Traces
from fitting.request import Overrides, Subject, TissueFractions
from fitting.run import Inspection, Job
from service.cli import app, ordered_map
from service.reports.results_csv import COLUMNS
from service.workers.executors import open_executor
from tests.data.analysis_factory import failed, limited, make_analysis, make_traces, unusable
from tests.pages import tree

METADATA = {
    "--region": "ACC",
    "--hemisphere": "midline",
    "--age": "44",
    "--sex": "female",
    "--tissue": "gm=0.6,wm=0.3,csf=0.1",
    "--echo-time": "0.03",
    "--repetition-time": "2",
    "--mixing-time": "0.01",
    "--spectrometer-frequency": "123.25e6",
    "--dwell-time": "0.0005",
    "--sequence": "PRESS",
}
TYPED = [word for pair in METADATA.items() for word in pair]


class Pipeline:
    """Stands in for ``fitting.run``: keeps the jobs it gets and answers with a made analysis."""

    def __init__(self) -> None:
        self.jobs: list[Job] = []
        self.answer: Callable[[Analysis], Analysis] = lambda analysis: analysis

    def analyse(self, job: Job, cache_dir: Path | None = None) -> tuple[Analysis, Traces]:
        self.jobs.append(job)
        if b"damaged" in job.metabolite[0].content:
            raise DamagedFile("The FID ends early; export it again.", file=job.metabolite[0].name)
        if b"defect" in job.metabolite[0].content:
            raise ZeroDivisionError("John Doe")
        if b"greedy" in job.metabolite[0].content:
            raise MemoryError
        return self.answer(make_analysis()), make_traces()

    def inspect(self, job: Job) -> Inspection:
        self.jobs.append(job)
        facts: dict[str, str | float | int | None] = {"echo_time": 0.03, "repetition_time": None, "points": 2048}
        return Inspection("siemens_rda", facts, None, ("repetition_time",), None, ("acc/3T",), ("no water reference",))


@pytest.fixture
def pipeline(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Pipeline:
    fake = Pipeline()
    monkeypatch.setattr("fitting.run.analyse", fake.analyse)
    monkeypatch.setattr("fitting.run.inspect", fake.inspect)
    monkeypatch.setattr("service.cli.answers.analyse", fake.analyse, raising=False)
    monkeypatch.setattr(ordered_map, "open_executor", lambda *_: open_executor("inline:"))
    monkeypatch.chdir(tmp_path)
    Path("scan.rda").write_bytes(b"spectrum")
    Path("water.rda").write_bytes(b"water")
    return fake


def test_every_option_reaches_the_job(pipeline: Pipeline) -> None:
    """What is typed arrives in the pipeline under its SI name; files arrive with their content."""
    Path("basis").mkdir()
    Path("basis/b.json").write_bytes(b"2")
    Path("basis/a.json").write_bytes(b"1")
    Path("t.csv").write_bytes(b"species")
    files = ["--water-reference", "water.rda", "--basis", "basis", "--relaxation", "t.csv"]

    assert app.run(["analyse", "scan.rda", *TYPED, *files]) == 0

    (job,) = pipeline.jobs
    assert job.subject == Subject("ACC", "midline", 44.0, "female", TissueFractions(0.6, 0.3, 0.1))
    assert job.options.overrides == Overrides(0.03, 2.0, 123.25e6, 0.0005, "PRESS", 0.01)
    assert [file.content for file in (*job.metabolite, *job.water_reference)] == [b"spectrum", b"water"]
    assert [(file.name, file.content) for file in job.basis] == [("a.json", b"1"), ("b.json", b"2")]
    assert job.relaxation == b"species"


def test_stdout_holds_the_result_and_nothing_else(
    pipeline: Pipeline, capfdbinary: pytest.CaptureFixture[bytes]
) -> None:
    """A script can read JSON and CSV from stdout as they are; PDF and HTML come as bytes when it is no terminal."""
    heads = {"json": b"{", "csv": b"id,outcome,", "html": b"<!", "pdf": b"%PDF", "table": b"Research use only"}
    for name, head in heads.items():
        assert app.run(["analyse", "scan.rda", "--format", name]) == 0
        out, err = capfdbinary.readouterr()
        assert out.lower().startswith(head.lower())
        assert err == b""
        if name == "json":
            assert json.loads(out)["state"] == "succeeded"
        if name == "csv":
            assert csv.reader(io.StringIO(out.decode())).__next__() == list(COLUMNS)


def test_same_input_gives_the_same_bytes(pipeline: Pipeline) -> None:
    """A report holds no clock and no random number."""
    for name in ("json", "html", "table"):
        for copy in ("1", "2"):
            app.run(["analyse", "scan.rda", "--format", name, "-o", copy])
        assert Path("1").read_bytes() == Path("2").read_bytes()


@pytest.mark.parametrize(
    ("arguments", "head"),
    [
        (["-o", "r.json"], b"{"),
        (["-o", "r.CSV"], b"id,"),
        (["-o", "r.txt"], b"Research use only"),
        (["-o", "r.json", "--format", "table"], b"Research use only"),
    ],
)
def test_the_suffix_of_out_names_the_format(pipeline: Pipeline, arguments: list[str], head: bytes) -> None:
    """``-o report.pdf`` is enough; an explicit --format wins; anything else is the table."""
    assert app.run(["analyse", "scan.rda", *arguments]) == 0
    assert Path(arguments[1]).read_bytes().startswith(head)


@pytest.mark.parametrize(("answer", "code"), [(unusable, 2), (failed, 2), (lambda analysis: analysis, 0)])
def test_exit_code_depends_on_the_verdict(
    pipeline: Pipeline, answer: Callable[[Analysis], Analysis], code: int
) -> None:
    """A quality verdict of "no" and a failed fit are 2, so that a script stops without reading the report."""
    pipeline.answer = answer

    assert app.run(["analyse", "scan.rda"]) == code


@pytest.mark.parametrize(
    ("arguments", "code", "line"),
    [
        (["analyse", "absent.rda"], 3, "inaccessible-file: absent.rda: "),
        (["analyse", "."], 3, "inaccessible-file: .: "),
        (["analyse", "damaged.rda"], 3, "damaged-file: damaged.rda: The FID ends early; export it again."),
        (["analyse", "scan.rda", "--tissue", "gm=0.6"], 3, "implausible-parameter: scan.rda: --tissue 'gm=0.6'"),
        (["analyse", "scan.rda", "--tissue", "gm=a,wm=0,csf=0"], 3, "implausible-parameter: scan.rda: "),
        (["analyse", "scan.rda", "--tissue", "gm=1,gm=1,wm=0,csf=0"], 3, "implausible-parameter: scan.rda: "),
        (["analyse", "scan.rda", "--basis", "absent.basis"], 3, "unusable-basis: scan.rda: 'absent.basis'"),
        (["analyse", "scan.rda", "--basis", "empty"], 3, "unusable-basis: scan.rda: Folder 'empty'"),
        (["analyse", "scan.rda", "--relaxation", "no.csv"], 3, "unusable-table: scan.rda: 'no.csv'"),
        (["inspect", "absent.rda"], 3, "inaccessible-file: absent.rda: "),
        (["batch", "absent.csv", "-o", "r.csv"], 3, "unusable-table: absent.csv: "),
        (["submit", "absent.rda", "--url", "http://127.0.0.1:9"], 3, "inaccessible-file: absent.rda: "),
        (["submit", "scan.rda", "--url", "http://127.0.0.1:9"], 4, "server-unreachable: http://127.0.0.1:9/: "),
        (["submit", "scan.rda", "--url", "nonsense"], 4, "server-unreachable: nonsense/: "),
        (["analyse", "scan.rda", "-o", "absent/r.json"], 1, "file-not-writable: absent/r.json: "),
        (["batch", "m.csv", "-o", "absent/r.csv"], 1, "file-not-writable: absent/r.csv: "),
        (["analyse", "scan.rda", "-o", "./scan.rda"], 1, "usage: scan.rda: -o names an input"),
        (["batch", "m.csv", "-o", "m.csv"], 1, "usage: m.csv: -o names an input"),
        (["batch", "m.csv", "-o", "scan.rda"], 1, "usage: scan.rda: -o names an input"),
        (["submit", "scan.rda", "--url", "http://127.0.0.1:9", "--pdf", "scan.rda"], 1, "usage: scan.rda: -o names"),
        (["analyse", "scan.rda", "--age", "old"], 1, "usage: Invalid value for '--age'"),
        (["analyse", "scan.rda", "--sex", "F"], 1, "usage: Invalid value for '--sex'"),
        (["analyse"], 1, "usage: Missing argument 'FILE'"),
        (["analyze", "scan.rda"], 1, "usage: No such command 'analyze'"),
    ],
)
def test_bad_input_is_one_line_on_stderr(
    pipeline: Pipeline, capsys: pytest.CaptureFixture[str], arguments: list[str], code: int, line: str
) -> None:
    """Problem code, file, what to do; nothing on stdout; exit code as documented; never a traceback."""
    Path("damaged.rda").write_bytes(b"damaged")
    Path("empty").mkdir()
    Path("m.csv").write_text("metabolite\nscan.rda\n")

    assert app.run(arguments) == code
    out, err = capsys.readouterr()
    assert out == ""
    assert err.startswith(f"mrsquant: {line}")
    assert err.count("\n") == 1
    assert Path("scan.rda").read_bytes() == b"spectrum"


def test_a_defect_does_not_quote_the_input(pipeline: Pipeline, capsys: pytest.CaptureFixture[str]) -> None:
    """An unexpected exception shows its kind and place; its message may hold what a header said of a person."""
    Path("scan.rda").write_bytes(b"defect")

    assert app.run(["analyse", "scan.rda"]) == 1
    err = capsys.readouterr().err
    assert "internal-error: ZeroDivisionError" in err
    assert "test_cli.py" in err
    assert "Doe" not in err


def test_pdf_is_not_poured_into_a_terminal(
    pipeline: Pipeline, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Without -o a PDF goes to a pipe, never to a screen, and no fit is wasted on it."""
    monkeypatch.setattr(sys.stdout, "isatty", lambda: True)

    assert app.run(["analyse", "scan.rda", "--format", "pdf"]) == 1
    assert "name a file with -o" in capsys.readouterr().err
    assert not pipeline.jobs


def test_inspect_prints_present_and_missing_fields(pipeline: Pipeline, capsys: pytest.CaptureFixture[str]) -> None:
    """Absent quantities are named as such; nothing is shown as if it had been read."""
    assert app.run(["inspect", "scan.rda", *TYPED]) == 0
    lines = [" ".join(line.split()) for line in capsys.readouterr().out.splitlines()]

    assert "repetition_time not in the file" in lines
    assert "echo_time 0.03" in lines
    assert "missing repetition_time" in lines
    assert "norm acc/3T" in lines
    assert "warning no water reference" in lines
    assert pipeline.jobs[0].subject.region == "ACC"


def batch(manifest: str, *arguments: str) -> tuple[int, list[dict[str, str]]]:
    Path("m.csv").write_text(manifest)
    code = app.run(["batch", "m.csv", "-o", "r.csv", *arguments])
    with Path("r.csv").open(newline="") as handle:
        return code, list(csv.DictReader(handle))


def test_batch_keeps_the_order_and_goes_on_after_bad_rows(pipeline: Pipeline) -> None:
    """Every spectrum has its rows in manifest order; a refusal, a bad cell and a defect cost one row each."""
    Path("damaged.rda").write_bytes(b"damaged")
    Path("defect.rda").write_bytes(b"defect")
    Path("greedy.rda").write_bytes(b"greedy")
    code, rows = batch(
        "id,metabolite,age_years\none,scan.rda,44\ntwo,damaged.rda,\nthree,scan.rda,old\n"
        "four,defect.rda,\nfive,absent.rda,\nsix,scan.rda,\nseven,greedy.rda,\n"
    )
    messages = {row["id"]: row["message"] for row in rows if row["metabolite"] == ""}
    metabolites = [result.name for result in make_analysis().metabolites]

    assert code == 0
    assert list(dict.fromkeys(row["id"] for row in rows)) == ["one", "two", "three", "four", "five", "six", "seven"]
    assert [row["metabolite"] for row in rows if row["id"] == "six"] == metabolites
    assert messages["two"] == "damaged-file: The FID ends early; export it again."
    assert messages["three"] == "unusable-table: m.csv:4: age_years = 'old' is not a number."
    assert messages["four"].startswith("internal-error: ")
    assert messages["seven"].startswith("out-of-memory: ")
    assert "Doe" not in messages["four"]
    assert messages["five"].startswith("inaccessible-file: There is no file 'absent.rda'")
    assert {row["id"]: row["outcome"] for row in rows} == {
        "one": "converged",
        "two": "refused",
        "three": "refused",
        "four": "failed",
        "five": "refused",
        "six": "converged",
        "seven": "failed",
    }
    assert all(float(row["seconds"]) >= 0 for row in rows if row["metabolite"])
    assert [job.subject.age_years for job in pipeline.jobs] == [44.0, None, None, None, None]


@pytest.mark.usefixtures("pipeline")
def test_ids_of_a_batch_cannot_run_as_formulas() -> None:
    """A spreadsheet runs nothing of a manifest; numbers stay numbers, and one apostrophe less gives the id."""
    ids = ["=1+1", "-2+3", "@SUM(A1)", "+cmd|'/c calc'!A1", "'quoted", "-5", "sub-017"]
    manifest = io.StringIO()
    csv.writer(manifest).writerows([["id", "metabolite"], *([name, "scan.rda"] for name in ids)])
    _, rows = batch(manifest.getvalue())
    found = list(dict.fromkeys(row["id"] for row in rows))

    assert [cell.removeprefix("'") for cell in found] == ids
    assert [cell for cell in found if cell[0] in "=+-@"] == ["-5"]


def test_batch_columns_are_the_documented_ones(pipeline: Pipeline) -> None:
    """RESULTS.csv has exactly the columns that scripts rely on, in their order."""
    batch("metabolite\nscan.rda\n")

    assert Path("r.csv").read_text().splitlines()[0].split(",") == list(COLUMNS)


def test_rows_repeat_the_request_and_keep_their_own_columns_beside_those_of_the_manifest(pipeline: Pipeline) -> None:
    """Who and where stand in every row, also of a refused spectrum; a copied column never covers a result."""
    Path("damaged.rda").write_bytes(b"damaged")
    code, rows = batch(
        "id,metabolite,subject,session,region,hemisphere,group,flag,site\n"
        "one,scan.rda,sub-01,ses-02,ACC,midline,patients,odd,north\n"
        "two,damaged.rda,sub-03,ses-04,PCC,left,controls,even,south\n"
    )
    said = ("subject", "session", "region", "hemisphere", "group", "manifest_flag", "site")

    assert code == 0
    assert {row["id"]: tuple(row[name] for name in said) for row in rows} == {
        "one": ("sub-01", "ses-02", "ACC", "midline", "patients", "odd", "north"),
        "two": ("sub-03", "ses-04", "PCC", "left", "controls", "even", "south"),
    }
    assert {row["flag"] for row in rows} <= {"", "below", "within", "above"}


def test_a_batch_without_any_result_is_refused_input(pipeline: Pipeline) -> None:
    """Exit code 3 when not one spectrum could be analysed; each still has its row."""
    code, rows = batch("metabolite\nabsent.rda\ngone.rda\n")

    assert code == 3
    assert [row["outcome"] for row in rows] == ["refused", "refused"]


def test_a_batch_ends_with_its_verdicts_and_writes_the_page_of_the_study(
    pipeline: Pipeline, capsys: pytest.CaptureFixture[str]
) -> None:
    """The last line counts every verdict; the page shows each spectrum once, with its reasons."""
    Path("damaged.rda").write_bytes(b"damaged")
    answers = iter([make_analysis(), limited(make_analysis()), unusable(make_analysis())])
    pipeline.answer = lambda _: next(answers)
    code, _ = batch(
        "id,metabolite\ngood,scan.rda\nbroad,scan.rda\nweak,scan.rda\nbad,damaged.rda\n",
        *("--report", "study.html", "--workers", "1"),
    )
    page = tree(Path("study.html").read_text())

    assert code == 0
    assert capsys.readouterr().err.splitlines()[-1] == (
        "3 analysed: 1 usable, 1 limited, 1 not interpretable; 1 not analysed"
    )
    assert [item.text() for item in page.find("div", class_="id")] == ["bad", "weak", "broad", "good"]
    assert "The FID ends early; export it again." in page.text()


def test_a_study_page_that_cannot_be_written_is_refused_before_any_analysis(pipeline: Pipeline) -> None:
    """Hours of work are not lost to a misspelt folder, and no input is overwritten."""
    Path("m.csv").write_text("metabolite\nscan.rda\n")

    assert app.run(["batch", "m.csv", "-o", "r.csv", "--report", "absent/study.html"]) == 1
    assert app.run(["batch", "m.csv", "-o", "r.csv", "--report", "scan.rda"]) == 1
    assert app.run(["batch", "m.csv", "-o", "r.csv", "--report", "r.csv"]) == 1
    assert pipeline.jobs == []


def test_the_basis_of_a_row_goes_before_that_of_the_batch(pipeline: Pipeline) -> None:
    """``--basis`` serves the rows that name none of their own."""
    Path("own.basis").write_bytes(b"own")
    Path("all.basis").write_bytes(b"all")
    batch("id,metabolite,basis\n1,scan.rda,own.basis\n2,scan.rda,\n", "--basis", "all.basis")

    assert [job.basis[0].content for job in pipeline.jobs] == [b"own", b"all"]


def test_an_interrupted_batch_leaves_whole_rows(
    pipeline: Pipeline, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """After Ctrl-C the file holds every finished spectrum completely, and the exit code is not a success."""

    def interrupted(analysis: Analysis) -> Analysis:
        if len(pipeline.jobs) == 3:
            raise KeyboardInterrupt
        return analysis

    pipeline.answer = interrupted
    code, rows = batch("id,metabolite\n" + "".join(f"{number},scan.rda\n" for number in range(6)))

    assert code == 1
    assert list(dict.fromkeys(row["id"] for row in rows)) == ["0", "1"]
    assert len(rows) == 2 * len(make_analysis().metabolites)
    assert "mrsquant: interrupted: r.csv: " in capsys.readouterr().err


def test_openapi_writes_the_description_of_the_code(pipeline: Pipeline, capsys: pytest.CaptureFixture[str]) -> None:
    """The file and stdout get the same document."""
    assert app.run(["openapi"]) == 0
    assert app.run(["openapi", "-o", "-"]) == 0
    assert Path("openapi.yaml").read_text() == capsys.readouterr().out
    assert Path("openapi.yaml").read_text().startswith("openapi: 3.1")


@pytest.mark.usefixtures("pipeline")
@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("MAX_UPLOAD_BYTES", "-1"),
        ("MAX_UPLOAD_BYTES", "9" * 400),
        ("DEADLINE_SECONDS", "inf"),
        ("GRACE_SECONDS", "nan"),
        ("RETENTION_DAYS", "99999999999"),
        ("SESSION_HOURS", "99999999999"),
        ("REQUESTS_PER_MINUTE", "9" * 400),
        ("EXECUTOR", "processes:" + "9" * 5000),
    ],
)
def test_a_bad_setting_is_named(
    name: str, value: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """An operator reads which variable is wrong, not a validation traceback."""
    monkeypatch.setenv(f"MRSQUANT_{name}", value)

    assert app.run(["serve"]) == 1
    assert capsys.readouterr().err.startswith(f"mrsquant: invalid-setting: MRSQUANT_{name}: ")


def test_help_and_errors_load_no_numerics() -> None:
    """The command answers at once: nothing heavy is imported before a command runs."""
    heavy = ("numpy", "scipy", "lmfit", "fastapi", "pydantic", "sqlalchemy", "httpx2")
    code = f"import sys, service.cli.app; print([name for name in {heavy} if name in sys.modules])"
    answer = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)

    assert answer.stdout.strip() == "[]"


def test_shells_complete_commands() -> None:
    """What completion scripts of a shell ask for: the commands that begin with what was typed."""
    asked = {"_MRSQUANT_COMPLETE": "complete_bash", "COMP_WORDS": "mrsquant ana", "COMP_CWORD": "1"}
    command = [Path(sys.executable).with_name("mrsquant")]
    answer = subprocess.run(command, env={**os.environ, **asked}, capture_output=True, text=True, check=False)

    assert answer.stdout.split() == ["analyse"]
