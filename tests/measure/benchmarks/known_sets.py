"""Sets of spectra whose content is known, with the jobs that analyse them and what other programs answered."""

from __future__ import annotations

import csv
import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from fitting.run import Job
from service.cli.manifest import ManifestRow, read_manifest
from tests.measure.benchmarks.scoring import Answer, Answers, Truth, Truths

PRIVATE_SETS = ("easy", "clinical", "hard", "te30", "easy_b", "clinical_b")
MANIFESTS = {"the set's basis": "manifest.csv", "simulated basis": "manifest_own_basis.csv"}
"""Which basis mrsquant is given, by manifest."""
PEERS = {"lcmodel": "LCModel 6.3", "fslmrs_poly2": "FSL-MRS 2.4", "tarquin": "TARQUIN 4.3"}
UNITS = {"mmol/kg": "molal_mmol_per_kg", "mM": "conc_mM", "iu": "lcm_iu"}
"""Column of the true concentration for each unit of an answer."""
ALIASES = {"Ins": "mI", "NAA+NAAG": "tNAA", "Cr+PCr": "tCr", "GPC+PCh": "tCho", "Glu+Gln": "Glx"}


@dataclass(frozen=True, slots=True)
class KnownSet:
    """A set by name: what is true, the jobs by basis and spectrum, answers and CPU seconds of other programs."""

    name: str
    truths: Truths
    jobs: Mapping[str, Mapping[str, Job]]
    others: Mapping[str, tuple[Answers, tuple[float, ...]]] = field(default_factory=dict)


def private_sets(folder: Path) -> tuple[KnownSet, ...]:
    """Every set of the folder."""
    return tuple(_private_set(folder, name) for name in PRIVATE_SETS if (folder / "truth" / name).is_dir())


def _private_set(folder: Path, name: str) -> KnownSet:
    here = folder / "truth" / name
    truths: dict[str, dict[str, Truth]] = {}
    for row in _rows(here / "truth.csv"):
        concentrations = {unit: _number(row[column]) for unit, column in UNITS.items()}
        metabolite = ALIASES.get(row["metabolite"], row["metabolite"])
        truths.setdefault(row["spectrum"], {})[metabolite] = Truth(_number(row["ratio_tCr"]), concentrations)
    relaxation = folder / "truth" / "relaxation_truth.csv"
    answers = {title: folder / "peers" / f"{tool}_{name}.csv" for tool, title in PEERS.items()}
    return KnownSet(
        name=name,
        truths=truths,
        jobs={title: _jobs(here / manifest, relaxation) for title, manifest in MANIFESTS.items()},
        others={title: read_answers(path) for title, path in answers.items() if path.is_file()},
    )


def _jobs(manifest: Path, relaxation: Path) -> dict[str, Job]:
    jobs = {}
    for entry in read_manifest(manifest).entries:
        if not isinstance(entry, ManifestRow):
            raise entry.problem
        jobs[entry.id] = Job.read(entry.document, {**entry.paths, "relaxation": relaxation})
    return jobs


def read_answers(path: Path) -> tuple[Answers, tuple[float, ...]]:
    """Answers in the columns of RESULTS.csv, and the seconds of each spectrum."""
    answers: dict[str, dict[str, Answer]] = {}
    seconds: dict[str, float] = {}
    for row in _rows(path):
        spectrum = Path(row["id"]).name.split(".")[0]
        seconds.setdefault(spectrum, _number(row["seconds"]))
        answers.setdefault(spectrum, {})[ALIASES.get(row["metabolite"], row["metabolite"])] = Answer(
            ratio=_number(row["ratio_tcr"]),
            ratio_sd=_number(row["ratio_tcr_sd"]),
            concentration=_number(row["concentration"]),
            concentration_sd=_number(row["concentration_sd"]),
            unit=row["concentration_unit"],
        )
    return answers, tuple(value for value in seconds.values() if math.isfinite(value))


def _rows(path: Path) -> list[dict[str, str]]:
    with path.open(newline="", encoding="utf-8") as table:
        return list(csv.DictReader(table))


def _number(text: str) -> float:
    try:
        return float(text)
    except ValueError:
        return math.nan
