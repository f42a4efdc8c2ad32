"""Every ``mrsquant …`` that a page or ``compose.yaml`` tells people to type exists, with its options."""

from __future__ import annotations

import re
import shlex
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import typer.main

from service.cli.app import app

ROOT = Path(__file__).parents[2]
PAGES = [
    page
    for page in (ROOT / "compose.yaml", ROOT / "Dockerfile", *ROOT.glob("*.md"), *(ROOT / "docs").rglob("*.md"))
    if page.name != "CHANGELOG.md"  # says what earlier versions had
]
_PLACEHOLDERS = re.compile(r"[\[\]|…<>]|\.\.\.")


def commands(text: str) -> Iterator[str]:
    """What follows ``mrsquant`` to the end of the command: in code between backticks, or of a line of code."""
    yield from re.findall(r"`(mrsquant [^`\n]+)`", text)
    for line in re.sub(r"`[^`\n]*`", "", text).splitlines():
        found = re.search(r"(?:^(?: {4,}|\$ )?|&& |api |= )(?:[A-Z_]+=\S+ )*(mrsquant [a-z][^#;|&>]*)", line)
        if found:
            yield re.split(r"\s{2,}|\s\(|\\$", found[1])[0]


def test_a_wrong_one_would_be_found() -> None:
    """Both of these stood somewhere."""
    text = "#   docker compose run --rm api mrsquant keys new --name first      (once)\n    mrsquant submti FILE\n"

    assert [fault(command) for command in commands(text)] == ["--name", "submti"]


def fault(command: str) -> str | None:
    """The first word that is no command, or option that the command does not have."""
    group: Any = typer.main.get_command(app)
    words = shlex.split(_PLACEHOLDERS.sub(" ", command), posix=True)[1:]
    while words and hasattr(group, "commands") and not words[0].startswith("-"):
        if words[0] not in group.commands:
            return words[0]
        group = group.commands[words.pop(0)]
    options = {option for parameter in group.params for option in (*parameter.opts, *parameter.secondary_opts)}
    options |= {"--help", "--version"}
    named = [word.partition("=")[0] for word in words if re.match(r"--?[a-z]", word)]
    return next((name for name in named if name not in options), None)


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_commands_exist(page: Path) -> None:
    """In the words of the page."""
    wrong = [(command, fault(command)) for command in commands(page.read_text())]

    assert [found for found in wrong if found[1] is not None] == []


def test_there_are_some() -> None:
    """The search finds what stands there."""
    assert sum(len(list(commands(page.read_text()))) for page in PAGES) > 40
