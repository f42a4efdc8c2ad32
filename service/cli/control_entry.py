"""One row of a manifest of controls, analysed in a worker process."""

from __future__ import annotations

from pathlib import Path

from fitting.errors import FittingError
from fitting.reason import Reason
from fitting.request.words import check_pseudonym
from fitting.run.calibration import candidate_of
from fitting.run.job import Job
from fitting.sites import Candidate, refused
from service.cli.manifest import BadEntry, ManifestRow

Numbered = tuple[int, ManifestRow | BadEntry]
"""A row and its number, from 1."""


def analyse_control(item: Numbered, *, cache_dir: Path) -> Candidate:
    """Analyse the spectrum of a row; a refusal or defect becomes the reason to leave it out."""
    number, entry = item
    label = label_of(number, entry)
    try:
        if isinstance(entry, BadEntry):
            raise entry.problem
        return candidate_of(Job.read(entry.document, entry.paths), cache_dir, label)
    except FittingError as error:
        group = None if isinstance(entry, BadEntry) else entry.document.get("group")
        return refused(label, label, error, group)
    except MemoryError:
        return _failed(label, "out-of-memory", "Reading or analysing it takes more memory than a process may.")
    except Exception as error:  # a defect must not stop the other spectra; its message may quote the input
        return _failed(label, "internal-error", f"A defect of mrsquant, {type(error).__name__}; please report it.")


def candidate_of_crash(number: int, entry: ManifestRow | BadEntry) -> Candidate:
    """The candidate of a spectrum that crashed its worker process."""
    return _failed(label_of(number, entry), "worker-crashed", "The process that analysed this spectrum died.")


def label_of(number: int, entry: ManifestRow | BadEntry) -> str:
    """The row's subject or id where it is a pseudonym, else its number: a file's name may be a person's."""
    said = entry.document.get("subject") if isinstance(entry, ManifestRow) else None
    try:
        return check_pseudonym(str(said or entry.id))
    except ValueError:
        return f"control-{number:02d}"


def _failed(label: str, code: str, sentence: str) -> Candidate:
    return Candidate(label, label, None, None, Reason(code, sentence))
