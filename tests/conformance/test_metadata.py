"""What says who made this, under which licence and in which version, says the same everywhere."""

from __future__ import annotations

import json
import tomllib
from pathlib import Path

import yaml

from fitting.version import __version__

ROOT = Path(__file__).parents[2]
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
CITATION = yaml.safe_load((ROOT / "CITATION.cff").read_text())
CODEMETA = json.loads((ROOT / "codemeta.json").read_text())


def test_version_is_that_of_the_program():
    """A release that forgets one of the files fails here."""
    assert __version__ == CITATION["version"]
    assert __version__ == CODEMETA["version"]


def test_licence_and_authors_agree():
    """SPDX identifiers; the licence text is in the distribution."""
    assert PROJECT["license"] == CITATION["license"] == CODEMETA["license"].rpartition("/")[2] == "MIT"
    assert PROJECT["license-files"] == ["LICENSE"]
    assert [author["name"] for author in PROJECT["authors"]] == [author["name"] for author in CITATION["authors"]]
    assert [author["name"] for author in CODEMETA["author"]] == [author["name"] for author in CITATION["authors"]]


def test_citation_has_what_its_format_requires():
    """Citation File Format 1.2.0: version of the format, message, title, authors."""
    assert {"cff-version", "message", "title", "authors"} <= set(CITATION)
    assert CODEMETA["description"] == PROJECT["description"]
