"""Every field of an answer is described, and every key of a plan is in the table of the documentation."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from fitting.cohort.analyses.registry import ANALYSES
from fitting.cohort.answer_fields import answer_fields
from fitting.cohort.planning.plan import preset_names
from fitting.cohort.presets import preset_plan
from tests.data.cohorts import PLAN, Tables, cohort

LISTS = ("flow", "groups", "quality", "hypotheses", *(analysis.answer for analysis in ANALYSES))
EVERYTHING = (
    PLAN.replace("[levels]", 'hypotheses = [{ region = "M1", metabolite = "tNAA" }]\n[levels]\nsession = "a"')
    + """
[associations]
metabolites = ["tNAA"]
measures = ["bdi"]
slopes = true
[[association_differences]]
kind = "groups"
measure = "bdi"
metabolite = "tNAA"
[[association_differences]]
kind = "measures"
measures = ["bdi", "pain_vas"]
metabolite = "tNAA"
[[network]]
name = "each"
each = "region"
[laterality]
[decomposition]
[[factorial]]
metabolite = "tNAA"
[treatment]
before = "a"
after = "b"
untreated = "sham"
measure_before = "bdi"
measure_after = "pain_vas"
responder_percent = 30
[[classification]]
name = "c"
features = "metabolites"
show_unblinded_selection = true
[context]
"""
)


@pytest.fixture(scope="module")
def answer():
    tables = cohort(48, 3, (("M1", "left"), ("M1", "right")), ("tNAA", "tCr", "mI"), {"tNAA": -0.12})
    rows = [
        {**row, "session": session, "value": f"{float(row['value']) * (1 + 0.002 * index % 0.05):.5f}"}
        for session in ("a", "b")
        for index, row in enumerate(tables.measurements)
    ]
    arms = [
        {**row, "arm": "n/a" if row["group"] == "control" else ("treatment" if number % 4 == 1 else "sham")}
        for number, row in enumerate(tables.participants)
    ]
    return Tables(tuple(arms), tuple(rows)).answer(EVERYTHING)


def test_every_analysis_answers(answer) -> None:
    """The one plan reaches all of them, and none is refused whole."""
    for analysis in ANALYSES:
        if analysis.answer != "context":
            assert any("refused" not in item for item in answer[analysis.answer]), analysis.answer


def test_every_field_is_described(answer) -> None:
    """A field that is not in the list of fields fails; so does one whose text is no sentence."""
    found = {name for section in LISTS for item in answer[section] for name in item}
    found |= {name for network in answer["networks"] for edge in network.get("edges", ()) for name in edge}
    effects = {
        name for item in answer["factorial"] for name, value in item.items() if isinstance(value, dict) and "F" in value
    }

    assert found - effects - set(answer_fields()) == set()
    assert all(field.text.endswith(".") for field in answer_fields().values())


def test_documentation_has_every_section_and_key() -> None:
    """docs/cohorts.md lists the keys of the plan as the code has them."""
    page = Path(__file__).parents[3].joinpath("docs", "cohorts.md").read_text()

    for analysis in ANALYSES:
        for key in analysis.section.settings.__dataclass_fields__:
            assert f"| `{key}` |" in page, (analysis.section.key, key)
    for name in preset_names():
        assert name in page


@pytest.mark.parametrize("name", preset_names())
def test_documentation_explains_the_preset_with_its_source(name: str) -> None:
    """What the study did is told under the preset's name, with every DOI that the plan names of it."""
    page = Path(__file__).parents[3].joinpath("docs", "cohorts.md").read_text()
    told = next(part for part in page.split("\n\n") if part.startswith(f"**`{name}`**"))
    own = preset_plan(name).text.splitlines()[:2]

    for doi in re.findall(r"doi:(10\.[^\s,]+[^\s,.])", "\n".join(own)):
        assert f"[doi:{doi}]" in told
    assert "The preset" in " ".join(told.split())


@pytest.mark.parametrize("name", preset_names())
def test_preset_is_a_plan_with_a_title(name: str) -> None:
    """Every shipped plan is read by the strict reader, and says after which study it is."""
    plan = preset_plan(name)

    assert "(after " in plan.common.title
    assert plan.preset == name
    assert "seed only" not in plan.text
