"""Make a study: simulated people with the example's protocol, and its MANIFEST.csv.

``python examples/make_people.py FOLDER [NUMBER]`` writes NUMBER people (6 by default), the same each time. No person
was measured. Contents differ from person to person by 8 %; one of six has broad lines, as a poor shim makes them, and
every third is a patient with 15 % less NAA.
"""

from __future__ import annotations

import csv
import sys
from pathlib import Path

import make_example
import numpy as np

from fitting.units import ComplexArray
from service.cli.simulated_scan import CONTENT, DWELL_TIME, SEED, TISSUE, make

SPREAD = 0.08
"""Standard deviation of the log of every content between people."""
FEWER_NAA = 0.85
BROADER_HZ = 12.0
"""How much a poor shim adds to every line."""
COLUMNS = ("id", "metabolite", "water_reference", "subject", "group", "region", "age_years", "sex", "gm", "wm", "csf")


def main(folder: Path, number: int) -> None:
    """Write the files of every person and the manifest."""
    folder.mkdir(parents=True, exist_ok=True)
    rows = []
    for k in range(number):
        rng = np.random.default_rng([SEED, k])
        name = f"sub-{k + 1:02d}"
        is_patient = k % 3 == 2
        content = {each: value * rng.lognormal(0.0, SPREAD) for each, value in CONTENT.items()}
        content["NAA"] *= FEWER_NAA if is_patient else 1.0
        fids = make(content, seed=int(rng.integers(1 << 31)))
        if k % 6 == 4:
            fids = (poorly_shimmed(fids[0], rng), poorly_shimmed(fids[1], rng))
        files = (f"{name}_svs.nii.gz", f"{name}_ref.nii.gz")
        for file, fid, is_suppressed in zip(files, fids, (True, False), strict=True):
            (folder / file).write_bytes(make_example.nifti_mrs(fid, water_suppressed=is_suppressed))
        group, sex = ("patient" if is_patient else "control"), ("female" if k % 2 else "male")
        rows.append((name, *files, name, group, "ACC", 30 + 3 * k, sex, *TISSUE.values()))
    with (folder / "MANIFEST.csv").open("w", newline="", encoding="utf-8") as file:
        csv.writer(file, lineterminator="\n").writerows([COLUMNS, *rows])


def poorly_shimmed(fid: ComplexArray, rng: np.random.Generator) -> ComplexArray:
    """The FID with broader lines and the noise that it had: what the decay takes from the noise is added anew."""
    decay = np.exp(-np.pi * BROADER_HZ * DWELL_TIME * np.arange(fid.size))
    sd = float(fid[-fid.size // 4 :].real.std())
    noise = rng.normal(scale=sd, size=(2, fid.size))
    return fid * decay + (noise[0] + 1j * noise[1]) * np.sqrt(1.0 - decay**2)


if __name__ == "__main__":
    main(Path(sys.argv[1]), int(sys.argv[2]) if len(sys.argv) > 2 else 6)
