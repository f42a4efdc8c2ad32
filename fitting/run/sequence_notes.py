"""Remarks on a sequence: its source, and the sequence words in free text of the header."""

from __future__ import annotations

from dataclasses import dataclass

from fitting.acquisition import Acquisition, FreeText


@dataclass(frozen=True, slots=True)
class Note:
    """A remark on the sequence; one that ``limits`` is a doubt about the scan."""

    code: str
    sentence: str
    limits: bool = False


def sequence_notes(header: Acquisition, said: FreeText, requested: str | None) -> tuple[Note, ...]:
    """Remarks of the answer on its sequence.

    Parameters
    ----------
    header : Acquisition
        From the file, before the request's values were filled in.
    said : FreeText
        Sequence words in free text of the header.
    requested : str or None
        Localisation family of the request, which wins over both.
    """
    notes = []
    if requested is not None and header.sequence not in (None, requested):
        where = "the name of its scan" if said.is_source else "the file's header"
        sentence = f"The request says sequence = {requested}, {where} {header.sequence}; that of the request was used."
        notes.append(Note("sequence-as-requested", sentence))
    elif requested is None and said.is_source:
        sentence = (
            f"The file has no field for the sequence: {header.sequence} was taken from the name of its scan. Say the "
            "sequence in the request to confirm it."
        )
        notes.append(Note("sequence-from-scan-name", sentence))
    if said.editing is not None:
        sentence = (
            f"The name of the scan or protocol has the word '{said.editing}', which stands for spectral editing: only "
            "an unedited spectrum is analysed rightly. Say the sequence in the request if it is one."
        )
        notes.append(Note("editing-named", sentence, limits=requested is None))
    return tuple(notes)


def sequence_hint(said: FreeText) -> str | None:
    """Question about the sequence words in free text of the header; None without any."""
    if said.editing is not None:
        return (
            f"The name of its scan or protocol has the word '{said.editing}', which stands for spectral editing: such "
            "spectra cannot be analysed. Say the sequence if this one is not edited."
        )
    if not said.families:
        return None
    flags = " or ".join(f"--sequence {family}" for family in said.families)
    return f"Free text in it names {' and '.join(said.families)}: say {flags} if that is so."
