"""A study from a folder of spectra to a report: simulated patients and controls, measured, checked and compared.

``python examples/study.py FOLDER`` writes the spectra of twelve controls and twelve patients, their participants.tsv
and the plan, and then runs the commands of docs/cohorts.md on them. Patients have 15 % less NAA than controls, and less
the higher their score of depression; nothing else differs. It prints what was planted and what the report found.
"""

from __future__ import annotations

import json
import math
import subprocess
import sys
from pathlib import Path

import numpy as np

sys.path.insert(0, str(Path(__file__).parent))
from make_example import nifti_mrs

from service.cli.simulated_scan import CONTENT, make

PEOPLE = 12
"""In each group."""
BETWEEN_PEOPLE = 0.06
"""Standard deviation of the logarithm of each content."""
LOWER = 0.15
"""Patients have this share less of NAA and NAAG, on average."""
PER_POINT = 0.006
"""And this share less for each point of depression above the patients' mean."""
MEAN_BDI = 15
PLAN = """\
schema = 1
title = "tNAA of the ACC in simulated pain"
reference = "control"
other = "patient"
unit = "tCr"
covariates = ["age_years"]
permutations = 999
hypotheses = [{ region = "ACC", metabolite = "tNAA", direction = "lower" }]

[levels]
metabolites = ["tNAA", "tCho", "mI", "Glu"]
equivalence_percent = 10

[associations]
measures = ["bdi"]
metabolites = ["tNAA"]
groups = ["patient"]
methods = ["pearson"]
"""


def main(folder: Path) -> None:
    """Write the study, run it, and print what was found."""
    folder.mkdir(parents=True, exist_ok=True)
    write_study(folder)
    tables = (folder / "measurements.csv", "--participants", folder / "participants.tsv")
    mrsquant("cohort", "measure", folder / "manifest.csv", "-o", folder / "measurements.csv")
    sys.stdout.write(mrsquant("cohort", "check", *tables, "--plan", folder / "plan.toml"))
    for name in ("result.json", "report.html"):
        mrsquant("cohort", "run", *tables, "--plan", folder / "plan.toml", "-o", folder / name)
    answer = json.loads((folder / "result.json").read_text())
    sys.stdout.write(f"\nplanted: tNAA {100 * LOWER:.0f} % lower in patients, less with depression; nothing else\n")
    said = [item["sentence"] for name in ("levels", "associations") for item in answer[name] if "sentence" in item]
    sys.stdout.write("\n".join(said) + "\n")


def write_study(folder: Path) -> None:
    """Spectra, manifest.csv, participants.tsv and plan.toml."""
    rng = np.random.default_rng(20261130)
    manifest = ["id,metabolite,water_reference,participant_id,region"]
    people = ["participant_id\tgroup\tage_years\tbdi"]
    for number in range(2 * PEOPLE):
        person, group = f"sub-{number + 1:02d}", "patient" if number % 2 else "control"
        bdi = int(rng.integers(5, 26)) if group == "patient" else int(rng.integers(0, 6))
        lower = LOWER + PER_POINT * (bdi - MEAN_BDI) if group == "patient" else 0.0
        content = {name: amount * math.exp(BETWEEN_PEOPLE * rng.standard_normal()) for name, amount in CONTENT.items()}
        content |= {name: content[name] * (1.0 - lower) for name in ("NAA", "NAAG")}
        for fid, ending, suppressed in zip(make(content, seed=number), ("", "_water"), (True, False), strict=True):
            (folder / f"{person}{ending}.nii.gz").write_bytes(nifti_mrs(fid, water_suppressed=suppressed))
        manifest.append(f"{person},{person}.nii.gz,{person}_water.nii.gz,{person},ACC")
        people.append(f"{person}\t{group}\t{int(rng.integers(25, 60))}\t{bdi}")
    (folder / "manifest.csv").write_text("\n".join(manifest) + "\n")
    (folder / "participants.tsv").write_text("\n".join(people) + "\n")
    (folder / "plan.toml").write_text(PLAN)


def mrsquant(*command: str | Path) -> str:
    """Run a command and return its output."""
    program = Path(sys.executable).with_name("mrsquant")
    run = subprocess.run(  # noqa: S603 (our own command)
        [program, *map(str, command)], stdout=subprocess.PIPE, check=True, text=True
    )
    return run.stdout


if __name__ == "__main__":
    main(Path(sys.argv[1] if len(sys.argv) > 1 else "study"))
