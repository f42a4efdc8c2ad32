"""The image without a container engine: the Dockerfile is linted, and what its steps build is built and used."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
import sysconfig
import zipfile
from pathlib import Path

import pytest

from service.routes import openapi_yaml

ROOT = Path(__file__).parents[2]
BIN = Path(sys.executable).parent


def run(*command: str | Path, cwd: Path, **environment: str) -> str:
    """Run a step with an environment that cannot see the repository; its output is shown when it fails."""
    inherited = {name: value for name, value in os.environ.items() if not name.startswith(("PYTHON", "VIRTUAL_ENV"))}
    answer = subprocess.run(
        [str(part) for part in command],
        cwd=cwd,
        env=inherited | environment,
        capture_output=True,
        text=True,
        check=False,
    )
    assert answer.returncode == 0, answer.stdout + answer.stderr
    return answer.stdout


@pytest.fixture(scope="module")
def build_context(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder holding exactly what ``.dockerignore`` lets into the build."""
    allowed = [line[1:] for line in (ROOT / ".dockerignore").read_text().splitlines() if line.startswith("!")]
    context = tmp_path_factory.mktemp("context")
    archive = context / "context.tar"
    run("tar", "--exclude=__pycache__", "--exclude=service/pages/documentation", "-cf", archive, *allowed, cwd=ROOT)
    run("tar", "-xf", archive, cwd=context)
    archive.unlink()
    return context


@pytest.fixture(scope="module")
def site(build_context: Path) -> Path:
    """The documentation site, by the step of the Dockerfile, where the next stage copies it."""
    dockerfile = (ROOT / "Dockerfile").read_text()
    (step,) = re.findall(r"^RUN (/opt/site/bin/sphinx-build .*\\\n.*)$", dockerfile, re.MULTILINE)
    environment = {"PYTHONPATH": str(build_context), "PYTHONDONTWRITEBYTECODE": "1", "OMP_NUM_THREADS": "1"}
    run("sh", "-c", step.replace("/opt/site/bin", str(BIN)), cwd=build_context, **environment)
    target = build_context / "service" / "pages" / "documentation"
    return Path(shutil.copytree(build_context / "build" / "site", target))


@pytest.fixture(scope="module")
def wheel(build_context: Path, site: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The wheel built from the context alone, offline, with the build backend of this environment."""
    assert site.is_relative_to(build_context)
    folder = tmp_path_factory.mktemp("dist")
    run(BIN / "python", "-m", "build", "--wheel", "--no-isolation", "--outdir", folder, build_context, cwd=folder)
    (built,) = folder.glob("mrsquant-*.whl")
    return built


def test_the_dockerfile_is_clean() -> None:
    """hadolint has nothing to say, not even in style."""
    run(BIN / "hadolint", "--failure-threshold", "style", ROOT / "Dockerfile", cwd=ROOT)


def test_the_wheel_of_the_image_has_the_documentation_site(wheel: Path, site: Path) -> None:
    """Every page that the first stage builds, and the index of its search."""
    pages = {f"service/pages/documentation/{file.relative_to(site)}" for file in site.rglob("*") if file.is_file()}

    assert {"index.html", "search.html", "searchindex.js"} <= {Path(page).name for page in pages}
    assert pages <= set(zipfile.ZipFile(wheel).namelist())


def test_stages_hand_on_what_they_built() -> None:
    """The site goes to where the service looks for it, before the wheel is built."""
    text = (ROOT / "Dockerfile").read_text()

    assert text.index("COPY --from=site /src/build/site service/pages/documentation\n") < text.index("pip wheel")
    assert re.findall(r"^FROM \S+ AS (\w+)$", text, re.MULTILINE) == ["site", "build"]
    assert "COPY --from=build /opt/mrsquant /opt/mrsquant\n" in text


def test_every_copied_path_is_in_the_build_context(build_context: Path) -> None:
    """A COPY of a path that ``.dockerignore`` keeps out fails only at build time; so it is checked here."""
    copies = re.findall(r"^COPY (?!--from)(.*) \S+$", (ROOT / "Dockerfile").read_text(), re.MULTILINE)
    assert copies
    for source in " ".join(copies).split():
        assert (build_context / source).exists(), source


def test_the_image_runs_without_root_and_answers_its_health_check() -> None:
    """The last USER is a number that is not root, and the health check asks the path that the service serves."""
    text = (ROOT / "Dockerfile").read_text()
    (health,) = re.findall(r"^HEALTHCHECK.*\\\n.*$", text, re.MULTILINE)

    assert re.findall(r"^USER (.*)$", text, re.MULTILINE)[-1] == "10001"
    assert "/healthz" in health
    assert "curl" not in health  # the image has none


def test_the_wheel_holds_the_code_and_its_data(wheel: Path) -> None:
    """Every file below both packages is in the wheel: code, knowledge, templates, texts; nothing else is."""
    tracked = run("git", "ls-files", "fitting", "service", cwd=ROOT).split()
    packed = set(zipfile.ZipFile(wheel).namelist())

    assert tracked
    assert [name for name in tracked if (ROOT / name).exists() and name not in packed] == []
    assert {name.split("/")[0] for name in packed} <= {
        "fitting",
        "service",
        wheel.name.rsplit("-", 3)[0] + ".dist-info",
    }


def test_the_installed_wheel_works_away_from_the_repository(wheel: Path, tmp_path: Path) -> None:
    """Installed into a fresh environment, the command writes the API's description and lists its commands.

    The dependencies are those of this environment, so that the step needs no network.
    """
    run(sys.executable, "-m", "venv", "--without-pip", tmp_path / "venv", cwd=tmp_path)
    python = tmp_path / "venv" / "bin" / "python"
    (site,) = (tmp_path / "venv" / "lib").glob("python*/site-packages")
    pip = (BIN / "python", "-m", "pip", "--python", python, "--disable-pip-version-check")
    run(*pip, "install", "--no-deps", "--no-index", "--no-compile", wheel, cwd=tmp_path)
    # read as a path only: the editable install of this environment does not come along
    (site / "dependencies.pth").write_text(sysconfig.get_path("purelib") + "\n")

    where = run(python, "-c", "import fitting, service; print(fitting.__file__, service.__file__)", cwd=tmp_path)
    assert all(Path(path).is_relative_to(tmp_path) for path in where.split())
    run(tmp_path / "venv" / "bin" / "mrsquant", "openapi", cwd=tmp_path)
    assert (tmp_path / "openapi.yaml").read_text() == openapi_yaml()
