"""``mrsquant demo``: the service on a temporary folder with simulated people, a calibrated scanner and a cohort."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from service.cli.exit_codes import CommandFailure, ExitCode
from service.cli.operator_settings import load_settings

if TYPE_CHECKING:
    import httpx2

_START_SECONDS = 120.0
_ANALYSIS_SECONDS = 600.0
_PLAN = 'schema = 1\nreference = "control"\nother = "patient"\n\n[levels]\n'
_KEPT = ("MRSQUANT_CACHE_DIR",)
"""Of the settings; the others would lead to the real database, keys or norms."""


def demo(
    port: Annotated[int, typer.Option(min=0, max=65535, help="Port to listen on; 0 takes a free one.")] = 0,
    people: Annotated[int, typer.Option(min=12, max=40, help="Number of simulated people.")] = 16,
    browser: Annotated[bool, typer.Option("--browser/--no-browser", help="Open the reading room.")] = True,
) -> int:
    """Show the service with simulated people, a calibrated scanner and a cohort; its data are removed at the end."""
    from service.cli.signals import terminated_like_interrupted

    try:
        with (
            terminated_like_interrupted(),
            tempfile.TemporaryDirectory(prefix="mrsquant-demo-") as folder,
            _served(Path(folder), port or _free_port()) as client,
        ):
            _show(client, _fill(client, people), browser)
            _say("Nothing in it was measured. Ctrl-C ends the demonstration and removes its data.")
            while True:
                time.sleep(3600.0)
    except KeyboardInterrupt:
        return ExitCode.ANALYSED


def _free_port() -> int:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        return int(free.getsockname()[1])


@contextmanager
def _served(folder: Path, port: int) -> Iterator[httpx2.Client]:
    """A client of a service of its own in ``folder``, which is ended afterwards."""
    import httpx2

    environment = {name: value for name, value in os.environ.items() if not name.startswith("MRSQUANT_")}
    environment |= {name: os.environ[name] for name in _KEPT if name in os.environ}
    environment |= {"MRSQUANT_LOG_LEVEL": "warning"}
    arguments = ["serve", "--port", str(port), "--data-dir", str(folder / "data")]
    command = [sys.executable, "-c", "from service.cli import main; main()", *arguments]
    process = subprocess.Popen(command, env=environment)  # noqa: S603 -- this program itself
    try:
        url = f"http://127.0.0.1:{port}"
        with httpx2.Client(base_url=url, timeout=_START_SECONDS, trust_env=False) as client:
            _wait_for(client, process)
            yield client
    finally:
        process.terminate()
        process.wait()


def _wait_for(client: httpx2.Client, process: subprocess.Popen[bytes]) -> None:
    import httpx2

    until = time.monotonic() + _START_SECONDS
    while process.poll() is None and time.monotonic() < until:
        try:
            if client.get("/readyz").is_success:
                return
        except httpx2.TransportError:
            pass
        time.sleep(0.2)
    detail = "the service did not start; the reason stands above."
    raise CommandFailure(ExitCode.FAILURE, "not-started", str(client.base_url), detail)


def _fill(client: httpx2.Client, people: int) -> str:
    """Analyse simulated people, calibrate with the healthy among them before the others; the id of their cohort."""
    from service.cli.simulated_people import simulated_people

    people_made = list(simulated_people(people, load_settings().cache_dir))
    healthy = [person for person in people_made if person["group"] == "control"]
    _say(f"{len(healthy)} healthy simulated people are measured, and the scanner is calibrated with them …")
    controls = _analysed(client, [{**person, "keep_files": True} for person in healthy])
    calibration = _post(client, "/v1/sites", {"name": "demo-scanner", "analyses": controls})
    if "state" in calibration:  # the workers learn macromolecules from the spectra that were kept
        _await(client, f"/v1/calibrations/{calibration['id']}")
    _say(f"{people - len(healthy)} simulated patients are measured and compared with them …")
    patients = _analysed(client, [person for person in people_made if person not in healthy])
    cohort = _post(client, "/v1/cohorts", {"name": "Demo", "analyses": [*controls, *patients], "plan": _PLAN})
    return str(cohort["id"])


def _analysed(client: httpx2.Client, people: list[dict[str, Any]]) -> list[str]:
    """Ids of the analyses of people, once all have ended."""
    submitted = [str(_post(client, "/v1/analyses", person)["id"]) for person in people]
    for analysis in submitted:
        _await(client, f"/v1/analyses/{analysis}")
    return submitted


def _await(client: httpx2.Client, path: str) -> None:
    until = time.monotonic() + _ANALYSIS_SECONDS
    while time.monotonic() < until:
        answer = client.get(path)
        if answer.is_success and answer.json()["state"] not in ("queued", "running"):
            return
        time.sleep(0.3)
    raise CommandFailure(ExitCode.SERVER, "server-failed", path, "it did not end.")


def _post(client: httpx2.Client, path: str, document: Mapping[str, Any]) -> dict[str, Any]:
    answer = client.post(path, json=document)
    content: dict[str, Any] = answer.json()
    if not answer.is_success:
        raise CommandFailure(ExitCode.SERVER, content["code"], path, content["detail"])
    return content


def _show(client: httpx2.Client, cohort: str, browser: bool) -> None:
    import webbrowser

    address = f"http://{client.base_url.netloc.decode()}"
    _say(f"Reading room:       {address}/")
    _say(f"Scanner:            {address}/sites")
    _say(f"Groups compared:    {address}/v1/cohorts/{cohort}/report?format=html")
    if browser:
        webbrowser.open(f"{address}/")


def _say(line: str) -> None:
    sys.stderr.write(f"{line}\n")
    sys.stderr.flush()
