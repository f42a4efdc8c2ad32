"""``mrsquant score``: the worked examples on the command line, files of controls, and exit codes."""

from __future__ import annotations

import csv
import json
from pathlib import Path
from typing import Any

import pytest

from service.cli.app import run
from tests.data.worked_examples import (
    EXAMPLES,
    TOLERANCE,
    expected_regression,
    expected_single_case,
    expected_studies,
    figures,
    people_of_regression,
)


def ask(capsys: pytest.CaptureFixture[str], *options: object) -> Any:
    code = run(["score", *map(str, options), "--format", "json"])
    said = capsys.readouterr()
    assert code == 0, said.err
    return json.loads(said.out)


def write(path: Path, rows: list[dict[str, Any]]) -> Path:
    with path.open("w", newline="") as handle:
        writer = csv.DictWriter(handle, list(rows[0]))
        writer.writeheader()
        writer.writerows(rows)
    return path


@pytest.mark.parametrize("example", EXAMPLES["single_case"])
def test_worked_single_cases(capsys: pytest.CaptureFixture[str], example: dict[str, Any]) -> None:
    """Mean, SD and number of controls on the command line give the printed figures."""
    controls = ("--control-mean", example["mean"], "--control-sd", example["sd"], "--control-n", example["n"])
    answer = ask(capsys, "--metabolite", "NAA", "--ratio-tcr", example["case"], *controls)

    for name, expected in expected_single_case(example).items():
        assert answer["z"][name] == pytest.approx(expected, abs=TOLERANCE), name
    assert answer["z"]["p"] / 2 == pytest.approx(example["p_one"], abs=TOLERANCE)


def test_worked_regression(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    """A file of values with ages gives the printed regression norm."""
    example = EXAMPLES["regression"]
    path = write(tmp_path / "values.csv", people_of_regression())
    answer = ask(
        capsys, "--metabolite", "Glu", "--ratio-tcr", example["y0"], "--age", example["x0"], "--controls", path
    )

    expected = expected_regression()
    assert figures(answer, expected) == pytest.approx(expected, abs=TOLERANCE)


def test_worked_studies(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    """A file with mean, sd and n is pooled."""
    example = EXAMPLES["studies"]
    rows = [
        {"mean": mean, "sd": sd, "n": n}
        for mean, sd, n in zip(example["mean"], example["sd"], example["n"], strict=True)
    ]
    path = write(tmp_path / "studies.csv", rows)
    answer = ask(capsys, "--metabolite", "tCho", "--ratio-tcr", example["case"], "--sd", 0, "--controls", path)

    expected = expected_studies()
    assert figures(answer, expected) == pytest.approx(expected, abs=TOLERANCE)


@pytest.mark.parametrize("index", range(4))
def test_worked_ratios(capsys: pytest.CaptureFixture[str], index: int) -> None:
    """A concentration and tCr become a ratio with its error."""
    example = EXAMPLES["ratio"]
    (value, sd), (tcr, tcr_sd) = example["A"], example["B"]
    options = ("--value", value, "--sd", sd, "--unit", "iu", "--tcr", tcr, "--tcr-sd", tcr_sd)
    answer = ask(capsys, "--metabolite", "NAA", *options, "--correlation", example["rho"][index])

    assert answer["value"]["sd"] == pytest.approx(example["sd"][index], abs=TOLERANCE)
    assert answer["value"]["unit"] == "tCr"


def test_score_table_shows_position_match_and_notice(capsys: pytest.CaptureFixture[str]) -> None:
    """z with interval, reference interval, controls, how they match, and the notice; a reason where there is no z."""
    scan = ["--field", "3.0", "--echo-time", "0.030", "--sequence", "PRESS", "--age", "44", "--sex", "female"]
    value = ["--region", "ACC", "--metabolite", "tNAA", "--ratio-tcr", "1.05", "--sd", "0.04"]
    assert run(["score", *value, *scan]) == 0
    table = capsys.readouterr().out
    assert run(["score", *value, *scan[:-6], "--sequence", "PRESS", "--age", "9"]) == 0
    withheld = capsys.readouterr().out

    for word in ("95 % interval", "percentile", "reference interval", "published studies", "field yes", "Research use"):
        assert word in table
    assert "no z-score" in withheld
    assert "9" in withheld


@pytest.mark.parametrize(
    ("options", "code", "words"),
    [
        (["--metabolite", "NAA"], 1, "either --ratio-tcr or --value"),
        (["--metabolite", "NAA", "--ratio-tcr", "1", "--control-n", "8"], 1, "mean with sd and n"),
        (["--metabolite", "NAA", "--ratio-tcr", "1", "--controls", "no/such.csv"], 3, "unusable-table"),
        (["--metabolite", "NAA", "--ratio-tcr", "-1", "--region", "ACC"], 3, "implausible-parameter"),
        (["--metabolite", "NAA", "--ratio-tcr", "1", "--echo-time", "30"], 3, "implausible-parameter"),
    ],
)
def test_score_refuses_impossible_input_in_one_line(
    capsys: pytest.CaptureFixture[str], options: list[str], code: int, words: str
) -> None:
    """Usage errors exit 1, refused input 3, each with one line that says what to do."""
    assert run(["score", *options]) == code
    said = capsys.readouterr()
    assert words in said.err
    assert said.err.count("\n") == 1
    assert said.out == ""


@pytest.mark.parametrize(
    "content",
    [
        "",
        "weight\n1\n",
        "value\nabc\n",
        "value,sd\n,0.1\n",
        "mean,sd,n\n1,0.1,\n",
        "mean,sd,n\n1,0.1,inf\n",
        "mean,sd,n\n1,0.1,2.5\n",
        "value\nnan\n",
        "value\n1e999\n",
    ],
)
def test_a_broken_file_of_controls_is_named(capsys: pytest.CaptureFixture[str], tmp_path: Path, content: str) -> None:
    """An empty file, a missing column or cell and a word for a number are refused with the file's name."""
    path = tmp_path / "controls.csv"
    path.write_text(content)

    assert run(["score", "--metabolite", "NAA", "--ratio-tcr", "1", "--controls", str(path)]) == 3
    assert "controls.csv" in capsys.readouterr().err
