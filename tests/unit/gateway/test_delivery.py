"""STOW-RS: objects travel in one request, and its answer says which were taken."""

from __future__ import annotations

import json

import httpx2
import pytest

from service.gateway.configuration import GatewayConfiguration
from service.gateway.delivery import SENT, PeerUnavailable, StowDelivery
from tests.data.dicom_study import Scan, content

FIRST, SECOND = Scan(), Scan(series=12)
CONTENTS = (content(FIRST), content(SECOND))
CONFIGURATION = GatewayConfiguration.model_validate({"to": {"stow": "https://pacs/dicom-web/"}})


def _failed(*scans: Scan) -> bytes:
    items = [
        {"00081155": {"vr": "UI", "Value": [scan.sop_instance_uid]}, "00081197": {"vr": "US", "Value": [0xC000]}}
        for scan in scans
    ]
    return json.dumps({"00081198": {"vr": "SQ", "Value": items}}).encode()


def _delivery(status: int, body: bytes, asked: list[httpx2.Request] | None = None) -> StowDelivery:
    def answer(request: httpx2.Request) -> httpx2.Response:
        if asked is not None:
            asked.append(request)
        return httpx2.Response(status, content=body)

    return StowDelivery(CONFIGURATION, httpx2.MockTransport(answer))


def test_every_object_is_a_part_of_one_request() -> None:
    asked: list[httpx2.Request] = []

    assert list(_delivery(200, _failed(), asked).send(CONTENTS)) == [SENT, SENT]

    (request,) = asked
    assert str(request.url) == "https://pacs/dicom-web/studies"
    assert request.headers["content-type"].startswith('multipart/related; type="application/dicom"; boundary=')
    assert all(item in request.content for item in CONTENTS)


def test_object_that_the_answer_names_as_failed_is_refused() -> None:
    assert list(_delivery(202, _failed(SECOND)).send(CONTENTS)) == [SENT, "0xC000"]
    assert list(_delivery(409, _failed(FIRST, SECOND)).send(CONTENTS)) == ["0xC000", "0xC000"]


@pytest.mark.parametrize(("status", "body"), [(500, b"{}"), (503, b"busy"), (200, b"<html>"), (401, b"{}")])
def test_answer_without_outcome_is_retried(status: int, body: bytes) -> None:
    with pytest.raises(PeerUnavailable):
        list(_delivery(status, body).send(CONTENTS))
