"""The client script and the commands of the documentation, run as they stand against a running service."""

from __future__ import annotations

import ast
import json
import os
import re
import shutil
import socket
import subprocess
import sys
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import NamedTuple

import pytest

from service.access.key_file import KeyFile
from service.access.keys import new_key
from tests import readme
from tests.chaos.service import Service

ROOT = Path(__file__).parents[2]
EXAMPLES = ROOT / "examples"
CLIENT = EXAMPLES / "client.py"
FACTS = ["--region", "ACC", "--age", "44", "--sex", "female", "--subject", "sub-017"]


class Place(NamedTuple):
    """A service and what a script's environment holds."""

    url: str
    environment: dict[str, str]


@pytest.fixture(scope="module", params=["without keys", "with keys"])
def place(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Place]:
    """One where only this machine is answered, and one where a device has a key to submit and read."""
    folder = tmp_path_factory.mktemp("service")
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    settings = {
        **{"MRSQUANT_DATA_DIR": str(folder), "MRSQUANT_CACHE_DIR": str(tmp_path_factory.getbasetemp() / "cache")},
        **{"MRSQUANT_EXECUTOR": "inline:", "MRSQUANT_LOG_LEVEL": "error"},
    }
    environment = {"PATH": os.environ["PATH"]}
    if request.param == "with keys":
        key, shown = new_key("scanner", "default", frozenset({"submit", "read"}), timedelta(hours=1))
        KeyFile(folder / "keys.toml").write([key])
        settings["MRSQUANT_API_KEYS_FILE"] = str(folder / "keys.toml")
        environment["MRSQUANT_API_KEY"] = shown
    running = Service(port, settings, folder / "log", "tests.measure.load.service", "real")
    running.start()
    running.wait()
    yield Place(running.url, environment)
    assert running.stop()


def client(place: Place, *arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
    """The script in an interpreter that finds no installed package."""
    command = [sys.executable, "-I", "-S", "-W", "error", str(CLIENT), *arguments, "--url", place.url]
    return subprocess.run(
        command, env=place.environment | environment, capture_output=True, text=True, timeout=120, check=False
    )


def test_the_script_needs_an_old_python_and_nothing_else() -> None:
    """Syntax of Python 3.6, and imports of the standard library only."""
    tree = ast.parse(CLIENT.read_text(), feature_version=(3, 6))
    imported = {
        name.partition(".")[0]
        for node in ast.walk(tree)
        if isinstance(node, ast.Import | ast.ImportFrom)
        for name in ([alias.name for alias in node.names] if isinstance(node, ast.Import) else [node.module or ""])
    }

    assert imported
    assert imported <= sys.stdlib_module_names


def test_the_script_submits_polls_and_fetches(place: Place, tmp_path: Path) -> None:
    """The result on stdout, the report in a file, and 0 as with ``mrsquant analyse``."""
    spectrum, water = (str(EXAMPLES / f"acc_press30{part}.nii.gz") for part in ("", "_water"))
    report = tmp_path / "report.pdf"
    done = client(place, spectrum, "--water", water, *FACTS, "--pdf", str(report))

    assert (done.returncode, done.stderr) == (0, "")
    result = json.loads(done.stdout)
    assert (result["state"], result["subject"], result["acquisition"]["region"]) == ("succeeded", "sub-017", "ACC")
    assert result["acquisition"]["water_reference"] is True
    assert report.read_bytes().startswith(b"%PDF")


def test_script_exit_codes_distinguish_faults(place: Place, tmp_path: Path) -> None:
    """3 for a file that is no spectrum, 4 for a key that opens nothing or a service that is not there."""
    text = tmp_path / "Quillane.txt"
    text.write_text("no spectrum")
    refused = client(place, str(text))
    missing = client(place, str(tmp_path / "none.rda"))
    gone = client(Place("http://127.0.0.1:9", place.environment), str(text))

    assert (refused.returncode, missing.returncode, gone.returncode) == (3, 4, 4)
    assert refused.stderr.startswith("unknown-format: ")
    assert "Quillane" not in refused.stderr
    if "MRSQUANT_API_KEY" in place.environment:
        wrong = client(place, str(text), MRSQUANT_API_KEY="mrsq_wrong")
        assert (wrong.returncode, wrong.stderr.split(":")[0]) == (4, "not-authenticated")


@pytest.mark.skipif(shutil.which("curl") is None, reason="no curl on this machine")
def test_recipes_run_as_written(place: Place, tmp_path: Path) -> None:
    """Every curl command of the page, with the address of this service and the files of ``examples``."""
    page = (ROOT / "docs" / "how-to" / "send-spectra.md").read_text()
    recipe, of_a_series = [block for block in re.findall(r"```sh\n(.*?)```", page, re.S) if "curl" in block]
    assert "series/*.dcm" in of_a_series  # sends what the test of several parts sends
    assert recipe.count("https://mrs.hospital.example") == 1
    for name in ("acc_press30.nii.gz", "acc_press30_water.nii.gz"):
        shutil.copy(EXAMPLES / name, tmp_path)
    script = "set -eu\n" + recipe.replace("https://mrs.hospital.example", place.url)
    script = script.replace("# or wait", "cp result.json polled.json\n# or wait")
    environment = {"MRSQUANT_API_KEY": "", **place.environment}
    done = subprocess.run(
        ["sh", "-c", script], cwd=tmp_path, env=environment, capture_output=True, text=True, timeout=180, check=False
    )

    assert (done.returncode, done.stderr) == (0, "")
    polled, waited = (json.loads(path.read_text()) for path in (tmp_path / "polled.json", tmp_path / "result.json"))
    assert (polled["state"], polled["subject"], waited["state"]) == ("succeeded", "sub-017", "succeeded")
    assert (tmp_path / "report.pdf").read_bytes().startswith(b"%PDF")


@pytest.mark.skipif(shutil.which("curl") is None, reason="no curl on this machine")
def test_the_first_request_of_the_readme_works(place: Place) -> None:
    """The first command of the documentation."""
    if "MRSQUANT_API_KEY" in place.environment:
        pytest.skip("the first request is made without keys")
    (command,) = (command for command in readme.commands() if command.startswith("curl "))
    done = subprocess.run(
        ["sh", "-c", command.replace("http://127.0.0.1:8000", place.url)],
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )

    assert json.loads(done.stdout)["state"] == "succeeded"


def test_the_commands_of_the_readme_run_as_written(tmp_path: Path) -> None:
    """``analyse`` on the example and ``batch`` where a manifest is; ``make fresh`` runs them in a new clone."""
    (tmp_path / ".venv").symlink_to(Path(sys.executable).parents[1])
    (tmp_path / "examples").symlink_to(EXAMPLES)
    (tmp_path / "MANIFEST.csv").write_text("metabolite,region,age_years\nexamples/acc_press30.nii.gz,ACC,44\n")
    commands = [command for command in readme.commands() if command.startswith(".venv/bin/mrsquant ")]
    environment = {**os.environ, "MRSQUANT_CACHE_DIR": str(tmp_path / "cache")}
    for command in commands:
        subprocess.run(["sh", "-c", command], cwd=tmp_path, env=environment, check=True, timeout=120)

    assert len(commands) == 2
    assert (tmp_path / "report.pdf").read_bytes().startswith(b"%PDF")
    assert "tNAA" in (tmp_path / "RESULTS.csv").read_text()
    assert "Research use only" in (tmp_path / "STUDY.html").read_text()
