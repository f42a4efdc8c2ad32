"""A folder of own norms: used by the commands without a server, and by the service from its start on."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from fitting.norms.case import OWN_SOFTWARE
from service.app import create_app
from service.cli import answers
from service.cli.app import run
from service.settings import Settings
from tests import fake_pipeline
from tests.api.test_site_norms import METHOD, people
from tests.clients import on_this_machine

SPECTRUM = Path(__file__).parents[2] / "examples" / "acc_press30.nii.gz"
MEASURED = (
    "--region",
    "ACC",
    "--field",
    "3",
    "--echo-time",
    "0.030",
    "--sequence",
    "PRESS",
    "--software",
    "LCModel 6.3-1R",
)
VALUE = ("--metabolite", "tCho", "--ratio-tcr", "0.3", "--sd", "0.01", *MEASURED)


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty folder of norms that the commands know."""
    made = tmp_path / "norms"
    made.mkdir()
    monkeypatch.setenv("MRSQUANT_NORMS_PATH", str(made))
    return made


def write(folder: Path, name: str = "acc", file: str = "acc.json", **changes: Any) -> Path:
    path = folder / file
    path.write_text(json.dumps({"name": name, "controls": people(24), **METHOD, **changes}))
    return path


def ask(capsys: pytest.CaptureFixture[str], *options: str) -> Any:
    code = run(["score", *VALUE, *options, "--format", "json"])
    said = capsys.readouterr()
    assert code == 0, said.err
    return json.loads(said.out)


def test_a_value_is_scored_by_the_folder(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """The own norm goes before the published one, its id changes with its content, and given controls go before it."""
    write(folder)
    own = ask(capsys)
    other = ask(capsys, "--control-mean", "0.24", "--control-sd", "0.03", "--control-n", "20")
    unlike = ask(capsys, "--software", "LCModel 6.2")
    write(folder, controls=people(24, seed=2))
    changed = ask(capsys)

    assert own["norm"]["kind"] == "site"
    assert own["norm"]["id"].startswith("site.acc.")
    assert own["z"]["z_cc"] is not None
    assert other["norm"]["kind"] == "supplied"
    assert unlike["norm"]["kind"] == "literature"
    assert unlike["norms_not_used"][0]["code"] == "norm-software-mismatch"
    assert changed["norm"]["id"] != own["norm"]["id"]


def test_without_the_setting_published_norms_are_used(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Nothing is looked for anywhere."""
    monkeypatch.delenv("MRSQUANT_NORMS_PATH", raising=False)
    assert ask(capsys)["norm"]["kind"] == "literature"


def test_inspect_names_the_norm_of_the_folder(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """What an analysis would use first, of the program's own version and method."""
    write(folder, software=OWN_SOFTWARE, field_t=3.0)
    assert run(["inspect", str(SPECTRUM), "--region", "ACC"]) == 0
    assert "site.acc." in capsys.readouterr().out


def test_a_job_of_every_command_has_the_norms(
    folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """``analyse`` and ``batch`` hand them to the pipeline."""
    seen: list[int] = []

    def analyse(job: Any, cache_dir: Path | None = None) -> Any:
        seen.append(len(job.site_norms))
        return fake_pipeline.example_analysis(), fake_pipeline.example_traces()

    monkeypatch.setattr("fitting.run.analyse", analyse)
    monkeypatch.setattr(answers, "analyse", analyse)
    write(folder)
    write(folder, name="pcc", file="pcc.json", region="PCC")
    manifest = tmp_path / "manifest.csv"
    manifest.write_text(f"metabolite\n{SPECTRUM}\n")
    monkeypatch.setattr(
        "service.cli.ordered_map.map_in_order", lambda task, items, *limits: ((item, task(item)) for item in items)
    )

    assert run(["analyse", str(SPECTRUM), "--format", "json"]) in {0, 2}
    assert run(["batch", str(manifest), "-o", str(tmp_path / "results.csv")]) == 0
    assert seen == [2, 2]


def empty(folder: Path) -> None:
    folder.rmdir()


def twice(folder: Path) -> None:
    write(folder)
    write(folder, file="again.json")


UNUSABLE: dict[str, tuple[Callable[[Path], object], str]] = {
    "no folder": (empty, "holds no .json file"),
    "no file": (lambda folder: None, "holds no .json file"),
    "one name twice": (twice, "another file has the name acc too"),
    "nobody": (lambda folder: write(folder, controls=[]), "needs one or more"),
    "no JSON": (lambda folder: (folder / "acc.json").write_text("region;value"), "acc.json"),
    "a fact missing": (lambda folder: write(folder, software=None), "software"),
    "an impossible fact": (lambda folder: write(folder, echo_time=30), "echo_time"),
    "analyses": (
        lambda folder: (folder / "acc.json").write_text('{"name": "acc", "analyses": []}'),
        "a file holds the controls",
    ),
}


@pytest.mark.parametrize("what", UNUSABLE)
def test_an_unusable_folder_is_one_line(folder: Path, what: str, capsys: pytest.CaptureFixture[str]) -> None:
    """No published norm takes the place of one that was asked for; the line names the file and what is wrong."""
    make, words = UNUSABLE[what]
    make(folder)

    assert run(["score", *VALUE]) == 3
    said = capsys.readouterr()
    assert words in said.err
    assert said.err.count("\n") == 1
    assert said.out == ""


def test_the_service_takes_the_folder_when_it_starts(folder: Path, tmp_path: Path) -> None:
    """What is new becomes the next version; starting again with the same file changes nothing."""
    write(folder)
    settings = Settings(data_dir=tmp_path / "data", cache_dir=tmp_path / "cache", executor="inline:")

    def listed() -> list[str]:
        app = create_app(settings, analyse=fake_pipeline.analyse, inspect=fake_pipeline.inspect)
        with on_this_machine(app) as client:
            return [item["id"] for item in client.get("/v1/norms").json()["site"]]

    assert listed() == ["site.acc.v1"]
    assert listed() == ["site.acc.v1"]
    write(folder, controls=people(24, seed=2))
    assert listed() == ["site.acc.v2"]
