"""``mrsquant submit`` against a service that really listens on loopback; only the numerics are faked."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import httpx2
import pytest
import uvicorn

from fitting.analysis import Analysis
from fitting.errors import DamagedFile
from fitting.model.result import Traces
from fitting.request import Overrides, TissueFractions
from fitting.run import Job
from service.app import create_app
from service.cli import app
from service.settings import Settings
from tests.data.analysis_factory import make_analysis, make_traces, unusable

EXAMPLE = Path(__file__).parents[2] / "examples" / "acc_press30.nii.gz"
JOBS: list[Job] = []


def analyse(job: Job, cache_dir: Path | None = None) -> tuple[Analysis, Traces]:
    """Refuse infants, find noise in the aged, and accept all others."""
    JOBS.append(job)
    if job.subject.age_years == 1:
        raise DamagedFile("The FID ends early; export it again.", file=job.metabolite[0].name)
    return unusable(make_analysis()) if job.subject.age_years == 99 else make_analysis(), make_traces()


@pytest.fixture(scope="module")
def url(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    settings = Settings(data_dir=tmp_path_factory.mktemp("data"), executor="inline:", log_level="error")
    service = create_app(settings, analyse=analyse)
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        server = uvicorn.Server(uvicorn.Config(service, log_config=None))
        thread = threading.Thread(target=server.run, kwargs={"sockets": [listener]}, daemon=True)
        thread.start()
        deadline = time.monotonic() + 60
        while not server.started:
            assert time.monotonic() < deadline
            time.sleep(0.05)
        yield f"http://127.0.0.1:{listener.getsockname()[1]}"
        server.should_exit = True
        thread.join(30)


def test_the_table_is_printed_and_the_pdf_written(url: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """With --wait and --pdf one call gives the result on stdout and the report in a file."""
    pdf = tmp_path / "report.pdf"
    person = ["--region", "ACC", "--age", "44", "--tissue", "gm=0.6,wm=0.3,csf=0.1"]
    metadata = [*person, "--echo-time", "0.031", "--sequence", "PRESS"]

    assert app.run(["submit", str(EXAMPLE), "--url", url, *metadata, "--wait", "--pdf", str(pdf)]) == 0
    out = capsys.readouterr().out
    assert "tNAA" in out
    assert out.startswith("Research use only")
    assert pdf.read_bytes().startswith(b"%PDF")
    assert JOBS[-1].subject.region == "ACC"
    assert JOBS[-1].subject.tissue == TissueFractions(0.6, 0.3, 0.1)
    assert JOBS[-1].options.overrides == Overrides(echo_time=0.031, sequence="PRESS")
    assert JOBS[-1].metabolite[0].content == EXAMPLE.read_bytes()


def test_without_waiting_the_address_is_printed(url: str, capsys: pytest.CaptureFixture[str]) -> None:
    """A script gets one line on stdout: where to look later."""
    assert app.run(["submit", str(EXAMPLE), "--url", url, "--age", "30"]) == 0
    out = capsys.readouterr().out

    assert out.startswith(f"{url}/v1/analyses/")
    assert out.count("\n") == 1


@pytest.mark.parametrize(
    ("arguments", "code", "message"),
    [
        (["--age", "99", "--wait"], 2, ""),
        (["--age", "1", "--wait"], 3, "mrsquant: damaged-file: "),
        (["--age", "-1"], 3, "mrsquant: implausible-parameter: "),
    ],
)
def test_exit_codes_are_those_of_the_local_command(
    url: str, capsys: pytest.CaptureFixture[str], arguments: list[str], code: int, message: str
) -> None:
    """A poor spectrum, a refused one and a refused request differ for a script as they do without a server."""
    assert app.run(["submit", str(EXAMPLE), "--url", url, *arguments]) == code
    assert capsys.readouterr().err.startswith(message)


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_the_service_ends_in_order(tmp_path: Path, number: signal.Signals) -> None:
    """It says that it serves once it answers; SIGTERM and Ctrl-C leave nothing behind and are no failure."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    environment = os.environ | {"MRSQUANT_DATA_DIR": str(tmp_path), "MRSQUANT_EXECUTOR": "processes:1"}
    command = [sys.executable, "-c", "from service.cli import main; main()", "serve", "--port", str(port)]
    with subprocess.Popen(command, env=environment, stderr=subprocess.PIPE, text=True) as process:
        try:
            assert process.stderr is not None
            assert any(f" serves http://127.0.0.1:{port}/ " in line for line in process.stderr), "it ended"
            assert answers(f"http://127.0.0.1:{port}/healthz")
            deadline = time.monotonic() + 120
            while not answers(f"http://127.0.0.1:{port}/readyz"):
                assert process.poll() is None
                assert time.monotonic() < deadline
                time.sleep(0.1)
            process.send_signal(number)
            _, err = process.communicate(timeout=60)
        finally:
            process.kill()  # nothing is there to kill, unless an assertion failed

    assert process.returncode == 0
    assert "Traceback" not in err
    assert "leaked" not in err


def answers(address: str) -> bool:
    try:
        return httpx2.get(address, timeout=5).is_success
    except httpx2.HTTPError:
        return False


def test_serve_on_a_port_in_use_fails_with_a_message(
    url: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    caplog: pytest.LogCaptureFixture,
) -> None:
    """``serve`` on a port in use is no success and no refused input, and says why."""
    monkeypatch.setenv("MRSQUANT_DATA_DIR", str(tmp_path))
    monkeypatch.setenv("MRSQUANT_EXECUTOR", "inline:")

    assert app.run(["serve", "--port", url.rsplit(":", 1)[1]]) == 1
    assert "address already in use" in caplog.text
    assert capsys.readouterr().err.splitlines()[-1].startswith("mrsquant: not-started: http://127.0.0.1:")
