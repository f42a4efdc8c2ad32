"""No number of the engine changes without an entry under "Changes that alter results" in the changelog."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests import golden

KEPT_ID, KEPT = golden.kept_numbers()
TOLD = f"- Something moves by 3 %. {golden.NEXT}"
LOG = f"""# Changelog

## [Unreleased]

### Added

- A. [golden abc]

{golden.HEADING}

{{}}

## [0.1.0]

- B.
"""


@pytest.mark.parametrize("name", golden.cases())
def test_numbers_are_the_golden_ones(name: str, tmp_path: Path) -> None:
    """Every number and decision of the answer; who means to change one writes the entry and runs ``make golden``."""
    changed = golden.differences(KEPT[name], golden.numbers_of(golden.cases()[name], tmp_path))

    assert not changed, "changelog entry, then `make golden`:\n" + "\n".join(changed[:20])


def test_the_changelog_names_the_golden_numbers() -> None:
    """The file was not written by hand, and the section users read names it."""
    assert golden.digest(KEPT) == KEPT_ID
    assert f"[golden {KEPT_ID}]" in golden.entries(golden.CHANGELOG.read_text())


@pytest.mark.parametrize("path", ["metabolites/tNAA/ratio_tcr/value", "metabolites/tNAA/amplitude_sd", "quality/snr"])
def test_a_small_change_is_seen(path: str) -> None:
    """Ten parts in a million, and an answer that is there or not, are changes; a rounding error is none."""
    numbers = KEPT["example with water"]
    value = float(numbers[path] or 0)
    largest = max(abs(float(v or 0)) for p, v in numbers.items() if p.endswith(path[path.rindex("/") :]))

    assert golden.differences(numbers, {**numbers, path: value + 1e-5 * largest})
    assert golden.differences(numbers, {**numbers, path: None})
    assert golden.differences(numbers, {name: v for name, v in numbers.items() if name != path})
    assert not golden.differences(numbers, {**numbers, path: value * (1 + 1e-9)})


def test_field_without_a_value_counts_as_unchanged() -> None:
    """Who adds a number that this spectrum does not have changes no result of users; a value is one."""
    numbers = KEPT["example with water"]

    assert not golden.differences(numbers, {**numbers, "quality/new": None})
    assert golden.differences(numbers, {**numbers, "quality/new": 1.0})


@pytest.fixture
def own(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A changelog and a file of this test, for numbers that the engine does not give."""
    changelog = tmp_path / "CHANGELOG.md"
    monkeypatch.setattr(golden, "CHANGELOG", changelog)
    monkeypatch.setattr(golden, "KEPT", tmp_path / "golden.json")
    monkeypatch.setattr(golden, "computed", lambda: {"case": {"quality/snr": 30.0}})
    return changelog


@pytest.mark.parametrize("entry", ["- None.", f"- One. {golden.NEXT}\n- Two. {golden.NEXT}"])
def test_nothing_is_written_without_an_entry(own: Path, entry: str, capsys: pytest.CaptureFixture[str]) -> None:
    """The command says what changed, and what to write; exactly one entry takes the digest."""
    own.write_text(LOG.format(entry))

    assert golden.main() == 1
    assert not golden.KEPT.exists()
    assert "quality/snr: absent -> 30.0" in capsys.readouterr().err


def test_an_entry_takes_the_digest(own: Path) -> None:
    """After it the file and the changelog agree, and running the command again changes nothing."""
    own.write_text(LOG.format(TOLD))

    assert golden.main() == 0
    kept, numbers = golden.kept_numbers()
    assert numbers == {"case": {"quality/snr": 30.0}}
    assert f"3 %. [golden {kept}]" in golden.entries(own.read_text())
    written = own.read_text()
    assert golden.main() == 0
    assert own.read_text() == written


def test_only_that_section_counts() -> None:
    """An id among other entries is not an entry under that heading."""
    assert "golden abc" not in golden.entries(LOG.format(TOLD))
    assert "B." not in golden.entries(LOG.format(TOLD))
