"""One row of a manifest of controls, analysed in a worker process."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from fitting.errors import FittingError
from fitting.model.site_background import SiteBackground
from fitting.reason import Reason
from fitting.request.words import check_pseudonym
from fitting.run.calibration import candidate_of
from fitting.run.job import Job
from fitting.run.learning import SpectrumEvidence, spectrum_evidence
from fitting.sites import Candidate, refused
from service.cli.manifest import BadEntry, ManifestRow

Numbered = tuple[int, ManifestRow | BadEntry]
"""A row and its number, from 1."""
OUT_OF_MEMORY = Reason("out-of-memory", "Reading or analysing it takes more memory than a process may.")


def analyse_control(pair: tuple[Numbered, SiteBackground | None], *, cache_dir: Path) -> Candidate:
    """Analyse the spectrum of a row; a refusal or defect becomes the reason to leave it out."""
    (number, entry), background = pair
    label = label_of(number, entry)
    try:
        if isinstance(entry, BadEntry):
            raise entry.problem
        job = replace(Job.read(entry.document, entry.paths), background=background)
        return candidate_of(job, cache_dir, label)
    except FittingError as error:
        group = None if isinstance(entry, BadEntry) else entry.document.get("group")
        return refused(label, label, error, group)
    except MemoryError:
        return _failed(label, OUT_OF_MEMORY)
    except Exception as error:  # a defect must not stop the other spectra; its message may quote the input
        return _failed(label, _defect(error))


def control_evidence(pair: tuple[Numbered, SiteBackground | None], *, cache_dir: Path) -> SpectrumEvidence:
    """What the spectrum of a row says of its macromolecules; a refusal or defect becomes the reason for nothing."""
    (_, entry), background = pair
    try:
        if isinstance(entry, BadEntry):
            raise entry.problem
        return spectrum_evidence(Job.read(entry.document, entry.paths), background, cache_dir)
    except FittingError as error:
        return Reason(error.code, error.detail)
    except MemoryError:
        return OUT_OF_MEMORY
    except Exception as error:  # as above
        return _defect(error)


def _defect(error: Exception) -> Reason:
    return Reason("internal-error", f"A defect of mrsquant, {type(error).__name__}; please report it.")


def label_of(number: int, entry: ManifestRow | BadEntry) -> str:
    """The row's subject or id where it is a pseudonym, else its number: a file's name may be a person's."""
    said = entry.document.get("subject") if isinstance(entry, ManifestRow) else None
    try:
        return check_pseudonym(str(said or entry.id))
    except ValueError:
        return f"control-{number:02d}"


def _failed(label: str, reason: Reason) -> Candidate:
    return Candidate(label, label, None, None, reason)
