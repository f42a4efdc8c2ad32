"""Peers that are installed, in a network of their own; what is missing is skipped with its reason."""

from __future__ import annotations

import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx2
import pytest

from tests.servers.cluster import free_port, wait_for_port

ROOT = Path(__file__).parents[2]
RECIPE = ROOT / "examples" / "orthanc"


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        if item.path.is_relative_to(Path(__file__).parent):
            item.add_marker(pytest.mark.peers)


def installed(*programs: str) -> None:
    """Skip the test where a program is not installed."""
    missing = [name for name in programs if shutil.which(name) is None]
    if missing:
        pytest.skip(f"not installed: {', '.join(missing)}; see .ci/run for the packages")


def until(condition: Callable[[], bool], seconds: float = 120.0) -> None:
    """Wait for a condition."""
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end, "it did not come true"
        time.sleep(0.2)


@dataclass
class Program:
    """A program with its log, ended with everything it started."""

    process: subprocess.Popen[bytes]
    log: Path

    def kill(self) -> None:
        """As a power cut does."""
        os.killpg(self.process.pid, signal.SIGKILL)
        self.process.wait()

    def stop(self) -> None:
        if self.process.poll() is None:
            self.process.terminate()
            try:
                self.process.wait(20)
            except subprocess.TimeoutExpired:
                self.kill()


@dataclass
class Programs:
    folder: Path
    running: list[Program] = field(default_factory=list)

    def start(self, *command: str | Path, name: str, environment: dict[str, str] | None = None) -> Program:
        log = self.folder / f"{name}.log"
        with log.open("ab") as output:
            process = subprocess.Popen(
                [str(part) for part in command],
                cwd=self.folder,
                stdout=output,
                stderr=output,
                env={**os.environ, "OMP_NUM_THREADS": "1", **(environment or {})},
                start_new_session=True,
            )
        program = Program(process, log)
        self.running.append(program)
        return program

    def mrsquant(self, *arguments: str | Path, name: str, environment: dict[str, str] | None = None) -> Program:
        return self.start(Path(sys.executable).with_name("mrsquant"), *arguments, name=name, environment=environment)


@pytest.fixture
def programs(tmp_path: Path) -> Iterator[Programs]:
    started = Programs(tmp_path)
    yield started
    for program in reversed(started.running):
        program.stop()


@dataclass
class Orthanc:
    """A real archive by its REST interface."""

    http: str
    dicom: int
    gateway: int

    def studies(self) -> dict[str, dict[str, Any]]:
        """Series and instances of each study by its UID."""
        found = {}
        for study in httpx2.get(f"{self.http}/studies?expand").json():
            series = [httpx2.get(f"{self.http}/series/{name}").json() for name in study["Series"]]
            found[study["MainDicomTags"]["StudyInstanceUID"]] = series
        return found

    def modalities(self, study: str) -> list[str]:
        return sorted(item["MainDicomTags"]["Modality"] for item in self.studies().get(study, ()))

    def files(self, study: str) -> list[bytes]:
        """Every instance of a study as it is stored."""
        names = [name for series in self.studies()[study] for name in series["Instances"]]
        return [httpx2.get(f"{self.http}/instances/{name}/file").content for name in names]


@pytest.fixture
def orthanc(programs: Programs) -> Orthanc:
    installed("Orthanc", "storescu", "echoscu")
    if any(name != "lo" for _, name in socket.if_nameindex()):
        pytest.skip("Orthanc listens on every address: run it in a private network with make peers")
    ports = Orthanc(f"http://127.0.0.1:{(http := free_port())}", free_port(), free_port())
    settings = json.loads((RECIPE / "orthanc.json").read_text())
    settings |= {"HttpPort": http, "DicomPort": ports.dicom, "StableAge": 1}
    settings["DicomModalities"] = {"mrsquant": ["MRSQUANT", "127.0.0.1", ports.gateway]}
    (programs.folder / "orthanc.json").write_text(json.dumps(settings))
    shutil.copy(RECIPE / "route.lua", programs.folder)
    programs.start("Orthanc", "orthanc.json", name="orthanc")
    wait_for_port(http)
    wait_for_port(ports.dicom)
    return ports


def write_gateway(folder: Path, port: int, **changes: str) -> Path:
    """``gateway.toml`` of the recipe with other ports."""
    text = (RECIPE / "gateway.toml").read_text()
    text = text.replace("port = 11112 ", f"port = {port} ").replace("settle_seconds = 20", "settle_seconds = 3")
    for before, after in changes.items():
        text = text.replace(before, after)
    path = folder / "gateway.toml"
    path.write_text(text)
    return path
