"""From exact amplitudes of simulated spectra, quantification must give back the known concentrations."""

from __future__ import annotations

import csv
import json
from pathlib import Path

import nibabel
import numpy as np
import pytest

from fitting.acquisition import Acquisition
from fitting.fid import Fid
from fitting.model.result import Fit, Outcome, Traces
from fitting.quantification import quantify, relaxation_table
from fitting.quantification.totals import totals
from fitting.quantification.water_reference import water_signal
from fitting.request import TissueFractions

pytestmark = pytest.mark.truth

FREQUENCY = 123.2e6
"""Hz; the water signal does not depend on it."""
SETS = ("easy", "clinical", "hard", "te30")
ALIASES = {"Ins": "mI"}
EMPTY = np.zeros(0)
NO_TRACES = Traces(EMPTY, EMPTY, EMPTY, EMPTY, EMPTY, (), np.zeros((0, 0)))


def exact_fit(rows: list[dict[str, str]], meta: dict[str, str]) -> Fit:
    """The fit that hits the simulated one-proton signals exactly."""
    singles = [row for row in rows if row["metabolite"] not in totals()]
    amplitudes = np.array([float(row["voxel_mM"]) for row in singles])
    amplitudes *= float(meta["amp_per_proton_mM"]) * float(meta["met_att"])
    return Fit(
        outcome=Outcome("converged", "exact"),
        names=tuple(ALIASES.get(row["metabolite"], row["metabolite"]) for row in singles),
        amplitudes=amplitudes,
        shared_covariance=np.zeros((amplitudes.size, amplitudes.size)),
        covariance=np.diag((0.02 * amplitudes + 1e-9 * amplitudes.max()) ** 2),
        phase0=0.0,
        phase1=0.0,
        shift_hz=0.0,
        linewidth_hz=5.0,
        noise_sd=1.0,
        residual_rms_over_noise=1.0,
        evaluations=1,
        baseline_effective_dimension=0.0,
        traces=NO_TRACES,
        crlb_covariance=np.diag((0.01 * amplitudes) ** 2),
    )


def water_fid(path: Path) -> Fid:
    """Samples as they stand on disk with their dwell time."""
    image = nibabel.load(path)
    return Fid(np.asarray(image.dataobj, dtype=np.complex128).ravel(), float(image.header["pixdim"][4]), FREQUENCY)


def cases(shared: Path, name: str) -> list[tuple[dict[str, str], list[dict[str, str]], Path]]:
    folder = shared / "truth" / name
    with (folder / "meta.csv").open() as handle:
        metas = list(csv.DictReader(handle))
    with (folder / "truth.csv").open() as handle:
        truths = list(csv.DictReader(handle))
    return [
        (meta, [row for row in truths if row["spectrum"] == meta["spectrum"]], folder / f"{meta['spectrum']}.json")
        for meta in metas
    ]


@pytest.mark.parametrize("name", SETS)
@pytest.mark.parametrize(("column", "unit"), [("molal_mmol_per_kg", "mmol/kg"), ("lcm_iu", "iu")])
def test_exact_amplitudes_give_the_known_concentrations(shared: Path, name: str, column: str, unit: str) -> None:
    """With the true water amplitude and relaxation times every concentration is within 0.1 %, in both units."""
    table = relaxation_table((shared / "truth" / "relaxation_truth.csv").read_bytes())
    worst = 0.0
    for meta, rows, _ in cases(shared, name):
        acquisition = Acquisition(
            format="truth",
            spectrometer_frequency=float(meta["hzpppm"]) * 1e6,
            dwell_time=float(meta["dwell_s"]),
            echo_time=float(meta["te_ms"]) / 1e3,
            repetition_time=float(meta["tr_ms"]) / 1e3,
            sequence="PRESS",
            sequence_name=None,
        )
        fractions = TissueFractions(*(float(meta[key]) for key in ("fGM", "fWM", "fCSF")))
        times = np.arange(256) * 5e-4
        water = Fid(float(meta["water_fid_amp"]) * np.exp(-15.0 * times).astype(np.complex128), 5e-4, FREQUENCY)
        tissue = fractions if unit == "mmol/kg" else None
        answers = {q.name: q for q in quantify(exact_fit(rows, meta), water, acquisition, tissue, table)}
        for row in rows:
            truth = float(row[column])
            answer = answers[ALIASES.get(row["metabolite"], row["metabolite"])]
            assert answer.concentration is not None
            assert answer.concentration.unit == unit
            if truth > 0.01:
                worst = max(worst, abs(answer.concentration.value / truth - 1.0))
            assert answer.ratio_tcr is not None
            assert answer.ratio_tcr.value == pytest.approx(float(row["ratio_tCr"]), abs=2e-5)
    assert worst <= 1e-3


@pytest.mark.parametrize("name", SETS)
def test_water_amplitude_of_the_files_is_found(shared: Path, name: str) -> None:
    """The extrapolated water signal of every simulated reference is within 1 % of the simulated one."""
    for meta, _, path in cases(shared, name):
        reference = path.with_name(path.name.replace("spec", "ref").replace(".json", ".nii.gz"))
        signal = water_signal(water_fid(reference))
        assert signal.amplitude == pytest.approx(float(meta["water_fid_amp"]), rel=0.01), meta["spectrum"]
        assert json.loads(path.read_text())["dwell_time_s"] == pytest.approx(float(meta["dwell_s"]))
