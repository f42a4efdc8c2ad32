"""Notes on the sequence: its source, names in free text, and the use of the request's own value."""

from __future__ import annotations

import pytest

from fitting import run
from fitting.errors import MissingParameter
from fitting.io import Files
from fitting.request import Options, Overrides
from fitting.run import Job
from fitting.run.completion import require_complete
from fitting.run.intake import Intake, take_in
from tests.conformance.reader_fixtures.nifti_mrs import with_fields
from tests.conformance.reader_fixtures.philips_sdat import named
from tests.golden import cases

SAYS_STEAM = Overrides(sequence="STEAM")
SAYS_PRESS = Overrides(sequence="PRESS")


def taken_in(files: Files, overrides: Overrides | None = None) -> Intake:
    return take_in(files, (), overrides or Overrides())


def told(intake: Intake) -> dict[str, bool]:
    """Codes of the notes, and whether each limits what may be read."""
    return {note.code: note.limits for note in intake.notes}


@pytest.mark.parametrize(
    "files", [with_fields(SequenceName="svs_se"), named("SV_PRESS_35")], ids=["sequence field", "name of a scan"]
)
def test_requested_sequence_wins_and_is_noted(files: Files) -> None:
    """The header says PRESS, the user STEAM: STEAM is used, the note limits nothing, and no doubt is raised."""
    intake = taken_in(files, SAYS_STEAM)
    (note,) = intake.notes

    assert intake.recording.acquisition.sequence == "STEAM"
    assert intake.contradictions == ()
    assert (note.code, note.limits) == ("sequence-as-requested", False)
    assert "STEAM" in note.sentence
    assert "PRESS" in note.sentence


def test_sequence_from_the_scan_name_is_noted() -> None:
    """Philips SPAR has no field for it; a user who says the same confirms it."""
    assert told(taken_in(named("SV_PRESS_35"))) == {"sequence-from-scan-name": False}
    assert told(taken_in(named("SV_PRESS_35"), SAYS_PRESS)) == {}


def test_editing_named_beside_a_known_sequence_limits_until_the_user_confirms() -> None:
    """A protocol called MEGA that ran svs_se may be edited or not: only the user knows."""
    files = with_fields(SequenceName="svs_se", ProtocolName="MEGA GABA Quillane")

    assert told(taken_in(files)) == {"editing-named": True}
    assert told(taken_in(files, SAYS_PRESS)) == {"editing-named": False}
    assert "Quillane" not in repr(taken_in(files).notes)


def test_a_study_of_gaba_is_not_taken_for_editing() -> None:
    """The metabolite's name stands for editing only beside that of a localisation."""
    assert told(taken_in(with_fields(SequenceName="svs_st", ProtocolName="GABA in autism"))) == {}
    assert told(taken_in(with_fields(SequenceName="svs_st", ProtocolName="GABA_PRESS"))) == {"editing-named": True}


@pytest.mark.parametrize(
    ("text", "asks"),
    [
        ("ACC press Quillane", "--sequence PRESS if that is so"),
        ("mega press Quillane", "'mega', which stands for spectral editing"),
        ("Depression Quillane", "supply it in the request (--sequence)."),
    ],
)
def test_missing_sequence_message_quotes_words_of_free_text(text: str, asks: str) -> None:
    """The question names the family or the word for editing, and nothing else that was typed."""
    recording = taken_in(with_fields(ProtocolName=text, EchoTime=0.03)).recording
    with pytest.raises(MissingParameter) as caught:
        require_complete(recording.acquisition, recording.free_text)

    assert asks in caught.value.detail
    assert caught.value.data["parameter"] == "sequence"
    assert "Quillane" not in caught.value.detail


def test_inspection_reports_the_notes_of_an_analysis() -> None:
    """The question where the sequence is missing, the notes where it is not."""
    asked = run.inspect(Job(with_fields(ProtocolName="ACC press", EchoTime=0.03)))
    noted = run.inspect(Job(named("SV_PRESS_35")))

    assert asked.missing == ("sequence",)
    assert any("--sequence PRESS" in warning for warning in asked.warnings)
    assert any("name of its scan" in warning for warning in noted.warnings)


def test_free_text_does_not_part_a_spectrum_from_its_reference() -> None:
    """The names of two scans are no proof that their sequences differ."""
    pair = take_in(named("SV_PRESS_35"), named("STEAM_35"), Overrides())

    assert pair.recording.acquisition.sequence == "PRESS"


def test_a_note_stands_last_in_the_verdict_and_changes_nothing_in_it() -> None:
    """A sequence of the request that differs from the file's is noted; other reasons of the verdict stay."""
    job = cases()["one transient"]
    analysis, _ = run.analyse(Job(job.metabolite, subject=job.subject, options=Options(overrides=SAYS_STEAM)))
    codes = [reason.code for reason in analysis.verdict.reasons]

    assert codes[-1] == "sequence-as-requested"
    assert "contradicts-header" not in codes
    assert analysis.acquisition.sequence == "STEAM"
