"""Rows of RESULTS.csv for one spectrum of a batch, computed in a worker process; every failure becomes a row."""

from __future__ import annotations

import time
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path

from fitting.errors import FittingError
from fitting.norms import Controls, FurtherLaboratory
from fitting.quality.verdict.usable import Usable
from fitting.request import Document
from fitting.run import analyse
from fitting.run.job import Job
from fitting.sites import Site
from service.cli.manifest import BadEntry, ManifestRow
from service.logs import frames_of
from service.reports.results_csv import refusal_row, result_rows
from service.reports.study.spectrum import StudySpectrum, analysed_spectrum, unanalysed_spectrum


@dataclass(frozen=True, slots=True)
class Answer:
    """The rows of one spectrum in the columns of RESULTS.csv, its verdict, and itself for the page of the study."""

    rows: tuple[Mapping[str, str], ...]
    spectrum: StudySpectrum | None
    """For the page of the study; None where none is asked for."""
    verdict: Usable | None = None
    """None when the spectrum was not analysed."""


def analyse_entry(
    entry: ManifestRow | BadEntry,
    *,
    site_norms: tuple[Controls, ...],
    sites: tuple[Site, ...],
    laboratories: tuple[FurtherLaboratory, ...],
    cache_dir: Path,
    with_spectrum: bool = False,
) -> Answer:
    """Analyse one spectrum; a refusal or failure becomes its one row."""
    started = time.perf_counter()
    said = _said(entry)
    try:
        if isinstance(entry, BadEntry):
            raise entry.problem
        job = replace(Job.read(entry.document, entry.paths, site_norms, sites), laboratories=laboratories)
        analysis, traces = analyse(job, cache_dir=cache_dir)
    except FittingError as error:
        row = refusal_row(entry.id, error.code, error.detail, said)
        return Answer((row,), unanalysed_spectrum(entry.id, error.code, error.detail, said))
    except MemoryError:
        return out_of_memory(entry)
    except Exception as error:  # a defect must not stop the other spectra; its message may quote the input
        place = (frames_of(error) or ["an unknown place"])[-1]
        sentence = f"A defect of mrsquant, {type(error).__name__} at {place}; please report it."
        return _failed(entry, "internal-error", sentence)
    rows = tuple(result_rows(entry.id, analysis, time.perf_counter() - started, said))
    spectrum = analysed_spectrum(entry.id, analysis, traces, said) if with_spectrum else None
    return Answer(rows, spectrum, analysis.verdict.usable)


def answer_of_crash(entry: ManifestRow | BadEntry) -> Answer:
    """The row of a spectrum that crashed its worker process twice, the second time alone."""
    sentence = "The process that analysed this spectrum died, also when it ran alone; is there enough memory?"
    return _failed(entry, "worker-crashed", sentence)


def out_of_memory(entry: ManifestRow | BadEntry) -> Answer:
    """The row of a spectrum that takes more memory than its worker process may."""
    sentence = "Reading or analysing it takes more memory than a process may; is it one ordinary single-voxel scan? "
    return _failed(entry, "out-of-memory", sentence + "MRSQUANT_WORKER_MEMORY_BYTES allows more.")


def _failed(entry: ManifestRow | BadEntry, code: str, sentence: str) -> Answer:
    said = _said(entry)
    row = refusal_row(entry.id, code, sentence, said) | {"outcome": "failed"}
    return Answer((row,), unanalysed_spectrum(entry.id, code, sentence, said))


def _said(entry: ManifestRow | BadEntry) -> Document:
    return entry.document if isinstance(entry, ManifestRow) else {}
