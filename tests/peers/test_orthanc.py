"""A real archive routes spectra to the gateway and gets the results back; the service in between knows no patient."""

from __future__ import annotations

import io
import json
import socket
import subprocess
import threading
from pathlib import Path

import httpx2
import pydicom
import pytest

from service.cli import app
from tests.data.dicom_study import Patient, Scan, content, uid
from tests.peers.conftest import Orthanc, Programs, until, write_gateway
from tests.servers.cluster import free_port, wait_for_port

ANNA = Patient(name="Zwilling^Anna", id="TWIN-A-4711")
BERTA = Patient(name="Zwilling^Berta^^Dr.", id="TWIN-B-4712", character_set="ISO_IR 100")
TARO = Patient(
    name="Yamada^Tarou=山田^太郎=やまだ^たろう", id="TARO-4713", character_set=["ISO 2022 IR 6", "ISO 2022 IR 87"]
)
COPIED = ("PatientName", "PatientID", "PatientBirthDate", "AccessionNumber", "SpecificCharacterSet")


def _study(patient: Patient) -> list[Scan]:
    study = f"study of {patient.id}"
    return [
        Scan(patient=patient, study=study, series=11),
        Scan(patient=patient, study=study, series=12, water=True, minute=33, description="PRESS_30_ACC_ref"),
    ]


def _send(orthanc: Orthanc, folder: Path, scans: list[Scan]) -> None:
    for number, scan in enumerate(scans):
        path = folder / f"send-{number}.dcm"
        path.write_bytes(content(scan))
        command = ["storescu", "-aec", "TESTPACS", "127.0.0.1", str(orthanc.dicom), str(path)]
        subprocess.run(command, check=True, capture_output=True)


def _has_results(orthanc: Orthanc, *patients: Patient) -> bool:
    wanted = ["DOC", "MR", "MR", "OT", "SR"]
    return all(orthanc.modalities(_study(patient)[0].study_instance_uid) == wanted for patient in patients)


def _check_identity(orthanc: Orthanc, *patients: Patient) -> None:
    for patient in patients:
        source = pydicom.dcmread(io.BytesIO(content(_study(patient)[0])))
        stored = [pydicom.dcmread(io.BytesIO(item)) for item in orthanc.files(source.StudyInstanceUID)]
        results = [item for item in stored if item.Modality in ("SR", "DOC", "OT")]
        assert len(results) >= 3
        for item in results:
            assert {name: item.get_item(name).value for name in COPIED} == {
                name: source.get_item(name).value for name in COPIED
            }


def test_results_of_interleaved_patients_come_back_into_their_studies(orthanc: Orthanc, programs: Programs) -> None:
    config = write_gateway(programs.folder, orthanc.gateway, **{"port = 4242": f"port = {orthanc.dicom}"})
    programs.mrsquant("dicom-gateway", "--config", config, name="gateway")
    wait_for_port(orthanc.gateway)
    subprocess.run(["echoscu", "-aet", "TESTPACS", "-aec", "MRSQUANT", "127.0.0.1", str(orthanc.gateway)], check=True)
    patients = (ANNA, BERTA, TARO)

    interleaved = [scan for pair in zip(*(_study(patient) for patient in patients), strict=True) for scan in pair]
    _send(orthanc, programs.folder, interleaved)
    until(lambda: _has_results(orthanc, *patients), 300)

    _check_identity(orthanc, *patients)
    log = (programs.folder / "gateway.log").read_bytes()
    for word in (b"Zwilling", b"TWIN-A-4711", b"PLANTEDACC7", b"19820304"):
        assert word not in log


def test_results_that_were_sent_twice_are_there_once(orthanc: Orthanc, programs: Programs) -> None:
    config = write_gateway(programs.folder, orthanc.gateway, **{"port = 4242": f"port = {orthanc.dicom}"})
    gateway = programs.mrsquant("dicom-gateway", "--config", config, name="gateway")
    wait_for_port(orthanc.gateway)
    _send(orthanc, programs.folder, _study(ANNA))
    until(lambda: "result delivered" in gateway.log.read_text(), 200)
    before = sorted(orthanc.files(_study(ANNA)[0].study_instance_uid))
    delivered = gateway.log.read_text().count("result delivered")

    series = [
        name
        for found in orthanc.studies()[_study(ANNA)[0].study_instance_uid]
        if found["MainDicomTags"]["Modality"] == "MR"
        for name in found["Instances"]
    ]
    httpx2.post(f"{orthanc.http}/modalities/mrsquant/store", json={"Resources": series}, timeout=60)
    until(lambda: gateway.log.read_text().count("result delivered") > delivered, 200)

    assert sorted(orthanc.files(_study(ANNA)[0].study_instance_uid)) == before


def test_results_go_back_by_stow(orthanc: Orthanc, programs: Programs) -> None:
    if not Path("/usr/share/orthanc/plugins/libOrthancDicomWeb.so").exists():
        pytest.skip("not installed: orthanc-dicomweb")
    to = f"{orthanc.http}/dicom-web"
    config = write_gateway(programs.folder, orthanc.gateway)
    programs.mrsquant("dicom-gateway", "--config", config, "--to", to, name="gateway")
    wait_for_port(orthanc.gateway)

    _send(orthanc, programs.folder, _study(BERTA))
    until(lambda: _has_results(orthanc, BERTA), 200)

    _check_identity(orthanc, BERTA)


class Wire:
    """Records what goes to a service on its way there."""

    def __init__(self, service: int) -> None:
        self.recorded = bytearray()
        self._service = service
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port = int(self._listener.getsockname()[1])
        threading.Thread(target=self._accept, daemon=True).start()

    def _accept(self) -> None:
        while True:
            try:
                client, _ = self._listener.accept()
            except OSError:
                return
            service = socket.create_connection(("127.0.0.1", self._service))
            for source, target, kept in ((client, service, True), (service, client, False)):
                threading.Thread(target=self._copy, args=(source, target, kept), daemon=True).start()

    def _copy(self, source: socket.socket, target: socket.socket, kept: bool) -> None:
        while data := source.recv(65536):
            if kept:
                self.recorded += data
            target.sendall(data)
        target.close()

    def close(self) -> None:
        self._listener.close()


@pytest.mark.filterwarnings("ignore:unclosed:ResourceWarning")
@pytest.mark.filterwarnings("ignore::pytest.PytestUnhandledThreadExceptionWarning")
def test_service_never_gets_an_identity_and_computes_the_same(
    orthanc: Orthanc, programs: Programs, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    port, data = free_port(), tmp_path / "data"
    environment = {"MRSQUANT_DATA_DIR": str(data), "MRSQUANT_LOG_LEVEL": "debug", "MRSQUANT_EXECUTOR": "processes:1"}
    programs.mrsquant("serve", "--port", str(port), name="service", environment=environment)
    wait_for_port(port)
    wire = Wire(port)
    config = write_gateway(programs.folder, orthanc.gateway, **{"port = 4242": f"port = {orthanc.dicom}"})
    programs.mrsquant("dicom-gateway", "--config", config, "--url", f"http://127.0.0.1:{wire.port}", name="gateway")
    wait_for_port(orthanc.gateway)
    scans = _study(ANNA)

    _send(orthanc, programs.folder, scans)
    until(lambda: _has_results(orthanc, ANNA), 300)

    base = f"http://127.0.0.1:{port}"
    (item,) = httpx2.get(f"{base}/v1/analyses").json()["items"]
    stored = httpx2.get(f"{base}/v1/analyses/{item['id']}").json()
    metrics = httpx2.get(f"{base}/metrics").content
    planted = [ANNA.name, ANNA.id, ANNA.birth, "PLANTEDHOSPITAL", "PLANTEDACC7", "Zwilling", "Planted^Referrer"]
    for scan in scans:
        planted += [scan.study_instance_uid, scan.sop_instance_uid, uid(scan.study, scan.series)]
    planted += [uid(scans[0].study, "frame"), uid("T1")]
    places = {str(path): path.read_bytes() for path in data.rglob("*") if path.is_file()}
    places |= {"log": (programs.folder / "service.log").read_bytes(), "metrics": metrics}
    places["requests"] = bytes(wire.recorded)
    wire.close()
    assert len(places["requests"]) > 10_000
    assert len(places) > 4
    assert [(name, word) for name, held in places.items() for word in planted if word.encode() in held] == []

    (tmp_path / "scan.dcm").write_bytes(content(scans[0]))
    (tmp_path / "water.dcm").write_bytes(content(scans[1]))
    command = ["analyse", str(tmp_path / "scan.dcm"), "--water-reference", str(tmp_path / "water.dcm")]
    said = ["--region", "ACC", "--hemisphere", "midline", "--age", "44", "--sex", "female", "--format", "json"]
    assert app.run([*command, *said]) == 0
    direct = json.loads(capsys.readouterr().out)
    assert stored["metabolites"] == direct["metabolites"]
    assert stored["quality"] == direct["quality"]
    assert any(entry["concentration"] for entry in direct["metabolites"])
