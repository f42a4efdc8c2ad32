"""The benchmark runs, its page is well formed, and its scores follow their definitions."""

from __future__ import annotations

import json
import math
import re
import subprocess
import sys
from pathlib import Path

import pytest

from tests.measure.benchmarks.__main__ import main
from tests.measure.benchmarks.known_sets import PEERS, PRIVATE_SETS, private_sets, read_answers
from tests.measure.benchmarks.scoring import SIX, Answer, Kind, Truth, groups, score
from tests.measure.benchmarks.simulated import QUALITIES, simulated_sets

NAN = float("nan")
KINDS: dict[str, Kind] = {"ratio": "ratio", "scaled": "water-scaled", "scaled*": "water-scaled, rescaled"}
"""The reference script's name of each kind of score."""


def test_fast_benchmark_writes_a_well_formed_page(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Every table has rows as wide as its head, every section is there, and no figure that must exist is missing."""
    path = tmp_path / "benchmark.md"
    main(["--fast", "--output", str(path)])
    text = path.read_text(encoding="utf-8")
    assert capsys.readouterr().out == text
    headings = re.findall(r"^#+ (.*)$", text, re.M)
    assert headings[0] == "Benchmark"
    assert {"Own model", "Speed"} < set(headings)
    tables = re.findall(r"(?:^\|.*\|\n)+", text, re.M)
    assert len(tables) >= 7
    for table in tables:
        lines = table.splitlines()
        assert len(lines) >= 3
        assert len({line.count("|") for line in lines}) == 1, lines[0]
    for quality in QUALITIES:
        cells = re.search(rf"^\| {quality.name} \| mrsquant, simulated basis \| (.*) \|$", text, re.M)
        assert cells is not None
        assert all(math.isfinite(float(cell)) for cell in cells[1].split(" | ")[:-1])
    assert "nan" not in text
    assert str(Path.home()) not in text


def test_simulation_is_the_same_each_time_and_differs_between_spectra() -> None:
    """Seeds make the spectra; each has its own, and a longer set begins with the shorter one."""
    first, again = simulated_sets(2)[0], simulated_sets(3)[0]
    jobs, longer = first.jobs["simulated basis"], again.jobs["simulated basis"]
    assert all(longer[name] == job for name, job in jobs.items())
    assert len({job.metabolite[0].content for job in longer.values()}) == 3


def test_scores_of_a_made_case() -> None:
    """Bias, RMSE, coverage and z of four spectra, worked out by hand."""
    spectra = ("a", "b", "c", "d")
    truths = {name: {"Glu": Truth(2.0, {"iu": 10.0})} for name in spectra}
    values = {"a": (2.2, 0.1), "b": (1.8, 0.4), "c": (2.2, 0.0), "d": (NAN, NAN)}
    answers = {name: {"Glu": Answer(value, sd, NAN, NAN, "iu")} for name, (value, sd) in values.items()}
    summary = score(truths, answers, spectra, "ratio")
    found = summary.metabolites["Glu"]
    assert (summary.answered, summary.spectra) == (4, 4)
    assert found.bias == pytest.approx(10 / 3)
    assert found.rmse == pytest.approx(10.0)
    assert found.within_68 == pytest.approx(50.0)
    assert found.within_95 == pytest.approx(50.0)
    assert found.z_rms == pytest.approx(math.sqrt((4 + 0.25) / 2))
    assert summary.geometric_rmse == pytest.approx(10.0)
    assert not score(truths, answers, spectra, "water-scaled").metabolites


def test_only_large_sets_end_in_atypical_spectra() -> None:
    """The last five of twenty or more."""
    names = [f"spec_{index:02d}" for index in range(20)]
    assert groups(names)["atypical"] == tuple(names[15:])
    assert "atypical" not in groups(names[:19])


@pytest.mark.parametrize("name", PRIVATE_SETS)
def test_scores_agree_with_the_reference_script(shared: Path, name: str) -> None:
    """Where the script that defines the scores is at hand, both say the same of every other program's answers."""
    script = shared / "tools" / "score_truth.py"
    if not script.is_file():
        pytest.skip("the reference script is not on this machine")
    known = next(each for each in private_sets(shared) if each.name == name)
    compared = 0
    for tool in PEERS:
        path = shared / "peers" / f"{tool}_{name}.csv"
        said = subprocess.run(
            [sys.executable, str(script), str(shared / "truth" / name), str(path), "--json"],
            check=True,
            capture_output=True,
            text=True,
        )
        report = json.loads(said.stdout)
        answers, _ = read_answers(path)
        for ours, theirs in (("ordinary", "normal"), ("atypical", "atypical")):
            for key, kind in KINDS.items():
                summary = score(known.truths, answers, groups(tuple(known.truths))[ours], kind)
                expected = report[theirs][key]
                assert summary.answered == report[theirs]["answered"]
                assert summary.geometric_rmse == pytest.approx(expected["all"]["g_rmse"])
                assert summary.mean("within_95") == pytest.approx(expected["all"]["cover95"])
                for metabolite in set(SIX) & set(expected):
                    mine, reference = summary.metabolites[metabolite], expected[metabolite]
                    assert mine.bias == pytest.approx(reference["bias"])
                    assert mine.rmse == pytest.approx(reference["rmse"])
                    if "zrms" in reference:
                        assert mine.within_68 == pytest.approx(reference["cover68"])
                        assert mine.z_rms == pytest.approx(reference["zrms"])
                    compared += 1
    assert compared == len(PEERS) * 2 * (5 + 6 + 6)
