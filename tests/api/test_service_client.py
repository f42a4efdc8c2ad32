"""The client against the service itself: submit, wait, fetch, list, score and remove."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path, PurePosixPath
from typing import Any

import httpx2
import pytest
from starlette.testclient import TestClient

from service.cli.bids.bids_names import BidsName
from service.cli.bids.dataset import BidsSpectrum
from service.cli.bids.group_level import write_group
from service.cli.bids.remote import run_remotely
from service.cli.bids.run import Surroundings
from service.client import Client, Refused
from tests.fake_pipeline import spectrum


class ToApplication(httpx2.BaseTransport):
    """Hands the requests of a client to a service in this process."""

    def __init__(self, client: TestClient) -> None:
        self._client = client

    def handle_request(self, request: httpx2.Request) -> httpx2.Response:
        headers = {name: value for name, value in request.headers.items() if name != "host"}
        answer = self._client.request(
            request.method, request.url.raw_path.decode(), content=request.read(), headers=headers
        )
        return httpx2.Response(answer.status_code, headers=dict(answer.headers), content=answer.content)


@pytest.fixture
def client(start: Callable[..., TestClient]) -> Client:
    return Client("http://localhost", transport=ToApplication(start()), pause=lambda _: None)


def test_from_file_to_report_and_removal(client: Client) -> None:
    """Each method does with the real API what its docstring says."""
    analysis = client.submit({"metabolite": [("svs.json", spectrum())]}, {"region": "ACC", "group": "control"})
    result: Any = client.wait(analysis)

    assert result["state"] == client.look(result["id"])["state"] == "succeeded"
    assert client.report(analysis, "pdf").startswith(b"%PDF")
    assert json.loads(client.report(analysis, "json"))["verdict"] == result["verdict"]
    assert client.table(region="ACC").count(result["id"]) == len(result["metabolites"])
    client.remove(analysis)
    with pytest.raises(Refused) as caught:
        client.look(analysis)
    assert caught.value.code == "analysis-not-found"


def test_refused_upload_and_score(client: Client) -> None:
    """A file of no known format is refused with the service's code; a value is scored without a spectrum."""
    with pytest.raises(Refused) as caught:
        client.submit({"metabolite": [("x.dat", b"no spectrum")]})
    scored = client.score({"region": "ACC", "metabolite": "tNAA", "value": 1.2, "unit": "tCr"})

    assert caught.value.code == "unknown-format"
    assert scored["notice"]


def test_a_dataset_is_analysed_by_the_service(client: Client, tmp_path: Path) -> None:
    """Its files are written as without a service, refusals too; a second run asks nothing."""
    items = []
    for label, content in (("01", spectrum()), ("02", b"no spectrum")):
        file = tmp_path / "data" / f"sub-{label}" / "mrs" / f"sub-{label}_voi-acc_svs.nii"
        file.parent.mkdir(parents=True)
        file.write_bytes(content)
        name = BidsName((("sub", label), ("voi", "acc")), "svs", ".nii")
        path = PurePosixPath(file.relative_to(tmp_path / "data").as_posix())
        items.append(BidsSpectrum(path, name, {"metabolite": file}, document={"region": "ACC"}))
    out = tmp_path / "out"
    around = Surroundings(out, {}, (), (), (), tmp_path)
    first = [outcome for _, outcome in run_remotely(items, around, client)]
    second = [outcome for _, outcome in run_remotely(items, around, Client("http://127.0.0.1:9"))]

    assert [outcome.state for outcome in first] == ["analysed", "refused"]
    assert [outcome.state for outcome in second] == ["kept", "kept"]
    assert write_group(out).refused == 1
    page = (out / "sub-01" / "mrs" / "sub-01_voi-acc_desc-mrsquant_mrs.html").read_bytes()
    assert page.lower().startswith(b"<!doctype")
