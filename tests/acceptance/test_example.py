"""The example of the first page: it is what its script says, it is valid, and an analysis finds what was put in."""

from __future__ import annotations

import json
import runpy
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from nifti_mrs.nifti_mrs import NIFTI_MRS
from nifti_mrs.validator import validate_nifti_mrs

from fitting.io import read
from fitting.io.companions import source_files
from service.cli import app, simulated_scan

ROOT = Path(__file__).parents[2]
EXAMPLE = ROOT / "examples" / "acc_press30.nii.gz"
WATER = ROOT / "examples" / "acc_press30_water.nii.gz"
SUBJECT = ["--region", "ACC", "--age", "44", "--sex", "female", "--tissue", "gm=0.6,wm=0.3,csf=0.1"]


@pytest.fixture(scope="module")
def script() -> dict[str, Any]:
    return runpy.run_path(str(ROOT / "examples" / "make_example.py"))


@pytest.mark.parametrize("path", [EXAMPLE, WATER], ids=lambda path: path.name)
def test_the_script_reproduces_the_files(script: dict[str, Any], tmp_path: Path, path: Path) -> None:
    """The binary files can be made again from their script."""
    script["main"](tmp_path)
    committed, made = read(source_files(path)), read(source_files(tmp_path / path.name))

    assert committed.acquisition == made.acquisition
    np.testing.assert_allclose(committed.samples, made.samples, rtol=1e-4, atol=1e-6 * abs(made.samples).max())


@pytest.mark.parametrize("path", [EXAMPLE, WATER], ids=lambda path: path.name)
def test_the_files_are_valid_and_marked_as_simulated(path: Path) -> None:
    """The reference validator of NIfTI-MRS accepts them; the header claims no patient."""
    image = NIFTI_MRS(path)
    validate_nifti_mrs(image.image)
    assert b"SIMULATED" in bytes(image.header["descrip"])
    assert "simulated" in image.hdr_ext["ProtocolName"]


@pytest.fixture(scope="module")
def result(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    """The result of the README's command."""
    folder = tmp_path_factory.mktemp("example")
    out = folder / "result.json"
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("MRSQUANT_CACHE_DIR", str(folder / "cache"))
        assert app.run(["analyse", str(EXAMPLE), "--water-reference", str(WATER), *SUBJECT, "-o", str(out)]) == 0
    document: dict[str, Any] = json.loads(out.read_text())
    return document


@pytest.mark.parametrize(
    ("name", "members"),
    [("tNAA", ("NAA", "NAAG")), ("tCho", ("GPC", "PCh")), ("Glx", ("Glu", "Gln")), ("Glu", ("Glu",)), ("mI", ("mI",))],
)
def test_the_ratios_that_were_put_in_are_found(result: dict[str, Any], name: str, members: tuple[str, ...]) -> None:
    """Within three of the stated standard deviations, which must be small enough to mean something."""
    content = simulated_scan.CONTENT
    truth = sum(content[member] for member in members) / (content["Cr"] + content["PCr"])
    (ratio,) = [entry["ratio_tcr"] for entry in result["metabolites"] if entry["name"] == name]

    assert abs(ratio["value"] - truth) <= 3 * ratio["sd"]
    assert ratio["sd"] <= 0.2 * truth


def test_the_concentration_that_was_put_in_is_found(result: dict[str, Any]) -> None:
    """mM of tissue become mmol per kg of tissue water by the water content of grey and white matter."""
    tissue, water = simulated_scan.TISSUE, simulated_scan.WATER
    water_of_tissue = sum(tissue[name] * water[name][0] for name in ("gm", "wm")) / (tissue["gm"] + tissue["wm"])
    truth = (simulated_scan.CONTENT["Cr"] + simulated_scan.CONTENT["PCr"]) / water_of_tissue
    (concentration,) = [entry["concentration"] for entry in result["metabolites"] if entry["name"] == "tCr"]

    assert abs(concentration["value"] - truth) <= 3 * concentration["sd"]
    assert concentration["sd"] <= 0.2 * truth


def test_the_result_is_complete(result: dict[str, Any]) -> None:
    """Good data give a verdict, water-scaled values and comparisons; nothing is left out."""
    scored = [entry["name"] for entry in result["metabolites"] if entry["z"] is not None]

    assert result["verdict"]["usable"] in ("yes", "limited")
    assert result["outcome"]["code"] == "converged"
    assert result["acquisition"]["water_reference"] is True
    assert "tNAA" in scored
    assert {entry["concentration"]["unit"] for entry in result["metabolites"] if entry["concentration"]} == {"mmol/kg"}
    assert result["notice"].startswith("Research use only.")
