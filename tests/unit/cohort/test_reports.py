"""Reports of a cohort: values land in their cells, nobody can be identified, every figure has words."""

from __future__ import annotations

import csv
import io
import json
import re
from datetime import UTC, datetime
from pathlib import Path

import pytest

from service.cli.app import run
from service.reports.cohort import html, pdf, statements, text
from service.reports.cohort.figures import figures
from tests.data.cohorts import PLAN, cohort, item, write

FULL = (
    PLAN.replace(
        "[levels]",
        """exclude = ["participant_id == 'sub-003'  # moved"]
hypotheses = [{ region = "M1", metabolite = "tNAA", direction = "lower" }]
[levels]""",
    )
    + """
[associations]
metabolites = ["tNAA"]
measures = ["bdi"]
[[network]]
name = "each"
each = "region"
[laterality]
[decomposition]
[[factorial]]
metabolite = "tNAA"
"""
)


@pytest.fixture(scope="module")
def answer():
    return cohort(30, 3, (("M1", "left"), ("M1", "right")), ("tNAA", "tCr", "mI"), {"tNAA": -0.12}).answer(FULL)


def test_html_and_figures_contain_no_identifiers(answer) -> None:
    """No pseudonym is in the page, neither from influence nor from a rule of the plan."""
    page = html.render(answer).decode()

    assert "sub-" not in page
    assert "sub-0" in json.dumps(answer)
    assert not re.search(r"https?://(?!www\.w3\.org)", page)
    assert "<script" not in page


def test_every_figure_has_a_text_alternative(answer) -> None:
    """Numbers of each figure are in words, and no figure is empty."""
    found = figures(answer)

    assert {figure.part for figure in found} == {
        "flow",
        "levels",
        "influence",
        "associations",
        "networks",
        "laterality",
    }
    for figure in found:
        assert figure.alternative
        assert "aria-label=" in figure.svg
        assert "nan" not in figure.svg


def test_pdf_is_made(answer) -> None:
    """A tagged PDF with the same words."""
    pytest.importorskip("typst")
    pypdf = pytest.importorskip("pypdf")

    document = pypdf.PdfReader(io.BytesIO(pdf.render(answer, computed=datetime(2026, 1, 2, 3, 4, tzinfo=UTC))))

    words = " ".join(page.extract_text() for page in document.pages)
    assert "Research use only" in words
    assert "Computed 2026-01-02 03:04 UTC" in words
    assert "sub-" not in words


def test_statement_holds_the_values_of_its_item(answer) -> None:
    """Estimate, interval, p, q and effect of a level stand in their columns."""
    rows = list(csv.DictReader(io.StringIO(statements.write(answer))))
    where = {"region": "M1", "hemisphere": "right", "metabolite": "tNAA", "model": "adjusted"}
    level = item(answer, "levels", **where)
    row = item({"levels": rows}, "levels", analysis="levels", **where)

    columns = {
        "estimate": "difference", "low": "low", "high": "high", "p": "p", "q": "q",
        "effect": "g", "effect_low": "g_low", "effect_high": "g_high",
    }  # fmt: skip
    for column, field in columns.items():
        assert float(row[column]) == pytest.approx(level[field], rel=1e-6)
    assert int(row["n_reference"]) == level["n_reference"]
    assert row["verdict"] == ("shown" if level["q"] < 0.05 else "not shown")
    assert {row["analysis"] for row in rows} >= {
        "levels",
        "associations",
        "networks",
        "laterality",
        "decomposition",
        "factorial",
    }


def test_sentence_gives_percent_interval_and_family(answer) -> None:
    """A difference is said with its interval first; nothing found is never called normal."""
    levels = answer["levels"]
    found = [i for i in levels if i["model"] == "adjusted" and i["q"] < 0.05]
    nothing = [i for i in levels if i["model"] == "adjusted" and i["q"] >= 0.05]

    assert found
    assert all("lower in patient (95 % interval" in i["sentence"] for i in found)
    assert all("this says nothing about one person" in i["sentence"] for i in found)
    assert all("was shown" in i["sentence"] and "is excluded" in i["sentence"] for i in nothing)


def test_text_holds_the_hypothesis_and_the_methods(answer) -> None:
    """The terminal's text begins with what was expected and ends with what was done."""
    words = text.render(answer)

    assert "hypothesis: tNAA in the left M1 lower" in words
    assert "HC2" in words
    assert "Excluded by the plan: participant_id == a pseudonym (moved)." in words


def test_text_holds_every_reason_of_one_code(answer) -> None:
    """Two refusals of one code are two reasons; equal sentences stand once."""
    refusals = [{"refused": {"code": "too-few-people", "sentence": said}} for said in ("One.", "Two.", "One.")]
    words = text.render({**answer, "networks": refusals})

    assert "not answered (3), too-few-people: One.\n    Two.\n" in words
    assert words.count("One.") == 1


def test_commands_from_tables_to_report(tmp_path: Path, capfdbinary) -> None:
    """check, run in each format, batch and norm work on the same two tables."""
    tables = cohort()
    (tmp_path / "m.csv").write_text(write(tables.measurements, ","))
    (tmp_path / "p.tsv").write_text(write(tables.participants, "\t"))
    (tmp_path / "plan.toml").write_text(PLAN)
    (tmp_path / "manifest.csv").write_text(
        "id,measurements,participants,plan\na,m.csv,p.tsv,plan.toml\nb,p.tsv,p.tsv,plan.toml\n"
    )
    both = [str(tmp_path / "m.csv"), "--participants", str(tmp_path / "p.tsv")]

    assert run(["cohort", "check", *both]) == 0
    assert b"preset" in capfdbinary.readouterr().out
    for name in ("a.json", "a.csv", "a.html"):
        assert run(["cohort", "run", *both, "--plan", str(tmp_path / "plan.toml"), "-o", str(tmp_path / name)]) == 0
        assert (tmp_path / name).stat().st_size > 1000
    assert run(["cohort", "run", *both]) == 0
    assert (
        run(["cohort", "batch", str(tmp_path / "manifest.csv"), "-o", str(tmp_path / "o.jsonl"), "--workers", "1"]) == 0
    )
    lines = [json.loads(line) for line in (tmp_path / "o.jsonl").read_text().splitlines()]
    assert lines[0]["levels"]
    assert lines[1]["refused"]["code"] == "missing-column"
    assert run(["cohort", "norm", *both, "-o", str(tmp_path / "n.json")]) == 3
    assert b"mrsquant: missing-column: " in capfdbinary.readouterr().err


def test_norm_of_a_cohort_is_a_valid_norm(tmp_path: Path) -> None:
    """The body holds the healthy people with their values and the method they agree in."""
    facts = {"field_t": "3", "echo_time": "0.03", "sequence": "PRESS", "software": "LCModel 6.3"}
    tables = cohort().changed(lambda row: {**row, **facts})
    (tmp_path / "m.csv").write_text(write(tables.measurements, ","))
    (tmp_path / "p.tsv").write_text(write(tables.participants, "\t"))
    command = ["cohort", "norm", str(tmp_path / "m.csv"), "--participants", str(tmp_path / "p.tsv")]

    assert run([*command, "-o", str(tmp_path / "n.json"), "--name", "acc"]) == 0

    body = json.loads((tmp_path / "n.json").read_text())
    assert len(body["controls"]) == 12
    assert (body["unit"], body["region"], body["echo_time"]) == ("tCr", "ACC", 0.03)
    assert set(body["controls"][0]["values"]) == {"tNAA"}
