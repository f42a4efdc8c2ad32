"""Clients that generators make of ``openapi.yaml`` submit a file, wait for its result and fetch its report."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.acceptance.conftest import EXAMPLE, ROOT, WATER, Room

TOOLS = ROOT / "build" / "clients"
PYTHON = TOOLS / "bin" / "python"
NODE = TOOLS / "node_modules" / ".bin"
HERE = Path(__file__).parent
needs_python = pytest.mark.skipif(not PYTHON.exists(), reason="no generators; make clients installs them")
needs_node = pytest.mark.skipif(not (NODE / "redocly").exists(), reason="no generators of Node.js; make clients")


@pytest.fixture(scope="module")
def url(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    room = Room(tmp_path_factory.mktemp("room"))
    room.start()
    yield room.address
    room.stop()


def ran(*command: str | Path, cwd: Path) -> str:
    """What a command says; its words are those of the failure when it fails."""
    environment = {**os.environ, "PATH": f"{Path(sys.executable).parent}:{os.environ['PATH']}", "NO_COLOR": "1"}
    answer = subprocess.run(
        [str(part) for part in command], cwd=cwd, env=environment, capture_output=True, text=True, check=False
    )
    assert answer.returncode == 0, answer.stdout + answer.stderr
    return answer.stdout + answer.stderr


@needs_python
def test_openapi_python_client_submits_polls_and_fetches(url: str, tmp_path: Path) -> None:
    """It leaves no part of the description out, and its files arrive as files."""
    said = ran(
        TOOLS / "bin" / "openapi-python-client", "generate", "--path", ROOT / "openapi.yaml",
        "--output-path", tmp_path / "client", cwd=tmp_path,
    )  # fmt: skip
    shutil.copy(HERE / "with_openapi_python_client.py", tmp_path / "client")
    answer = ran(PYTHON, tmp_path / "client" / "with_openapi_python_client.py", url, EXAMPLE, WATER, cwd=tmp_path)

    assert "may be missing" not in said
    assert answer.split() == ["succeeded", "ACC", "NAA", "True"]


@needs_python
def test_datamodel_codegen_reads_every_answer(url: str, tmp_path: Path) -> None:
    """Its models write the request and read the answers."""
    ran(
        TOOLS / "bin" / "datamodel-codegen", "--input", ROOT / "openapi.yaml", "--input-file-type", "openapi",
        "--output", tmp_path / "models.py", "--output-model-type", "pydantic_v2.BaseModel",
        "--target-python-version", "3.11", cwd=tmp_path,
    )  # fmt: skip
    shutil.copy(HERE / "with_datamodel_codegen.py", tmp_path)
    answer = ran(PYTHON, tmp_path / "with_datamodel_codegen.py", url, EXAMPLE, WATER, cwd=tmp_path)

    assert answer.split() == ["succeeded", "ACC", "NAA", "True"]


@needs_node
def test_openapi_typescript_submits_polls_and_fetches(url: str, tmp_path: Path) -> None:
    """Its types compile strictly, and a client of them reads the result."""
    (tmp_path / "node_modules").symlink_to(TOOLS / "node_modules")
    (tmp_path / "package.json").write_text('{"type": "module"}')
    shutil.copy(HERE / "with_openapi_typescript.ts", tmp_path / "client.ts")
    # by default it requires every field that has a default value, in requests too
    ran(
        NODE / "openapi-typescript", ROOT / "openapi.yaml", "-o", "api.d.ts", "--default-non-nullable=false",
        cwd=tmp_path,
    )  # fmt: skip
    ran(
        NODE / "tsc", "--strict", "--target", "es2022", "--module", "es2022", "--moduleResolution", "bundler",
        "--types", "node", "client.ts", cwd=tmp_path,
    )  # fmt: skip
    answer = ran("node", "client.js", url, EXAMPLE, WATER, cwd=tmp_path)

    assert answer.split() == ["succeeded", "ACC", "NAA", "True"]


@needs_node
def test_redocly_finds_nothing() -> None:
    """The description passes Redocly's recommended rules without an error or a warning."""
    said = ran(NODE / "redocly", "lint", "--config", HERE / "redocly.yaml", ROOT / "openapi.yaml", cwd=ROOT)

    assert "Your API description is valid" in said
    assert "warning" not in said.lower().replace("deprecation warning", "")
