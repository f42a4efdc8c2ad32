"""Files that were cut off: refused where they show it, named as doubtful where they only may have been."""

from __future__ import annotations

from dataclasses import replace

import pytest

from fitting.io import Files, read
from fitting.io.text_rows import Ending, ending_of
from fitting.request import Options, Overrides
from fitting.run import Job, analyse, inspect
from tests.conformance.reader_fixtures import jmrui, lcmodel_raw


def _raw(points: int) -> Files:
    (file,) = lcmodel_raw._plain()
    lines = file.content.splitlines(keepends=True)
    return (replace(file, content=b"".join(lines[: len(lines) - 512 + points])),)


@pytest.mark.parametrize(("points", "doubtful"), [(512, False), (400, False), (509, True), (317, True)])
def test_an_unusual_number_of_points_is_doubted(points: int, doubtful: bool) -> None:
    """A file without a number of points that ends after a whole row may still be cut; round numbers are usual."""
    recording = read(_raw(points))

    assert recording.points == points
    assert (recording.may_be_cut is not None) == doubtful


def test_the_number_of_points_in_the_header_settles_it() -> None:
    """With NUNFIL the file shows that it is whole, whatever the number."""
    (file,) = _raw(509)
    counted = file.content.replace(b" ECHOT", b" NUNFIL = 509\n ECHOT")

    assert read((replace(file, content=counted),)).may_be_cut is None


def test_binary_without_text_behind_its_signals_is_doubted() -> None:
    """How many signals a jMRUI binary file had is not said anywhere; that the text is there shows that all are."""
    (file,) = jmrui._binary()
    signals = file.content[: 512 + 2 * 256 * 16]

    assert read((file,)).may_be_cut is None
    for cut in (signals, signals[: 512 + 256 * 16], signals[: 512 + 256 * 16 + 1]):
        assert "cut off" in (read((replace(file, content=cut),)).may_be_cut or "")


def test_a_doubtful_file_is_named_before_and_after_its_analysis() -> None:
    """Who inspects is warned; who analyses gets no z-score, and the reason."""
    overrides = Overrides(dwell_time=0.0005)
    job = Job(_raw(509), options=Options(overrides=overrides))
    analysis, _ = analyse(job)

    assert any("cut off" in warning for warning in inspect(job).warnings)
    assert "file-may-be-cut" in {reason.code for reason in analysis.verdict.reasons}
    assert analysis.verdict.usable != "yes"


@pytest.mark.parametrize(
    ("rows", "ending"),
    [
        ("1.00 2.00\n1.00 2.00\n", Ending.COMPLETE),
        ("1.00 2.00\n1.00 2.00", Ending.COMPLETE),
        ("1.00 -2.00\n1.00 2.00", Ending.COMPLETE),
        ("1.00 2.00\n1.00 2.0", Ending.CUT),
        ("1.00 2.00\n1.00 ", Ending.CUT),
        ("1.00-2.00\n1.00-2", Ending.CUT),
        ("1.5 2.25\n1.123 2.1234\n3.12 2.12", Ending.UNSURE),
        ("1.0", Ending.COMPLETE),
        ("", Ending.COMPLETE),
    ],
)
def test_the_last_row_shows_a_cut(rows: str, ending: Ending) -> None:
    """A row that is shorter than all others and has no line break was cut; equal lengths show that none is."""
    assert ending_of(rows) is ending
