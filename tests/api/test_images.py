"""An image and tissue maps with a spectrum, through the whole service."""

from __future__ import annotations

import gzip
import io
from collections.abc import Iterator
from pathlib import Path

import nibabel as nib
import numpy as np
import pytest
from pypdf import PdfReader
from starlette.testclient import TestClient

from service.app import create_app
from service.settings import Settings
from tests.clients import on_this_machine

EXAMPLES = Path(__file__).parents[2] / "examples"


def image(voxels: np.ndarray) -> tuple[str, bytes]:
    """A compressed image of 2 mm voxels around the scanner's centre, with a name in its header."""
    affine = np.diag([2.0, 2.0, 2.0, 1.0])
    affine[:3, 3] = -79.0
    found = nib.Nifti1Image(voxels, affine)
    found.header["descrip"] = b"MUELLER^ANNA"
    return "MUELLER^ANNA.nii.gz", gzip.compress(found.to_bytes(), compresslevel=1, mtime=0)


def files(**others: tuple[str, bytes]) -> dict[str, tuple[str, bytes]]:
    """The shipped spectrum, whose volume of 30 x 25 x 20 mm is centred at zero, with a head and its maps."""
    x = np.arange(80)[:, None, None] + np.zeros((80, 80, 80))
    grey = (x < 40).astype(np.float32) * 0.8
    parts = {
        "metabolite": ("scan.nii.gz", (EXAMPLES / "acc_press30.nii.gz").read_bytes()),
        "water_reference": ("water.nii.gz", (EXAMPLES / "acc_press30_water.nii.gz").read_bytes()),
        "anatomy": image((100 + x).astype(np.int16)),
        "gray_matter": image(grey),
        "white_matter": image((x >= 40).astype(np.float32)),
        "csf": image((x < 40).astype(np.float32) - grey),
    }
    return parts | others


@pytest.fixture(scope="module")
def service(tmp_path_factory: pytest.TempPathFactory) -> Iterator[TestClient]:
    folder = tmp_path_factory.mktemp("data")
    with on_this_machine(
        create_app(Settings(data_dir=folder, cache_dir=folder / "cache", executor="inline:"))
    ) as client:
        yield client


def test_maps_feed_quantification_and_the_report_shows_the_volume(service: TestClient) -> None:
    """Half of the volume is white matter, 40 % grey: concentrations are corrected with it, and both reports show it."""
    answer = service.post(
        "/v1/analyses",
        files=files(),
        data={"request": '{"region": "ACC", "age_years": 44}'},
        headers={"Prefer": "wait=60"},
    )
    assert answer.status_code == 200, answer.text
    result = answer.json()
    report = f"/v1/analyses/{result['id']}/report"

    assert result["anatomy"]["tissue_from"] == "maps"
    assert result["anatomy"]["notes"] == []
    assert [result["anatomy"][name] for name in ("gm", "wm", "csf")] == pytest.approx([0.4, 0.5, 0.1], abs=1e-3)
    assert [result["acquisition"][name] for name in ("gm", "wm", "csf")] == pytest.approx([0.4, 0.5, 0.1], abs=1e-3)
    assert {m["concentration"]["unit"] for m in result["metabolites"] if m["concentration"]} == {"mmol/kg"}
    page = service.get(report, params={"format": "html"}).text
    assert page.count('href="data:image/png;base64,') == 3
    assert "grey matter 40 %, white matter 50 %" in page.replace("\N{NO-BREAK SPACE}", " ")
    for paper, height in (("a4", 842), ("letter", 792)):
        pdf = PdfReader(io.BytesIO(service.get(report, params={"format": "pdf", "paper": paper}).content))
        assert [round(float(sheet.mediabox.height)) for sheet in pdf.pages] == [height] * 3
    assert "MUELLER" not in answer.text + page


def test_the_same_spectrum_with_other_images_is_another_analysis(service: TestClient) -> None:
    """Tissue fractions of the maps belong to the request; images are removed when the analysis has ended."""
    first = service.post("/v1/analyses", files=files(), headers={"Prefer": "wait=60"}).json()
    without = {name: part for name, part in files().items() if name in ("metabolite", "water_reference")}
    second = service.post("/v1/analyses", files=without, headers={"Prefer": "wait=60"}).json()

    assert first["id"] != second["id"]
    assert second["anatomy"] is None
    page = service.get(f"/v1/analyses/{second['id']}/report", params={"format": "html"}).text
    assert "No image was supplied." in page


def test_unusable_images_return_400(service: TestClient) -> None:
    """What is no image is refused at once, a missing map when it is read; both by a code of their own."""
    no_image = service.post("/v1/analyses", files=files(csf=("c3.nii", b"not an image")))
    missing = {name: part for name, part in files().items() if name != "csf"}
    incomplete = service.post("/v1/analyses/validate", files=missing)
    twice = service.post("/v1/analyses", files=[*files().items(), ("anatomy", image(np.ones((4, 4, 4))))])

    assert (no_image.status_code, no_image.json()["code"]) == (400, "unusable-image")
    assert (incomplete.status_code, incomplete.json()["code"]) == (400, "unusable-image")
    assert "csf is missing" in incomplete.json()["detail"]
    assert twice.status_code == 422
    assert "one image" in twice.json()["detail"]


def test_validation_warns_of_images_outside_the_volume(service: TestClient) -> None:
    """An image far from the volume is a warning before anything is submitted."""
    voxels = np.ones((10, 10, 10), dtype=np.int16)
    inspected = service.post("/v1/analyses/validate", files=files(anatomy=image(voxels))).json()

    assert any("outside of the image" in warning for warning in inspected["warnings"])
    assert not any("No tissue fractions" in warning for warning in inspected["warnings"])
