"""A gateway that is killed at any stage goes on at its next start: nothing is lost, nothing is there twice."""

from __future__ import annotations

import json
import subprocess
import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import rsa

from tests.data.dicom_study import Scan, content
from tests.peers.conftest import Programs, installed, until, write_gateway
from tests.servers.cluster import free_port, wait_for_port
from tests.unit.gateway.conftest import Archive, send

SPECTRUM, WATER = Scan(), Scan(water=True, series=12, minute=33, description="PRESS_30_ACC_ref")


@pytest.fixture
def archive() -> Iterator[Archive]:
    node = Archive()
    yield node
    node.stop()


def _config(programs: Programs, archive: Archive, port: int, **more: str) -> Path:
    return write_gateway(programs.folder, port, **{"port = 4242": f"port = {archive.port}", **more})


def _states(programs: Programs) -> list[str]:
    return [json.loads(path.read_text())["state"] for path in (programs.folder / "gateway-spool").glob("*.json")]


@pytest.mark.parametrize("stage", ["acknowledged", "submitted", "built", "delivering"])
def test_killed_gateway_loses_nothing_and_delivers_once(programs: Programs, archive: Archive, stage: str) -> None:
    port = free_port()
    config = _config(programs, archive, port, **{'["TESTPACS"]': '["MRSCANNER1"]'})
    if stage == "delivering":
        archive.answer = lambda dataset: time.sleep(30 if dataset.Modality == "DOC" else 0) or 0
        archive.start()
    gateway = programs.mrsquant("dicom-gateway", "--config", config, name="gateway")
    wait_for_port(port)

    assert send(port, SPECTRUM, WATER) == [0, 0]
    if stage == "delivering":
        until(lambda: len(archive.kept) == 1)
    elif stage != "acknowledged":
        until(lambda: stage in _states(programs))
    gateway.kill()
    archive.stop()
    archive.answer = lambda _: 0
    before = set(archive.kept)
    archive.start()
    programs.mrsquant("dicom-gateway", "--config", config, "--once", name="gateway again")
    until(lambda: archive.modalities().count("SR") == 1 and {"DOC", "OT"} <= set(archive.modalities()), 200)
    until(lambda: _states(programs) == [])

    assert before <= set(archive.kept)
    pages = [item for item in archive.objects() if item.Modality == "OT"]
    assert sorted(item.InstanceNumber for item in pages) == list(range(1, len(pages) + 1))
    assert [path.name for path in (programs.folder / "gateway-spool").iterdir()] == ["site.key"]


def _certificates(folder: Path) -> None:
    """A certificate that signs itself, for both sides."""
    key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "mrsquant tests")])
    now = datetime.now(UTC)
    made = x509.CertificateBuilder(name, name, key.public_key(), x509.random_serial_number(), now, now + timedelta(1))
    made = made.add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
    pem = made.sign(key, hashes.SHA256()).public_bytes(serialization.Encoding.PEM)
    (folder / "node.crt").write_bytes(pem)
    plain = serialization.NoEncryption()
    (folder / "node.key").write_bytes(
        key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.TraditionalOpenSSL, plain)
    )


def test_tls_accepts_dcmtk_with_a_certificate_only(programs: Programs, archive: Archive) -> None:
    installed("storescu", "echoscu")
    port = free_port()
    _certificates(programs.folder)
    config = _config(programs, archive, port)
    config.write_text(config.read_text() + '\n[tls]\ncertificate = "node.crt"\nkey = "node.key"\nca = "node.crt"\n')
    programs.mrsquant("dicom-gateway", "--config", config, name="gateway")
    wait_for_port(port)
    path = programs.folder / "scan.dcm"
    path.write_bytes(content(SPECTRUM))
    peer = ["-aet", "TESTPACS", "-aec", "MRSQUANT", "127.0.0.1", str(port)]
    tls = ["+tls", "node.key", "node.crt", "+cf", "node.crt"]

    plain = subprocess.run(["echoscu", *peer], cwd=programs.folder, capture_output=True, check=False, timeout=60)
    sent = subprocess.run(["storescu", *tls, *peer, path], cwd=programs.folder, capture_output=True, check=False)

    assert plain.returncode != 0
    assert sent.returncode == 0, sent.stderr
    until(lambda: len(_states(programs)) == 1)
