"""Inputs that real people have: each is answered rightly, by its command, when the folder of them is there."""

from __future__ import annotations

import json
import re
import shutil
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from service.cli import app

SIMULATED = {"tNAA": 1.117, "Glu": 1.42, "Gln": 0.343, "mI": 0.90, "tCho": 0.193}
"""Ratios to tCr of the simulated brain that most cases hold, as their READMEs have them."""
OF_SDAT = {"tNAA": 1.105, "Glu": 1.418}


@dataclass(frozen=True)
class Right:
    """The right answer to one case: values, or a refusal with its code and words."""

    values: dict[str, float] | None = None
    transients: int | None = None
    water: bool | None = None
    tcr: float | None = None
    """Concentration, institutional units."""
    code: str = ""
    says: str = ""


CASES = {
    "D03": Right(SIMULATED),
    "D06": Right({"tNAA": 1.11}, transients=16, water=True, tcr=4.8),
    "D08": Right(SIMULATED, transients=16),
    "D13": Right(code="unsupported-data", says="private Philips MR spectrum.*SDAT"),
    "G03": Right({}),
    "G05": Right({"tNAA": 1.11}, water=True),
    "G06": Right(code="unsupported-data", says="HDF5.*ScanArchive.*P-file"),
    "G09": Right({"tNAA": 1.111}, water=True),
    "J04": Right(SIMULATED, transients=1, water=True),
    "L03": Right(SIMULATED),
    "L05": Right(SIMULATED),
    "N13": Right(SIMULATED),
    "N17": Right(SIMULATED, tcr=4.7),
    "N18": Right(SIMULATED, says="the water reference has 8 coils"),
    "O02": Right(code="damaged-file", says="Bruker ParaVision scan.*send the folder"),
    "O07": Right(code="unsupported-data", says="LCModel result"),
    "P06": Right(code="damaged-file", says="Philips raw data.*SPAR"),
    "P12": Right(OF_SDAT),
    "P13": Right(OF_SDAT),
    "P15": Right(code="missing-parameter", says="sequence"),
    "R01": Right(SIMULATED),
    "R12": Right(code="unsupported-data", says="spectral editing"),
    "T04": Right({"tNAA": 1.11}, transients=32, water=True, tcr=4.7),
}


@pytest.fixture(scope="module")
def cases(shared: Path) -> Path:
    folder = shared / "cases"
    if not folder.is_dir():
        pytest.skip("no folder of cases on this machine")
    return folder


def run(case: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: Any) -> tuple[int, str, str]:
    """Exit code, standard output and errors of the command in a case's README."""
    told = re.search(r"run: mrsquant (.*?) \| right", (case / "README").read_text(encoding="utf-8"))
    assert told is not None
    folder = tmp_path / case.name
    shutil.copytree(case, folder)
    monkeypatch.chdir(folder)
    status = app.run([*told[1].split(), "--format", "json"])
    out, err = capsys.readouterr()
    return int(status), out, err


@pytest.mark.parametrize("name", CASES)
def test_a_case_gets_its_right_answer(
    cases: Path, name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Values within 2 % of the simulation, transients and reference as they are; or a refusal that tells the truth."""
    right = CASES[name]
    status, out, err = run(cases / name, tmp_path, monkeypatch, capsys)

    if right.values is None:
        assert status == 3, out
        assert right.code in err
        assert re.search(right.says, err), err
        return
    assert status == 0, err
    answer = json.loads(out)
    ratios = {item["name"]: (item["ratio_tcr"] or {}).get("value") for item in answer["metabolites"]}
    for metabolite, value in right.values.items():
        assert ratios[metabolite] == pytest.approx(value, rel=0.02), metabolite
    facts = answer["acquisition"]
    assert right.transients in (None, facts["transients"])
    assert facts["transients_rejected"] == 0
    assert right.water in (None, facts["water_reference"])
    if right.tcr is not None:
        found = next(item["concentration"]["value"] for item in answer["metabolites"] if item["name"] == "tCr")
        assert found == pytest.approx(right.tcr, rel=0.03)
    if right.says:
        assert any(re.search(right.says, reason["sentence"]) for reason in answer["verdict"]["reasons"])


def test_every_case_is_listed(cases: Path) -> None:
    """A new case without a right answer here would be forgotten."""
    assert {item.name for item in cases.iterdir() if item.is_dir()} == set(CASES)
