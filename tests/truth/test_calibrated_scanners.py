"""Three simulated scanners with their studies: eight controls calibrate each, the others are compared with them."""

from __future__ import annotations

import csv
from collections.abc import Mapping
from pathlib import Path

import numpy as np
import pytest

from fitting.analysis import Analysis
from fitting.norms.composition import METABOLITES
from fitting.run import Job, analyse, calibrate

CONTROLS = 8
SCANNERS = ("scanner_a", "scanner_b", "scanner_c")

pytestmark = pytest.mark.truth


def jobs_of(folder: Path) -> dict[str, Job]:
    with (folder / "manifest.csv").open(newline="") as file:
        rows = list(csv.DictReader(file))
    return {
        row["id"]: Job.from_files(
            folder / row["metabolite"],
            water_reference=folder / row["water_reference"],
            basis=(folder / row["basis"]).resolve(),
            age_years=float(row["age_years"]),
            subject=row["id"],
            **{name: row[name] for name in ("region", "hemisphere", "sex", "sequence") if row[name]},
        )
        for row in rows
    }


@pytest.fixture(scope="module")
def judged(shared: Path, tmp_path_factory: pytest.TempPathFactory) -> Mapping[str, Mapping[str, Analysis]]:
    """Analyses of the people of each scanner who did not calibrate it, controls and patients."""
    cache, found = tmp_path_factory.mktemp("basis"), {}
    for scanner in SCANNERS:
        folder = shared / "truth" / scanner
        if not folder.is_dir():
            pytest.skip("the shared folder has no simulated scanners")
        jobs = jobs_of(folder)
        names = [name for name in jobs if name.startswith("ctl")][:CONTROLS]
        site = calibrate([jobs[name] for name in names], name="made", cache_dir=cache)
        found[scanner] = {name: analyse(job, cache, site=site)[0] for name, job in jobs.items() if name not in names}
    return found


def positions(analyses: Mapping[str, Analysis], group: str) -> dict[str, list[float]]:
    """z by metabolite of the usable spectra of one group."""
    found: dict[str, list[float]] = {}
    for name, analysis in analyses.items():
        for item in analysis.metabolites if name.startswith(group) and analysis.verdict.usable != "no" else ():
            if item.z is not None and item.name in METABOLITES:
                found.setdefault(item.name, []).append(item.z.value)
    return found


def test_healthy_people_of_calibrated_scanners_are_flagged_as_often_as_promised(
    judged: Mapping[str, Mapping[str, Analysis]],
) -> None:
    """Of all comparisons of healthy people 2 to 8 % lie outside."""
    beyond = [
        abs(z) > 1.96 for analyses in judged.values() for values in positions(analyses, "ctl").values() for z in values
    ]

    assert len(beyond) > 300
    assert 0.02 <= np.mean(beyond) <= 0.08


def test_patients_with_less_naa_lie_low_on_their_calibrated_scanner(
    judged: Mapping[str, Mapping[str, Analysis]],
) -> None:
    """tNAA 10 % lower in dlPFC: 0.9 SDs or more in the mean, where perfect knowledge would give 1.25."""
    assert np.mean(positions(judged["scanner_a"], "pat")["tNAA"]) <= -0.9
