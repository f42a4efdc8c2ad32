"""The shipped example through the whole service: upload, fit, report."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from starlette.testclient import TestClient

from service.app import create_app
from service.settings import Settings
from tests.clients import on_this_machine

EXAMPLES = Path(__file__).parents[2] / "examples"
CLOCK = {"id", "created", "started", "finished", "seconds"}


@pytest.fixture(scope="module")
def service(tmp_path_factory: pytest.TempPathFactory) -> Iterator[TestClient]:
    folder = tmp_path_factory.mktemp("data")
    settings = Settings(data_dir=folder, cache_dir=folder / "cache", executor="inline:")
    with on_this_machine(create_app(settings)) as client:
        yield client


def parts() -> dict[str, Any]:
    return {
        "metabolite": ("MUELLER.nii.gz", (EXAMPLES / "acc_press30.nii.gz").read_bytes()),
        "water_reference": ("MUELLER_w.nii.gz", (EXAMPLES / "acc_press30_water.nii.gz").read_bytes()),
    }


def submit(client: TestClient, **request: Any) -> Any:
    answer = client.post(
        "/v1/analyses", files=parts(), data={"request": json.dumps(request)}, headers={"Prefer": "wait=60"}
    )
    assert answer.status_code == 200, answer.text
    return answer.json()


def test_validation_agrees_with_the_result(service: TestClient) -> None:
    """What validation read is what the analysis was made from."""
    inspected = service.post("/v1/analyses/validate", files=parts(), data={"request": '{"region": "ACC"}'}).json()
    result = submit(service, region="ACC", age_years=44)

    assert inspected["missing"] == []
    assert inspected["water_reference"] == "separate file"
    for name in ("echo_time", "repetition_time", "dwell_time", "spectrometer_frequency", "sequence"):
        assert inspected["facts"][name] == result["acquisition"][name]
    assert {norm["id"] for norm in result["norms"]} <= set(inspected["norms"])


def test_result_is_complete(service: TestClient) -> None:
    """The main metabolites are found, each has a z-score or the reason why not, and the notice is there."""
    result = submit(service, region="ACC", age_years=44, tissue={"gm": 0.6, "wm": 0.3, "csf": 0.1})
    metabolites = {metabolite["name"]: metabolite for metabolite in result["metabolites"]}

    assert result["state"] == "succeeded"
    assert result["outcome"]["code"] == "converged"
    assert "Research use only" in result["notice"]
    assert all(metabolites[name]["detected"] for name in ("tNAA", "tCr", "tCho", "mI", "Glu"))
    assert all((item["z"] is None) != (item["z_absent"] is None) for item in metabolites.values())
    assert metabolites["tNAA"]["concentration"]["unit"] == "mmol/kg"


def test_overrides_reach_the_analysis(service: TestClient) -> None:
    """A quantity from the request replaces the header's, and the result notes it."""
    result = submit(service, overrides={"repetition_time": 1.5})

    assert result["acquisition"]["repetition_time"] == 1.5
    assert "repetition_time" in result["acquisition"]["supplied"]


def test_same_input_gives_the_same_answer(service: TestClient) -> None:
    """Computed twice, all but the clock is equal."""
    first = submit(service, region="ACC", age_years=30)
    service.delete(f"/v1/analyses/{first['id']}")
    second = submit(service, region="ACC", age_years=30)

    assert first["id"] != second["id"]
    assert {**first, **dict.fromkeys(CLOCK)} == {**second, **dict.fromkeys(CLOCK)}


@pytest.mark.parametrize(
    ("name", "begins"), [("html", b"<!"), ("pdf", b"%PDF-"), ("csv", b"id,outcome"), ("json", b"{")]
)
def test_reports(service: TestClient, name: str, begins: bytes) -> None:
    """Every format is made from a real result, without the name of the uploaded file."""
    result = submit(service, region="ACC", age_years=44)
    report = service.get(f"/v1/analyses/{result['id']}/report?format={name}")

    assert report.status_code == 200
    assert report.content.lstrip().startswith(begins)
    assert b"MUELLER" not in report.content


def test_traces_add_up(service: TestClient) -> None:
    """data = fit + residual, and fit = components + baseline, at every point."""
    result = submit(service, region="ACC", age_years=44)
    traces = service.get(f"/v1/analyses/{result['id']}/traces").json()
    scale = max(abs(value) for value in traces["data"])
    for index in range(0, len(traces["ppm"]), 50):
        total = sum(component["values"][index] for component in traces["components"]) + traces["baseline"][index]

        assert traces["fit"][index] == pytest.approx(total, abs=1e-9 * scale)
        assert traces["data"][index] == pytest.approx(
            traces["fit"][index] + traces["residual"][index], abs=1e-9 * scale
        )


def test_traces_hold_the_correlation_of_the_amplitudes(service: TestClient) -> None:
    """One row for each component, 1 on the diagonal, symmetric; what the fit can hardly separate is anticorrelated."""
    result = submit(service, region="ACC", age_years=44)
    traces = service.get(f"/v1/analyses/{result['id']}/traces").json()
    names = [component["name"] for component in traces["components"]]
    rows = traces["correlation"]

    assert [len(row) for row in rows] == [len(names)] * len(names)
    assert all(rows[k][k] == 1.0 for k in range(len(names)))
    assert rows[0][1] == pytest.approx(rows[1][0])
    assert rows[names.index("Cr")][names.index("PCr")] < -0.5
    assert rows[names.index("GPC")][names.index("PCh")] < -0.5
