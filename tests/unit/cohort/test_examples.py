"""The shared examples, where they are present: every figure to its tolerance."""

from __future__ import annotations

import json
import shlex
from pathlib import Path

import pytest

from service.cli.app import run
from tests.conftest import shared_folder

FOLDER = (shared_folder() or Path("absent")) / "cohort" / "examples"
QUICK = (
    "absolute",
    "censored",
    "context",
    "factorial",
    "laterality",
    "network",
    "perception",
    "site_confounded",
    "treatment",
)


def find(answer, section, where):
    """The item of a section, or of a list inside its items, that agrees with everything named."""
    head, _, inner = section.partition(".")
    items = answer.get(head, [])
    if inner:
        items = [{**part, "name": outer["name"]} for outer in items for part in outer.get(inner, [])]
    hits = [item for item in items if all(_same(item.get(key), value) for key, value in where.items())]
    assert len(hits) == 1, f"{section} {where}: {len(hits)} items"
    return hits[0]


def _same(left, right):
    if isinstance(left, list) and isinstance(right, list):
        return sorted(left, key=str) == sorted(right, key=str)
    return left == right


@pytest.mark.parametrize("name", QUICK)
def test_example_holds_every_figure(name: str, capfdbinary, monkeypatch) -> None:
    """Figures that R, statsmodels and others made are met."""
    if not FOLDER.is_dir():
        pytest.skip("no shared examples on this machine")
    expected = json.loads((FOLDER / name / "expected.json").read_text())
    monkeypatch.chdir(FOLDER / name)

    assert run(shlex.split(expected["command"])[1:]) == 0

    answer = json.loads(capfdbinary.readouterr().out)
    for check in expected["checks"]:
        value = find(answer, check["section"], check["where"])
        for key in check["field"].split("."):
            value = value[key]
        if "low" in check:
            assert check["low"] <= value <= check["high"], check
        elif isinstance(check["value"], bool | str):
            assert value == check["value"], check
        else:
            assert abs(value - check["value"]) <= check["tol"], check
    for refusal in expected["refusals"]:
        assert find(answer, refusal["section"], refusal["where"])["refused"]["code"] == refusal["code"]
    assert set(expected["cautions"]) <= {caution["code"] for caution in answer["cautions"]}
