"""The documentation says what the code does: every setting, problem, option, format and decision has its place."""

from __future__ import annotations

import re
import runpy
from pathlib import Path

import pytest

import fitting
from fitting.io import READERS
from service.errors import BY_CODE
from service.settings import Settings

ROOT = Path(__file__).parents[2]
DOCS = ROOT / "docs"
GENERATOR = runpy.run_path(str(DOCS / "generate.py"))
DECISIONS = sorted((DOCS / "decisions").glob("*.md"))
SECTIONS = ["Context", "Decision", "Consequences", "Alternatives", "Enforced by"]


@pytest.mark.parametrize("name", GENERATOR["TABLES"])
def test_generated_tables_are_current(name: str) -> None:
    """What stands between the markers is what the code says now; ``make docs`` writes it."""
    path, is_now, should_be = GENERATOR["rewritten"](name)

    assert is_now == should_be, f"run make docs for {path.name}"


@pytest.mark.parametrize("name", Settings.model_fields)
def test_every_setting_is_explained(name: str) -> None:
    """Each environment variable has a row with words in it, not only a name."""
    row = next(line for line in (DOCS / "settings.md").read_text().splitlines() if f"`MRSQUANT_{name.upper()}`" in line)

    assert len(row.split("|")[3].split()) >= 4


@pytest.mark.parametrize("code", BY_CODE)
def test_every_problem_is_explained(code: str) -> None:
    """Each problem has a heading that its ``type`` address can point to, a title and a sentence."""
    section = re.search(rf"^### `{code}`\n\n(.+?)(?=\n### |\n<!--)", (DOCS / "problems.md").read_text(), re.M | re.S)

    assert section is not None
    assert BY_CODE[code].title in section[1]


def test_the_codes_of_the_command_line_are_explained() -> None:
    """Codes that the command makes itself are in its table, or are problems of the API too."""
    sources = "".join(path.read_text() for path in (ROOT / "service" / "cli").glob("*.py"))
    made = set(re.findall(r'ExitCode\.\w+,\s*"([a-z-]+)"', sources)) | {"usage", "internal-error", "worker-crashed"}
    client = "".join(path.read_text() for path in (ROOT / "service" / "client").glob("*.py"))
    made |= set(re.findall(r'(?:Unreachable|ServiceFailed)\("([a-z-]+)"', client))
    table = set(re.findall(r"^\| `([a-z-]+)` \|", (DOCS / "command-line.md").read_text(), re.M))

    assert {"interrupted", "server-unreachable", "server-failed"} <= made
    assert made <= table | set(BY_CODE)


def test_every_format_is_in_the_readme() -> None:
    """README lists every supported format."""
    readme = " ".join((ROOT / "README.md").read_text().split())

    assert READERS
    assert all(f"{reader.title} (`{reader.name}`)" in readme for reader in READERS)


@pytest.mark.parametrize("page", [*DOCS.rglob("*.md"), *ROOT.glob("*.md")], ids=lambda page: page.name)
def test_links_lead_somewhere(page: Path) -> None:
    """No page points to a file that is not there."""
    targets = re.findall(r"\]\((?!https?:|#|mailto:)([^)#]+)", page.read_text())

    assert [target for target in targets if not (page.parent / target).exists()] == []


def test_the_evidence_against_every_threat_exists() -> None:
    """Each row of the threat model names tests or targets that are there."""
    threats = (DOCS / "threat-model.md").read_text().partition("## Attacks tried")[0]
    rows = [line.split("|") for line in threats.splitlines() if line.startswith("| ")]
    tests = "".join(path.read_text() for path in (ROOT / "tests").rglob("test_*.py"))
    targets = (ROOT / "Makefile").read_text()

    assert len(rows) > 10
    for row in rows[1:]:
        named = re.findall(r"`(.+?)`", row[3]) if not row[1].startswith(" ---") else ["make test"]
        assert named, row[1]
        for name in named:
            is_target = name.startswith("make ") and f"\n{name.removeprefix('make ')}: " in targets
            assert is_target or (ROOT / name).exists() or f"def {name}(" in tests, name


@pytest.mark.parametrize("page", DECISIONS, ids=lambda page: page.stem)
def test_decisions_have_the_same_sections(page: Path) -> None:
    """A decision says why, what follows, what else was possible, and what enforces it."""
    assert re.findall(r"^## (.*)$", page.read_text(), re.M) == SECTIONS


def test_decisions_are_numbered_without_gaps() -> None:
    """0001, 0002, …: none is missing and none stands twice."""
    numbers = [int(page.name[:4]) for page in DECISIONS]

    assert numbers == list(range(1, len(numbers) + 1))
    assert numbers


@pytest.mark.parametrize("place", ["fitting/data/spin_systems", "fitting/io", "fitting/data/norms", "service/api"])
def test_the_one_place_of_a_change_exists(place: str) -> None:
    """Every folder that CONTRIBUTING names exists."""
    assert (ROOT / place).is_dir()
    assert f"`{place}/`" in (ROOT / "CONTRIBUTING.md").read_text()


def test_nothing_committed_names_an_index_address() -> None:
    """The lock holds versions only: where packages come from is the machine's business."""
    lines = (ROOT / "constraints.txt").read_text().splitlines()

    assert all(re.fullmatch(r"#.*|[A-Za-z0-9._-]+==[A-Za-z0-9.+!]+", line) for line in lines)


def test_python_reference_has_every_public_name() -> None:
    """Each name of ``fitting.__all__`` has its entry, and there is no other."""
    page = (DOCS / "python.md").read_text()

    assert set(re.findall(r"auto(?:class|function):: fitting\.(\w+)", page)) == set(fitting.__all__) - {
        "__version__",
        "errors",
    }


def test_every_page_is_in_a_list_of_the_site() -> None:
    """No setting of the generator hides a page that no list names, or any other warning."""
    assert "suppress_warnings" not in (DOCS / "conf.py").read_text()
