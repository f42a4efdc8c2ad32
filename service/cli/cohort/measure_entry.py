"""One spectrum of a cohort, analysed in a worker process, as rows of the table of measurements."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from fitting.errors import FittingError
from fitting.request.words import check_pseudonym
from fitting.run import analyse
from fitting.run.job import Job
from fitting.sites import Site
from service.cli.manifest import BadEntry, ManifestRow
from service.logs import frames_of
from service.reports.cohort.measured import measured_rows
from service.reports.cohort.spectra import spectrum_row

PERSON = "participant_id"


@dataclass(frozen=True, slots=True)
class SpectrumRows:
    """Rows of one spectrum, or why there are none."""

    rows: tuple[Mapping[str, str], ...]
    problem: str | None = None
    spectrum: Mapping[str, str] | None = None
    """Row of ``spectra.csv``, where the spectrum is interpretable."""


def measure_entry(entry: ManifestRow | BadEntry, *, sites: tuple[Site, ...], cache_dir: Path) -> SpectrumRows:
    """Analyse one spectrum; a refusal or failure becomes its reason."""
    try:
        if isinstance(entry, BadEntry):
            raise entry.problem
        person = person_of(entry)
        if not entry.document.get("region"):
            return SpectrumRows((), "missing-parameter: the manifest has no region for it")
        analysis, traces = analyse(Job.read(entry.document, entry.paths, (), sites), cache_dir=cache_dir)
    except FittingError as error:
        return SpectrumRows((), f"{error.code}: {error.detail}")
    except ValueError as error:
        return SpectrumRows((), f"identity-in-pseudonym: the pseudonym {error}")
    except MemoryError:
        return SpectrumRows((), "out-of-memory: it takes more memory than a worker process may")
    except Exception as error:  # a defect must not stop the other spectra; its message may quote the input
        place = (frames_of(error) or ["an unknown place"])[-1]
        return SpectrumRows((), f"internal-error: a defect of mrsquant, {type(error).__name__} at {place}")
    session = entry.document.get("session")
    rows = tuple(measured_rows(person, session, analysis))
    problem = None if rows else f"fit-failed: {analysis.outcome.sentence}"
    return SpectrumRows(rows, problem, spectrum_row(person, session, analysis, traces))


def person_of(entry: ManifestRow) -> str:
    """The pseudonym of a row: its subject, its column participant_id, else its id.

    Raises
    ------
    ValueError
        When it looks like an identity; the message does not repeat it.
    """
    return check_pseudonym(str(entry.document.get("subject") or entry.carried.get(PERSON) or entry.id))
