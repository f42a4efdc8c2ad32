"""One scan in several parts or in an archive over HTTP; what does not belong to it is refused."""

from __future__ import annotations

import gzip
import zipfile
from collections.abc import Iterator
from io import BytesIO
from typing import Any

import pytest
from starlette.testclient import TestClient

from service.app import create_app
from service.settings import Settings
from tests.clients import on_this_machine
from tests.conformance.reader_fixtures.siemens_rda import rda
from tests.unit.test_series import numbered, transient


@pytest.fixture(scope="module")
def service(tmp_path_factory: pytest.TempPathFactory) -> Iterator[TestClient]:
    settings = Settings(data_dir=tmp_path_factory.mktemp("data"), executor="inline:")
    with on_this_machine(create_app(settings)) as client:
        yield client


def validated(service: TestClient, *files: tuple[str, bytes], **others: tuple[str, bytes]) -> Any:
    """The answer of a validation with several files of the spectrum."""
    parts = [("metabolite", file) for file in files] + list(others.items())
    return service.post("/v1/analyses/validate", files=parts)


def series(count: int) -> list[tuple[str, bytes]]:
    return [(f"Quillane_{number}.IMA", numbered(transient(), number + 1)) for number in range(count)]


def archive(files: list[tuple[str, bytes]]) -> bytes:
    packed = BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as target:
        for name, content in files:
            target.writestr(name, content)
    return packed.getvalue()


@pytest.mark.parametrize("packed", [False, True], ids=["parts", "archive"])
def test_the_files_of_a_series_are_one_scan(service: TestClient, packed: bool) -> None:
    """Sixteen parts, or one ZIP of them: 16 transients."""
    files = series(16)
    answer = validated(service, *([("scan.zip", archive(files))] if packed else files))

    assert answer.status_code == 200, answer.text
    assert answer.json()["facts"]["transients"] == 16


def test_a_gzipped_file_is_read(service: TestClient) -> None:
    """As archives pack it."""
    answer = validated(service, ("scan.rda.gz", gzip.compress(rda()[0].content)))

    assert answer.status_code == 200, answer.text
    assert answer.json()["format"] == "siemens_rda"


def test_a_part_that_does_not_belong_is_refused(service: TestClient) -> None:
    """Nothing that is sent is ignored."""
    answer = validated(service, ("scan.rda", rda()[0].content), ("notes.txt", b"of this scan"))

    assert answer.status_code == 415
    assert "does not belong" in answer.json()["detail"]


def test_two_scans_in_one_upload_are_refused_without_their_names(service: TestClient) -> None:
    """Names of uploaded files may be a patient's."""
    files = [("Quillane_1.IMA", numbered(transient(), 1)), ("Quillane_2.IMA", numbered(transient(), 2, series="9.9"))]
    for answer in (validated(service, *files), validated(service, ("scan.zip", archive(files)))):
        assert answer.status_code == 415
        assert "are two scans" in answer.json()["detail"]
        assert "Quillane" not in answer.text
