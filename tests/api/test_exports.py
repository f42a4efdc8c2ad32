"""``GET /v1/analyses/{id}/export``: each part of each format of a finished analysis, and what is no part of it."""

from __future__ import annotations

import gzip
from collections.abc import Callable
from pathlib import Path
from typing import get_args

import pytest
from starlette.testclient import TestClient

from fitting.run import Job, analyse
from service.api.exports import Part
from service.app import create_app
from service.client import Client
from service.reports import EXPORTS, AnalysisDocument, Export
from service.settings import Settings
from tests.api.test_service_client import ToApplication
from tests.clients import on_this_machine
from tests.fake_pipeline import spectrum

EXAMPLES = Path(__file__).parents[2] / "examples"
SPECTRUM, WATER = EXAMPLES / "acc_press30.nii.gz", EXAMPLES / "acc_press30_water.nii.gz"


@pytest.fixture(scope="module")
def service(tmp_path_factory: pytest.TempPathFactory) -> TestClient:  # type: ignore[misc]
    folder = tmp_path_factory.mktemp("data")
    settings = Settings(data_dir=folder, cache_dir=folder / "cache", executor="inline:")
    with on_this_machine(create_app(settings)) as client:
        yield client


@pytest.fixture(scope="module")
def client(service: TestClient) -> Client:
    return Client("http://localhost", transport=ToApplication(service), pause=lambda _: None)


@pytest.fixture(scope="module")
def analysis(client: Client) -> str:
    files = {
        "metabolite": [(SPECTRUM.name, SPECTRUM.read_bytes())],
        "water_reference": [(WATER.name, WATER.read_bytes())],
    }
    return str(client.wait(client.submit(files, {"region": "ACC"}))["id"])


@pytest.mark.parametrize("format", get_args(Export))
def test_parts_are_the_files_of_the_command_line(client: Client, analysis: str, format: Export) -> None:
    """Numbers and samples are those of an analysis without a service; only the time of processing is the service's."""
    made = analyse(Job.from_files(SPECTRUM, water_reference=WATER, region="ACC"))
    for name, file in EXPORTS[format](AnalysisDocument(made[0]), made[1]).items():
        answered = client.export(analysis, format, name.partition(".")[0])  # type: ignore[arg-type]
        if format == "lcmodel":
            assert answered == file.content
        else:
            points = made[0].acquisition.points * 8
            assert gzip.decompress(answered)[-points:] == gzip.decompress(file.content)[-points:]


def test_every_part_belongs_to_one_format() -> None:
    made = analyse(Job.from_files(SPECTRUM, water_reference=WATER))
    parts = [
        name.partition(".")[0] for render in EXPORTS.values() for name in render(AnalysisDocument(made[0]), made[1])
    ]
    assert sorted(parts) == sorted(get_args(Part))


def test_first_part_is_the_default(service: TestClient, analysis: str) -> None:
    named = service.get(f"/v1/analyses/{analysis}/export", params={"format": "lcmodel"})
    assert named.headers["content-type"].startswith("text/plain")
    assert named.headers["content-disposition"] == f'attachment; filename="mrsquant-{analysis}-table"'
    assert "$$CONC" in named.text
    first = service.get(f"/v1/analyses/{analysis}/export", params={"format": "nifti-mrs"})
    assert first.headers["content-disposition"].endswith('-preproc.nii.gz"')
    assert first.headers["content-type"] == "application/gzip"
    assert "content-encoding" not in first.headers


@pytest.mark.parametrize(
    ("query", "status", "said"),
    [
        ("format=nifti-mrs&part=table", 400, "preproc, fit, baseline, residual, water"),
        ("format=lcmodel&part=fit", 400, "table, coord, csv"),
        ("format=osprey", 422, "format"),
        ("part=fit", 422, "format"),
    ],
)
def test_unknown_part_is_refused(service: TestClient, analysis: str, query: str, status: int, said: str) -> None:
    answer = service.get(f"/v1/analyses/{analysis}/export?{query}")
    assert answer.status_code == status
    assert said in answer.text


def test_without_a_reference_there_is_no_water(client: Client, service: TestClient) -> None:
    sent = client.submit({"metabolite": [(SPECTRUM.name, SPECTRUM.read_bytes())]}, {"region": "ACC"})
    answer = service.get(f"/v1/analyses/{client.wait(sent)['id']}/export?format=nifti-mrs&part=water")

    assert answer.status_code == 406
    assert "no water reference" in answer.json()["detail"]


def test_analysis_without_complex_signals_says_so(start: Callable[..., TestClient]) -> None:
    """Those that an earlier version made have real traces alone: NIfTI-MRS needs more, LCModel's tables do not."""
    service = start()
    client = Client("http://localhost", transport=ToApplication(service), pause=lambda _: None)
    made = client.wait(client.submit({"metabolite": [("svs.json", spectrum())]}, {}))["id"]

    answer = service.get(f"/v1/analyses/{made}/export?format=nifti-mrs")
    assert (answer.status_code, answer.json()["code"]) == (406, "not-acceptable")
    assert "analyse the spectrum again" in answer.json()["detail"]
    assert service.get(f"/v1/analyses/{made}/export?format=lcmodel&part=coord").status_code == 200
