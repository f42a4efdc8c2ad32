"""Golden spectra: made by code that no engine change touches, with the numbers the engine gives for them.

``make golden`` writes the numbers anew, and only when CHANGELOG.md lists the change: an entry under "Changes
that alter results" that ends with ``[golden next]``, in which it puts the digest of the new numbers. A test compares
the engine with the file, and the file's digest with the changelog.
"""

from __future__ import annotations

import json
import sys
import tempfile
from collections.abc import Iterator
from hashlib import sha256
from pathlib import Path
from typing import Any

import numpy as np

from fitting import run
from fitting.io import SourceFile
from fitting.request import Subject, TissueFractions
from fitting.run import Job
from service.documents import dump_analysis
from tests.data.simulated_brain import Scan

ROOT = Path(__file__).parents[1]
KEPT = Path(__file__).parent / "data" / "golden.json"
CHANGELOG = ROOT / "CHANGELOG.md"
NEXT = "[golden next]"
HEADING = "### Changes that alter results"
RELATIVE = 1e-6
"""Difference that passes, of the number and of the largest of its kind: another processor rounds otherwise."""
PARTS = ("verdict", "quality", "metabolites", "norms", "multiplicity")
WORDS = ("usable", "code", "flag", "grade", "norm_id", "model")

Value = float | str | None
Numbers = dict[str, dict[str, Value]]


def cases() -> dict[str, Job]:
    """The spectra, by name."""
    examples = ROOT / "examples"
    tissue = TissueFractions(gm=0.6, wm=0.3, csf=0.1)
    return {
        "example with water": Job(
            (_file(examples / "acc_press30.nii.gz"),),
            (_file(examples / "acc_press30_water.nii.gz"),),
            subject=Subject(region="ACC", age_years=40.0, sex="female", tissue=tissue),
        ),
        "one transient": Job((_arrays(_lines(Scan(points=2048, seed=11), 1)),), subject=Subject(region="PCC")),
        "eight transients that drift": Job((_arrays(_lines(Scan(seed=12), 8)),)),
    }


def _lines(scan: Scan, transients: int) -> tuple[Scan, np.ndarray]:
    """Known lines with noise, each transient 0.3 Hz and 2 degrees from the one before."""
    clean = scan.brain() + scan.residual_water(0.5)
    steps = np.arange(transients)[:, None]
    moved = clean * np.exp(2j * np.pi * 0.3 * steps * scan.time) * np.exp(1j * np.deg2rad(2.0) * steps)
    return scan, moved + 0.5 * scan.noise(transients)


def _arrays(made: tuple[Scan, np.ndarray]) -> SourceFile:
    scan, fid = made
    known = scan.acquisition
    content = {
        "fid_real": fid.real.tolist(),
        "fid_imag": fid.imag.tolist(),
        "dwell_time": known.dwell_time,
        "spectrometer_frequency": known.spectrometer_frequency,
        "echo_time": known.echo_time,
        "repetition_time": known.repetition_time,
        "sequence": known.sequence,
    }
    return SourceFile("metabolite.json", json.dumps(content).encode())


def _file(path: Path) -> SourceFile:
    return SourceFile(path.name, path.read_bytes())


def numbers_of(job: Job, cache: Path) -> dict[str, Value]:
    """Every number and decision of the answer, by its path; sentences may be reworded."""
    document = json.loads(dump_analysis(run.analyse(job, cache)[0]))
    return {path: value for part in PARTS for path, value in _leaves(document[part], part)}


def _leaves(value: Any, path: str) -> Iterator[tuple[str, Value]]:
    if isinstance(value, dict):
        for name, item in value.items():
            yield from _leaves(item, f"{path}/{name}")
    elif isinstance(value, list):
        for number, item in enumerate(value):
            named = item.get("name", number) if isinstance(item, dict) else number
            yield from _leaves(item, f"{path}/{named}")
    elif not isinstance(value, str) or path.rpartition("/")[2] in WORDS:
        yield path, value


def computed() -> Numbers:
    """The engine's numbers of all cases."""
    with tempfile.TemporaryDirectory() as cache:
        return {name: numbers_of(job, Path(cache)) for name, job in cases().items()}


def differences(kept: dict[str, Value], now: dict[str, Value]) -> list[str]:
    """What is not the same, as ``path: before -> after``."""
    largest: dict[str, float] = {}
    for path, value in kept.items():
        if _is_number(value):
            kind = path.rpartition("/")[2]
            largest[kind] = max(largest.get(kind, 0.0), abs(float(value)))  # type: ignore[arg-type]
    found = []
    for path in sorted(kept.keys() | now.keys()):
        before, after = kept.get(path, "absent"), now.get(path, "absent")
        if before == after or {before, after} == {"absent", None}:  # a field without a value says nothing
            continue
        allowed = RELATIVE * largest.get(path.rpartition("/")[2], 0.0)
        if not (_is_number(before) and _is_number(after) and abs(float(after) - float(before)) <= allowed):  # type: ignore[arg-type]
            found.append(f"{path}: {before} -> {after}")
    return found


def _is_number(value: Value) -> bool:
    return isinstance(value, (int, float)) and not isinstance(value, bool)


def digest(numbers: Numbers) -> str:
    """What the changelog calls these numbers."""
    return sha256(json.dumps(numbers, sort_keys=True).encode()).hexdigest()[:12]


def kept_numbers() -> tuple[str, Numbers]:
    """The file's digest and numbers; nothing before the first."""
    if not KEPT.exists():
        return "", {}
    document = json.loads(KEPT.read_text())
    return document["id"], document["numbers"]


def entries(changelog: str) -> str:
    """All sections "Changes that alter results" of a changelog."""
    return "\n".join(part.split("\n## ")[0].split("\n### ")[0] for part in changelog.split(HEADING)[1:])


def main() -> int:
    """Write the numbers anew, when the changelog has an entry for it."""
    now = computed()
    changed = [f"{name}: {line}" for name in now for line in differences(kept_numbers()[1].get(name, {}), now[name])]
    if not changed and kept_numbers()[1].keys() == now.keys():
        sys.stdout.write("golden numbers are as they were; nothing is written\n")
        return 0
    changelog = CHANGELOG.read_text()
    if entries(changelog).count(NEXT) != 1:
        sys.stderr.write("\n".join(changed[:20]) + f"\n{len(changed)} golden numbers changed; nothing is written.\n")
        sys.stderr.write(f"Say what changed under '{HEADING}' of CHANGELOG.md, in one entry that ends '{NEXT}'.\n")
        return 1
    KEPT.write_text(json.dumps({"id": digest(now), "numbers": now}, indent=1) + "\n")
    CHANGELOG.write_text(changelog.replace(NEXT, f"[golden {digest(now)}]"))
    sys.stdout.write(f"golden {digest(now)}: {len(changed)} numbers written\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
