"""Throughput of the gateway: 200 instances through gateway and service, none lost, memory flat.

    python -W error -m tests.measure.gateway_load [--instances 200] [--page docs/gateway-load.md]

Half of the instances are spectra, half their water references, each pair of a patient of its own. A service with worker
processes analyses; an archive in this process takes the results. Needs the extras ``dicom`` and ``pdf``.
"""

from __future__ import annotations

import argparse
import io
import os
import subprocess
import sys
import time
import warnings
from dataclasses import dataclass, field
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
import psutil
import pydicom
from pynetdicom import AE, evt

from fitting.io.dicom_mrs import MR_SPECTROSCOPY_STORAGE
from tests.data.dicom_study import Patient, Scan, instance
from tests.servers.cluster import free_port, wait_for_port

RESULTS = ("1.2.840.10008.5.1.4.1.1.88.22", "1.2.840.10008.5.1.4.1.1.104.1", "1.2.840.10008.5.1.4.1.1.7")
KINDS = {"SR", "DOC", "OT"}
WORKERS = 2
LONGEST_SECONDS = 3600.0


@dataclass
class Archive:
    """Patient and kinds of the results of each study; the objects themselves are not kept."""

    port: int = field(default_factory=free_port)
    found: dict[str, set[str]] = field(default_factory=dict)
    wrong: int = 0
    uids: list[str] = field(default_factory=list)
    expected: dict[str, str] = field(default_factory=dict)

    def start(self) -> None:
        entity = AE("TESTPACS")
        for name in RESULTS:
            entity.add_supported_context(name)
        entity.start_server(("127.0.0.1", self.port), block=False, evt_handlers=[(evt.EVT_C_STORE, self._store)])

    def _store(self, event: evt.Event) -> int:
        item = event.dataset
        study = str(item.StudyInstanceUID)
        self.wrong += self.expected.get(study) != str(item.PatientID)
        self.uids.append(str(item.SOPInstanceUID))
        self.found.setdefault(study, set()).add(str(item.Modality))
        return 0

    def complete(self) -> int:
        """Studies with every kind of result."""
        return sum(kinds == KINDS for kinds in self.found.values())


@dataclass
class Outcome:
    """What was measured."""

    instances: int
    sent_seconds: float
    seconds: float
    complete: int
    objects: int
    twice: int
    wrong: int
    left: int
    memory: list[tuple[int, float, float]]
    """Results delivered, resident memory of the gateway and of the service with its workers, MB."""


def scans(pairs: int) -> list[Scan]:
    """A spectrum and then its water of each patient."""
    patients = [Patient(name=f"Load^Number{number}", id=f"LOAD-{number:04d}") for number in range(pairs)]
    both = [
        Scan(
            patient=patient,
            study=f"load {patient.id}",
            series=11 + water,
            water=bool(water),
            minute=31 - 2 * water,
            description="PRESS_30_ACC" + "_ref" * water,
        )
        for patient in patients
        for water in (0, 1)
    ]
    return both


def measure(instances: int) -> Outcome:
    """Send, wait for the results and watch the memory."""
    sources = scans(instances // 2)
    archive = Archive()
    archive.expected = {scan.study_instance_uid: scan.patient.id for scan in sources}
    archive.start()
    with TemporaryDirectory() as name:
        folder = Path(name)
        service_port, port = free_port(), free_port()
        (folder / "gateway.toml").write_text(
            f'port = {port}\naccept_from = ["LOADER"]\nsettle_seconds = 5\nworkers = {WORKERS}\nspool = "spool"\n'
            f'url = "http://127.0.0.1:{service_port}"\n[to]\nae_title = "TESTPACS"\nport = {archive.port}\n'
            "[[region]]\npattern = 'ACC'\nregion = \"ACC\"\n"
        )
        environment = {"MRSQUANT_DATA_DIR": str(folder / "data"), "MRSQUANT_EXECUTOR": f"processes:{WORKERS}"}
        service = _start(folder, environment, "serve", "--port", str(service_port))
        gateway = _start(folder, {}, "dicom-gateway", "--config", "gateway.toml")
        try:
            wait_for_port(service_port, 240)
            wait_for_port(port, 240)
            return _run(sources, archive, (gateway, service), folder, port)
        finally:
            for process in (gateway, service):
                process.terminate()
                process.wait(60)


def _start(folder: Path, environment: dict[str, str], *arguments: str) -> subprocess.Popen[bytes]:
    with (folder / f"{arguments[0]}.log").open("wb") as log:
        return subprocess.Popen(
            [str(Path(sys.executable).with_name("mrsquant")), *arguments],
            cwd=folder,
            env={**os.environ, **environment, "OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1"},
            stdout=log,
            stderr=log,
        )


def _run(
    sources: list[Scan],
    archive: Archive,
    processes: tuple[subprocess.Popen[bytes], subprocess.Popen[bytes]],
    folder: Path,
    port: int,
) -> Outcome:
    began = time.monotonic()
    _send(sources, port)
    sent = time.monotonic() - began
    memory: list[tuple[int, float, float]] = []
    pairs = len(sources) // 2
    due = 0
    spool = folder / "spool"
    while time.monotonic() - began < LONGEST_SECONDS:
        done = archive.complete()
        if done >= due:
            memory.append((done, *(_resident(process.pid) for process in processes)))
            due = done + max(pairs // 10, 1)
        if done == pairs and not list(spool.glob("*.json")):
            break
        time.sleep(1.0)
    return Outcome(
        instances=len(sources),
        sent_seconds=sent,
        seconds=time.monotonic() - began,
        complete=archive.complete(),
        objects=len(archive.uids),
        twice=len(archive.uids) - len(set(archive.uids)),
        wrong=archive.wrong,
        left=len(list(spool.glob("*.json"))),
        memory=memory,
    )


def _send(sources: list[Scan], port: int) -> None:
    """Every instance in one association, each with noise of its own; every one must be acknowledged."""
    entity = AE("LOADER")
    entity.add_requested_context(MR_SPECTROSCOPY_STORAGE)
    association = entity.associate("127.0.0.1", port, ae_title="MRSQUANT")
    rng = np.random.default_rng(1)
    for scan in sources:
        dataset = instance(scan)
        samples = np.frombuffer(dataset.SpectroscopyData, "<c8").copy()
        noise = rng.normal(scale=0.3 * float(np.std(samples[-200:].real)), size=(2, samples.size))
        dataset.SpectroscopyData = (samples + noise[0] + 1j * noise[1]).astype("<c8").tobytes()
        buffer = io.BytesIO()
        dataset.save_as(buffer, enforce_file_format=True)
        status = association.send_c_store(pydicom.dcmread(io.BytesIO(buffer.getvalue()))).get("Status")
        if status != 0:
            raise RuntimeError(f"the gateway answered {status}")
    association.release()


def _resident(pid: int) -> float:
    """Resident memory of a process with its children, MB."""
    try:
        process = psutil.Process(pid)
        return sum(item.memory_info().rss for item in (process, *process.children(recursive=True))) / 1e6
    except psutil.NoSuchProcess:
        return float("nan")


def page(outcome: Outcome) -> str:
    """The outcome as a page of the documentation."""
    rows = "\n".join(f"| {done} | {gateway:.0f} | {service:.0f} |" for done, gateway, service in outcome.memory)
    pairs = outcome.instances // 2
    about = (
        f"{outcome.instances} instances ({pairs} spectra, each with its water reference, each pair of a patient of its "
        f"own) through `mrsquant dicom-gateway` and a service with {WORKERS}\nworker processes, on a machine with "
        f"{os.cpu_count()} cores that other programs used as well. The archive takes Structured Report, PDF and "
        "pictures of each. Written by\n`python -W error -m tests.measure.gateway_load --page docs/gateway-load.md`."
    )
    return f"""# Throughput of the gateway

{about}

| | |
|---|---|
| instances acknowledged, each on disk | {outcome.instances} in {outcome.sent_seconds:.0f} s |
| until the last result was delivered | {outcome.seconds:.0f} s, {60 * pairs / outcome.seconds:.1f} scans a minute |
| studies with all results | {outcome.complete} of {pairs} |
| objects delivered | {outcome.objects}, of which twice {outcome.twice} |
| objects in the study of another patient | {outcome.wrong} |
| left in the spool | {outcome.left} |

Resident memory, MB, while results were delivered:

| scans delivered | gateway | service and workers |
|---|---|---|
{rows}
"""


def main() -> int:
    """Measure, print and write the page; fails when anything was lost, sent twice or to another patient."""
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--instances", type=int, default=200)
    options.add_argument("--page", type=Path)
    chosen = options.parse_args()
    warnings.filterwarnings("ignore", category=ResourceWarning)
    outcome = measure(chosen.instances)
    text = page(outcome)
    sys.stdout.write(text)
    if chosen.page is not None:
        chosen.page.write_text(text, encoding="utf-8")
    lost = outcome.complete != chosen.instances // 2 or outcome.left
    return 1 if lost or outcome.twice or outcome.wrong else 0


if __name__ == "__main__":
    raise SystemExit(main())
