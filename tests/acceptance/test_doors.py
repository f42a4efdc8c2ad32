"""The pages of the doors to other systems: their commands are run as they stand, with files of the names they use.

What needs an archive beside it (storescu, Orthanc, the gateway of its recipe) is run by ``make peers``.
"""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import httpx2
import pytest

from tests.conformance.test_commands_named import commands
from tests.data.dicom_study import Scan, content
from tests.servers.cluster import free_port
from tests.unit.bids.datasets import add, dataset

PROGRAM = str(Path(sys.executable).with_name("mrsquant"))
ROOT = Path(__file__).parents[2]
PAGES = ROOT / "docs" / "how-to"
EXAMPLE, WATER = (ROOT / "examples" / f"acc_press30{suffix}.nii.gz" for suffix in ("", "_water"))
RULES = '[[region]]\npattern = "(?i)acc"\nregion = "ACC"\nhemisphere = "midline"\n'
SERVICE = re.compile(r"http://(127\.0\.0\.1|mrs\.local):8000")


@dataclass
class Door:
    """What a page's commands need and leave behind."""

    page: str
    runs: int
    """Number of its commands that are run here."""
    leaves: tuple[str, ...]
    skipped: str = r"^mrsquant (\S+|serve\s*|bids --help)$"
    """Commands that only name a program."""
    more: tuple[str, ...] = ()
    """Options that end what would run for ever."""


DOORS = (
    Door(
        "export-to-other-programs.md",
        runs=3,
        leaves=("signals/preproc.nii.gz", "signals/water.nii.gz", "lcmodel/table", "lcmodel/coord", "lcmodel/csv"),
        skipped=r"^mrsquant bids --spectra$",
    ),
    Door(
        "bids.md",
        runs=5,
        leaves=("OUT/group.html", "out/sub-01/mrs/sub-01_voi-acc_desc-fit_svs.nii.gz"),
        skipped=r"^mrsquant (bids --help|batch)$|/data/study",
    ),
    Door("fhir.md", runs=1, leaves=("result.json",)),
    Door(
        "send-results-to-an-archive.md",
        runs=4,
        leaves=("sr.dcm", "pdf.dcm", "page.dcm"),
        skipped=r"^mrsquant dicom-gateway",
    ),
    Door(
        "watch-a-folder.md",
        runs=1,
        leaves=("results/anna/acc.dcm.done", "results/anna/acc.dcm.report.pdf", "results/anna/acc_ref.dcm.done"),
        more=("--once", "--settle", "0.2"),
    ),
)


@pytest.fixture(scope="module")
def service(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """A service as the pages start one."""
    folder, port = tmp_path_factory.mktemp("service"), free_port()
    environment = {**os.environ, "MRSQUANT_DATA_DIR": str(folder), "MRSQUANT_EXECUTOR": "inline:"}
    command = [PROGRAM, "serve", "--port", str(port)]
    with subprocess.Popen(command, env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as process:
        address = f"http://127.0.0.1:{port}"
        try:
            _wait(address)
            yield address
        finally:
            process.terminate()


def _wait(address: str) -> None:
    for _ in range(300):
        try:
            if httpx2.get(f"{address}/readyz").is_success:
                return
        except httpx2.HTTPError:
            time.sleep(0.2)
    raise AssertionError("the service did not start")


@pytest.fixture
def files(tmp_path: Path) -> Path:
    """Files and folders of the names that the pages use."""
    for name in ("acc.nii.gz", "scan.nii.gz"):
        shutil.copy(EXAMPLE, tmp_path / name)
    for name in ("acc_ref.nii.gz", "water.nii.gz"):
        shutil.copy(WATER, tmp_path / name)
    for folder in (tmp_path, tmp_path / "export" / "anna"):
        folder.mkdir(parents=True, exist_ok=True)
        (folder / "acc.dcm").write_bytes(content(Scan()))
        (folder / "acc_ref.dcm").write_bytes(content(Scan(water=True, series=12)))
    (tmp_path / "rules.toml").write_text(RULES)
    for name in ("DATASET", "mrs-mini"):
        root = dataset(tmp_path / name)
        add(root, "sub-01_voi-acc", sidecar={})
        add(root, "sub-01_voi-acc", "mrsref")
    return tmp_path


@pytest.mark.parametrize("door", DOORS, ids=lambda door: door.page)
def test_commands_of_the_page_run(door: Door, files: Path, service: str) -> None:
    text = (PAGES / door.page).read_text(encoding="utf-8").replace("    $ mrsquant", "    mrsquant")
    found = [command.strip() for command in commands(text) if not re.search(door.skipped, command.strip())]
    assert len(found) == door.runs
    for command in found:
        words = [SERVICE.sub(service, word) for word in command.split()[1:]]
        if "ANALYSIS" in words:
            words[words.index("ANALYSIS")] = _analysed(service, files)
        done = subprocess.run(
            [PROGRAM, *words, *door.more],
            cwd=files, capture_output=True, text=True, timeout=300, check=False,
        )  # fmt: skip
        assert done.returncode in (0, 2), (command, done.stderr)

    for name in door.leaves:
        assert (files / name).is_file(), name


def test_addresses_of_exports_and_records_answer(files: Path, service: str) -> None:
    """The ``curl`` lines of both pages."""
    analysis = _analysed(service, files).rpartition("/")[2]
    pages = [(PAGES / name).read_text(encoding="utf-8") for name in ("export-to-other-programs.md", "fhir.md")]
    addresses = [found for text in pages for found in re.findall(r"curl [^\n]*?\"?(http://[^\s\"]+)", text)]
    assert len(addresses) == 3
    for address in addresses:
        asked = SERVICE.sub(service, address.replace("\\", "")).replace("/ID/", f"/{analysis}/")
        assert httpx2.get(asked, timeout=60).is_success, asked


def _analysed(service: str, files: Path) -> str:
    with (files / "acc.nii.gz").open("rb") as scan, (files / "acc_ref.nii.gz").open("rb") as water:
        answer = httpx2.post(
            f"{service}/v1/analyses",
            files={"metabolite": ("acc.nii.gz", scan), "water_reference": ("acc_ref.nii.gz", water)},
            data={"request": '{"region": "ACC"}'},
            headers={"Prefer": "wait=60"},
            timeout=120,
        )
    assert answer.status_code == 200, answer.text
    return f"{service}/v1/analyses/{answer.json()['id']}"
