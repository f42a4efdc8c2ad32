"""The worked example of water scaling through the service and the command line, on the shipped spectrum.

The example gives the concentration of a signal that is 2e-4 of that of water, proton for proton. The spectrum has other
signals, so the concentration is compared with that part of it: concentration x 2e-4 x water / amplitude.
"""

from __future__ import annotations

import io
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from starlette.testclient import TestClient

from service.app import create_app
from service.cli.app import run
from service.settings import Settings
from tests.clients import on_this_machine
from tests.data.worked_examples import EXAMPLES, TOLERANCE

SPECTRUM = Path(__file__).parents[2] / "examples" / "acc_press30.nii.gz"
EXAMPLE = EXAMPLES["water"]
PROTONS, WATER = 2.0, 120.0
"""Of a water molecule; the signal of the water at the start, in the unit of the spectrum."""
POINTS, DWELL_TIME = 2048, 5e-4
RELAXATION = (
    "species,tissue,field_t,t1,t2\n"
    + "".join(
        f"water,{tissue},3,{EXAMPLE['water_t1'][tissue]},{EXAMPLE['water_t2'][tissue]}\n"
        for tissue in EXAMPLE["water_t1"]
    )
    + f"metabolite,*,3,{EXAMPLE['metabolite_t1']},{EXAMPLE['metabolite_t2']}\n"
)
NAA_AS_SHIPPED = {"gm": (1.47, 0.2555), "wm": (1.35, 0.291)}
"""T1 and T2 of NAA in s, which the service takes where no table is given."""


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    made = tmp_path_factory.mktemp("water")
    fid = WATER * np.exp((-6.0 * np.pi + 1j) * np.arange(POINTS) * DWELL_TIME)
    known = {
        "dwell_time": DWELL_TIME,
        "spectrometer_frequency": 123.25e6,
        "echo_time": EXAMPLE["echo_time"],
        "repetition_time": EXAMPLE["repetition_time"],
        "sequence": "PRESS",
    }
    content = {"fid_real": fid.real.tolist(), "fid_imag": fid.imag.tolist(), **known}
    (made / "water.json").write_text(json.dumps(content))
    (made / "relaxation.csv").write_text(RELAXATION)
    return made


@pytest.fixture(scope="module")
def service(folder: Path) -> Iterator[TestClient]:
    settings = Settings(data_dir=folder / "data", cache_dir=folder / "cache", executor="inline:")
    with on_this_machine(create_app(settings)) as client:
        yield client


def concentration_at_the_signal(result: dict[str, Any]) -> float:
    """What NAA of the example's signal has, in mmol/kg."""
    (naa,) = [item for item in result["metabolites"] if item["name"] == "NAA"]
    assert naa["concentration"]["unit"] == "mmol/kg"
    return float(naa["concentration"]["value"] / naa["amplitude"] * EXAMPLE["signal_ratio"] * WATER / PROTONS)


def test_on_the_command_line(
    folder: Path, service: TestClient, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """With the relaxation times of the example in ``--relaxation`` its concentration comes out."""
    monkeypatch.setenv("MRSQUANT_CACHE_DIR", str(folder / "cache"))
    tissue = ",".join(f"{name}={part}" for name, part in EXAMPLE["tissue"].items())
    options = (
        "--water-reference",
        folder / "water.json",
        "--relaxation",
        folder / "relaxation.csv",
        "--tissue",
        tissue,
    )
    assert run(["analyse", str(SPECTRUM), *map(str, options), "--format", "json"]) in {0, 2}
    result = json.loads(capsys.readouterr().out)

    assert result["acquisition"]["echo_time"] == EXAMPLE["echo_time"]
    assert result["acquisition"]["repetition_time"] == EXAMPLE["repetition_time"]
    assert concentration_at_the_signal(result) == pytest.approx(EXAMPLE["molal"], abs=TOLERANCE)


def test_over_http(folder: Path, service: TestClient) -> None:
    """The service takes the shipped relaxation times: the example's for water; those of NAA are put in its place."""
    parts = {
        "metabolite": ("spectrum.nii.gz", SPECTRUM.read_bytes()),
        "water_reference": ("water.json", io.BytesIO((folder / "water.json").read_bytes())),
    }
    request = {"tissue": EXAMPLE["tissue"]}
    answer = service.post(
        "/v1/analyses", files=parts, data={"request": json.dumps(request)}, headers={"Prefer": "wait=60"}
    )
    assert answer.status_code == 200, answer.text
    parts_of = {name: EXAMPLE["tissue"][name] / 0.9 for name in NAA_AS_SHIPPED}
    shipped = sum(
        part
        * np.exp(-EXAMPLE["echo_time"] / NAA_AS_SHIPPED[name][1])
        * (1.0 - np.exp(-EXAMPLE["repetition_time"] / NAA_AS_SHIPPED[name][0]))
        for name, part in parts_of.items()
    )
    molal = concentration_at_the_signal(answer.json()) * shipped / EXAMPLE["metabolite_attenuation"]

    assert molal == pytest.approx(EXAMPLE["molal"], abs=TOLERANCE)
