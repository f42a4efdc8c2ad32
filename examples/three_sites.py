"""Norms that travel: three simulated laboratories share what they know of their people, and a fourth uses it.

``python examples/three_sites.py FOLDER`` writes the spectra of three people for each of three laboratories, calibrates
each laboratory, writes what it shares (no person is in it), and scores a value of a fourth laboratory with published
norms alone and with the three shared files beside them. It runs the commands that a laboratory would run.
"""

from __future__ import annotations

import json
import math
import os
import subprocess
import sys
from pathlib import Path

import numpy as np

sys.path.insert(0, str(Path(__file__).parent))
from make_example import nifti_mrs

from service.cli.simulated_scan import CONTENT, make

SITES = ("hospital-a", "hospital-b", "hospital-c")
PEOPLE = 3
"""The fewest that may be shared; twenty are better."""
BETWEEN_PEOPLE, BETWEEN_SITES = 0.08, 0.10
"""Standard deviations of the logarithm of each content."""
VALUE = ("--metabolite", "tNAA", "--ratio-tcr", "1.25", "--sd", "0.04", "--region", "ACC")
METHOD = ("--field", "3", "--echo-time", "0.030", "--sequence", "PRESS")


def main(folder: Path) -> None:
    """Run everything, and print the reference interval of tNAA without and with the shared norms."""
    shares = folder / "shared"
    shares.mkdir(parents=True, exist_ok=True)
    for number, site in enumerate(SITES):
        manifest = spectra_of(folder / site, number)
        mrsquant(
            "calibrate", manifest, "-o", folder / f"{site}.json", "--name", site, "--share", shares / f"{site}.json"
        )
    for norms, what in ((None, "published norms"), (shares, "three further laboratories")):
        low, high = scored(norms)
        sys.stdout.write(f"reference interval of tNAA/tCr with {what}: {low:.4f} to {high:.4f}\n")


def spectra_of(folder: Path, number: int) -> Path:
    """Spectra of the healthy people of one laboratory and their manifest."""
    folder.mkdir(exist_ok=True)
    rng = np.random.default_rng((20261130, number))
    offset = {name: math.exp(BETWEEN_SITES * rng.standard_normal()) for name in CONTENT}
    rows = ["metabolite,water_reference,subject,region,age_years"]
    for person in range(PEOPLE):
        content = {
            name: amount * offset[name] * math.exp(BETWEEN_PEOPLE * rng.standard_normal())
            for name, amount in CONTENT.items()
        }
        fids = make(content, seed=100 * number + person)
        name = f"ctl-{number}{person}"
        for fid, ending, suppressed in zip(fids, ("", "_water"), (True, False), strict=True):
            (folder / f"{name}{ending}.nii.gz").write_bytes(nifti_mrs(fid, water_suppressed=suppressed))
        rows.append(f"{name}.nii.gz,{name}_water.nii.gz,{name},ACC,{30 + 5 * person}")
    manifest = folder / "controls.csv"
    manifest.write_text("\n".join(rows) + "\n")
    return manifest


def scored(norms: Path | None) -> tuple[float, float]:
    """Ends of the reference interval for a new person of a fourth laboratory."""
    answer = json.loads(mrsquant("score", *VALUE, *METHOD, "--format", "json", norms=norms))
    return answer["z"]["reference_low"], answer["z"]["reference_high"]


def mrsquant(*command: str | Path, norms: Path | None = None) -> str:
    """Run a command and return its output; ``norms`` is the folder of shared norms."""
    environment = {name: value for name, value in os.environ.items() if name != "MRSQUANT_NORMS_PATH"}
    if norms is not None:
        environment["MRSQUANT_NORMS_PATH"] = str(norms)
    program = Path(sys.executable).with_name("mrsquant")
    run = subprocess.run(  # noqa: S603 (our own command)
        [program, *command], env=environment, capture_output=True, text=True, check=True
    )
    return run.stdout


if __name__ == "__main__":
    main(Path(sys.argv[1]) if len(sys.argv) > 1 else Path("three_sites"))
