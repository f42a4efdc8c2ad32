"""How the code is laid out, in numbers: ``python -m tests.measure.house`` prints the table of docs/architecture.md.

Files that a change touches are counted by making the change: ``--change PATCH`` applies a patch to a copy of the last
commit, writes the generated pages there and counts what differs.
"""

from __future__ import annotations

import argparse
import ast
import subprocess
import sys
import tempfile
import tomllib
from collections import Counter
from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path
from unittest import mock

import fitting
from fitting.fid import Fid

ROOT = Path(__file__).parents[2]


def is_generated(name: str) -> bool:
    """Whether ``make openapi docs`` writes this file or a table of it."""
    path = ROOT / name
    has_tables = path.suffix == ".md" and path.is_file() and "<!-- generated: " in path.read_text(encoding="utf-8")
    return has_tables or name == "openapi.yaml"


def sources(package: str) -> list[Path]:
    """Python files of a package, without the downloads of the documentation site that may have been built into it."""
    return [path for path in sorted((ROOT / package).rglob("*.py")) if "documentation" not in path.parts]


def functions(package: str) -> Iterator[tuple[Path, ast.FunctionDef | ast.AsyncFunctionDef]]:
    """Every function of a package, with its file."""
    for path in sources(package):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
                yield path, node


def axes_as_floats() -> list[str]:
    """Functions of ``fitting`` that take dwell time and spectrometer frequency side by side instead of a ``Fid``."""
    found = []
    for path, node in functions("fitting"):
        names = [item.arg for item in (*node.args.posonlyargs, *node.args.args, *node.args.kwonlyargs)]
        if any({first, second} == {"dwell_time", "spectrometer_frequency"} for first, second in pairwise(names)):
            found.append(f"{path.relative_to(ROOT)}:{node.lineno} {node.name}")
    return found


def noise_searches() -> int:
    """How often the noise is estimated in the analysis of the shipped example with its water reference."""
    count = 0
    estimate = Fid._estimated_noise

    def counted(fid: Fid) -> float:
        nonlocal count
        count += 1
        return estimate(fid)

    examples = ROOT / "examples"
    job = fitting.Job.from_files(
        examples / "acc_press30.nii.gz", water_reference=examples / "acc_press30_water.nii.gz", region="ACC"
    )
    with mock.patch.object(Fid, "_estimated_noise", counted):
        fitting.analyse(job)
    return count


def doors() -> list[str]:
    """Packages and modules at the top of ``fitting``."""
    return sorted(
        path.name
        for path in (ROOT / "fitting").iterdir()
        if path.name not in ("__init__.py", "__pycache__", "py.typed", "data")
    )


def classes_of_one_name() -> list[str]:
    """Names that two public classes of the product share."""
    names = Counter(
        node.name
        for package in ("fitting", "service")
        for path in sources(package)
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if isinstance(node, ast.ClassDef) and not node.name.startswith("_")
    )
    return sorted(name for name, count in names.items() if count > 1)


def lines(package: str) -> int:
    """Lines of the Python files of a package."""
    return sum(len(path.read_text(encoding="utf-8").splitlines()) for path in sources(package))


def layers(package: str) -> list[str]:
    """Layers in the contract on the direction of imports in a package; independent siblings share one."""
    contracts = tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["importlinter"]["contracts"]
    listed: list[str] = next(item["layers"] for item in contracts if item.get("containers") == [package])
    return listed


def touched(patch: Path) -> tuple[list[str], list[str]]:
    """Files that a change touches, written and generated ones, in a copy of the last commit."""
    with tempfile.TemporaryDirectory() as folder:
        copy = Path(folder) / "copy"
        _run("git", "worktree", "add", "--detach", "--quiet", str(copy), "HEAD", at=ROOT)
        try:
            _run("git", "apply", str(patch.resolve()), at=copy)
            _run(sys.executable, "-c", "from service.cli import main; main()", "openapi", "-o", "openapi.yaml", at=copy)
            _run(sys.executable, "docs/generate.py", at=copy)
            _run("git", "add", "--all", at=copy)
            names = _run("git", "diff", "--cached", "--name-only", at=copy).split()
        finally:
            _run("git", "worktree", "remove", "--force", str(copy), at=ROOT)
    return [name for name in names if not is_generated(name)], [name for name in names if is_generated(name)]


def _run(*command: str, at: Path) -> str:
    environment = {"PYTHONPATH": str(at), "PATH": "/usr/bin:/bin"}
    return subprocess.run(command, cwd=at, env=environment, capture_output=True, text=True, check=True).stdout


def main() -> None:
    """Print the numbers, or what a change touches."""
    parser = argparse.ArgumentParser(prog="python -m tests.measure.house", description=__doc__)
    parser.add_argument("--change", type=Path, metavar="PATCH", help="count the files that this patch touches")
    patch = parser.parse_args().change
    if patch is not None:
        written, generated = touched(patch)
        sys.stdout.write(
            f"{len(written)} files: {', '.join(written)}\n{len(generated)} generated: {', '.join(generated)}\n"
        )
        return
    found, shared = axes_as_floats(), classes_of_one_name()
    rows = {
        "signatures with dwell_time, spectrometer_frequency side by side": f"{len(found)} {'; '.join(found)}".strip(),
        "noise estimates in one analysis": str(noise_searches()),
        "names of two classes": " ".join((str(len(shared)), *shared)),
        "doors of fitting": f"{len(doors())}: {', '.join(doors())}",
        "layers of fitting": f"{len(layers('fitting'))}: {', '.join(layers('fitting'))}",
        "layers of service": f"{len(layers('service'))}: {', '.join(layers('service'))}",
        "lines of fitting and service": str(lines("fitting") + lines("service")),
    }
    for name, value in rows.items():
        sys.stdout.write(f"{name:<64}{value}\n")


if __name__ == "__main__":
    main()
