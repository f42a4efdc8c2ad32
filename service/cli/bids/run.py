"""One spectrum of a dataset, analysed in a worker process or by a service, and its files in the derivative dataset."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, replace
from hashlib import sha256
from pathlib import Path
from typing import Any, Literal

from fitting.analysis import Analysis
from fitting.errors import FittingError, InaccessibleFile
from fitting.io import Files, SourceFile, is_one_scan
from fitting.io.companions import file_content
from fitting.norms import Controls, FurtherLaboratory
from fitting.request.words import check_pseudonym
from fitting.run import analyse
from fitting.run.check import check_request
from fitting.run.job import Job, read_part
from fitting.sites import Site
from service.cli.bids.dataset import BidsSpectrum
from service.cli.bids.outputs import (
    COLUMNS,
    analysis_sidecar,
    as_json,
    fingerprint_of,
    folder_of,
    refusal_sidecar,
    spectrum_name,
    stem_of,
    table,
    write,
)
from service.cli.bids.signals import has_signals, remove_signals, signals_here, write_signals
from service.documents import fingerprint
from service.logs import frames_of
from service.reports import AnalysisDocument, render
from service.reports.results_csv import refusal_row, result_rows
from service.reports.study.spectrum import StudySpectrum, analysed_spectrum

State = Literal["analysed", "refused", "failed", "kept"]
_SCANS = ("metabolite", "water_reference")


@dataclass(frozen=True, slots=True)
class SpectrumOutcome:
    """What became of one spectrum, and why."""

    state: State
    message: str = ""

    @property
    def has_result(self) -> bool:
        """Whether its values stand in the derivative dataset."""
        return self.state == "analysed" or (self.state == "kept" and not self.message)


@dataclass(frozen=True, slots=True)
class Surroundings:
    """What is the same for every spectrum of a run."""

    out: Path
    shared: Mapping[str, Path]
    """Files of every request, such as the basis set."""
    site_norms: tuple[Controls, ...]
    sites: tuple[Site, ...]
    laboratories: tuple[FurtherLaboratory, ...]
    cache_dir: Path
    spectra: bool = False
    """Whether the complex signals are written as well."""


@dataclass(frozen=True, slots=True)
class Prepared:
    """A spectrum with the content of its files and the digest of everything its answer depends on."""

    item: BidsSpectrum
    files: Mapping[str, Files]
    request: Mapping[str, Any]
    fingerprint: str


def run_spectrum(item: BidsSpectrum, *, around: Surroundings) -> SpectrumOutcome:
    """Analyse a spectrum and write its files, unless those of the same input and engine are there."""
    known = None
    try:
        prepared = prepare(item, around)
        known = prepared.fingerprint
        return outcome_that_stands(prepared, around) or _analysed(prepared, around)
    except FittingError as error:
        return write_refusal(item, error.code, error.detail, known, around.out)
    except MemoryError:
        return SpectrumOutcome("failed", "out-of-memory: it takes more memory than a worker process may")
    except OSError as error:
        return SpectrumOutcome("failed", f"file-not-writable: {error.strerror or type(error).__name__}")
    except Exception as error:  # a defect must not stop the other spectra; its message may quote the input
        place = (frames_of(error) or ["an unknown place"])[-1]
        return SpectrumOutcome("failed", f"internal-error: a defect of mrsquant, {type(error).__name__} at {place}")


def _analysed(prepared: Prepared, around: Surroundings) -> SpectrumOutcome:
    job = Job.of(prepared.request, prepared.files, around.site_norms, around.sites)
    check_request(job.subject, job.options)
    analysis, traces = analyse(replace(job, laboratories=around.laboratories), cache_dir=around.cache_dir)
    subject, session, group = (prepared.request.get(name) for name in ("subject", "session", "group"))
    document = AnalysisDocument(analysis, subject=subject, session=session, group=group)
    spectrum = analysed_spectrum(spectrum_name(prepared.item), analysis, traces, prepared.request)
    if around.spectra:
        write_signals(prepared.item, signals_here(document, traces), around.out)
    write_result(prepared, analysis, spectrum, render("html", document, traces).content, around.out)
    return SpectrumOutcome("analysed")


def prepare(item: BidsSpectrum, around: Surroundings) -> Prepared:
    """Read the files of a spectrum.

    Raises
    ------
    FittingError
        When the spectrum is refused, or a file cannot be read.
    """
    if item.problem is not None:
        raise item.problem
    files: dict[str, Files] = {name: read_part(name, path) for name, path in around.shared.items()}
    for name, path in item.paths.items():
        if name in _SCANS:
            files[name] = _with_sidecar(file_content(path, InaccessibleFile), item.sidecars.get(name, {}))
        else:
            files[name] = read_part(name, path)
    request = {**item.document, **_visit(item)}
    return Prepared(item, files, request, _digest(files, request, around))


def outcome_that_stands(prepared: Prepared, around: Surroundings) -> SpectrumOutcome | None:
    """The outcome of an earlier run of the same input and engine; None when there is none, or a file is missing."""
    folder, stem = around.out / folder_of(prepared.item), stem_of(prepared.item)
    tsv, document, page = (folder / f"{stem}_mrs.{ending}" for ending in ("tsv", "json", "html"))
    if not tsv.is_file() or fingerprint_of(document) != prepared.fingerprint:
        return None
    outcome = json.loads(document.read_bytes())["Outcome"]
    if outcome["code"] == "refused":
        return SpectrumOutcome("kept", outcome["sentence"])
    whole = page.is_file() and (has_signals(prepared.item, around.out) or not around.spectra)
    return SpectrumOutcome("kept") if whole else None


def write_result(prepared: Prepared, analysis: Analysis, spectrum: StudySpectrum, page: bytes, out: Path) -> None:
    """Write table, sidecar and report; the sidecar last, so that an interrupted run is repeated.

    Raises
    ------
    OSError
        When they cannot be written.
    """
    item = prepared.item
    folder, stem = out / folder_of(item), stem_of(item)
    write(folder / f"{stem}_mrs.tsv", table(result_rows("", analysis, None, prepared.request), COLUMNS))
    write(folder / f"{stem}_mrs.html", page)
    write(folder / f"{stem}_mrs.json", as_json(analysis_sidecar(item, analysis, spectrum, prepared.fingerprint)))


def write_refusal(item: BidsSpectrum, code: str, detail: str, known: str | None, out: Path) -> SpectrumOutcome:
    """Write the one row of a spectrum that is refused, and remove report and signals of an earlier run.

    Raises
    ------
    OSError
        When it cannot be written.
    """
    folder, stem = out / folder_of(item), stem_of(item)
    row = refusal_row("", code, detail, {**item.document, **_visit(item)})
    (folder / f"{stem}_mrs.html").unlink(missing_ok=True)
    remove_signals(item, out)
    written = [
        write(folder / f"{stem}_mrs.tsv", table([row], COLUMNS)),
        write(folder / f"{stem}_mrs.json", as_json(refusal_sidecar(item, code, detail, known))),
    ]
    return SpectrumOutcome("refused" if any(written) else "kept", f"{code}: {detail}")


def _visit(item: BidsSpectrum) -> dict[str, str]:
    """Pseudonyms of person and visit; labels that look like an identity are in no report."""
    labels = {"subject": f"sub-{item.participant}", "session": item.session and f"ses-{item.session}"}
    said = {}
    for name, label in labels.items():
        try:
            if label:
                said[name] = check_pseudonym(label)
        except ValueError:
            continue
    return said


def _with_sidecar(file: SourceFile, said: Mapping[str, Any]) -> Files:
    sidecar = SourceFile(f"{file.name.split('.')[0]}.json", json.dumps(said).encode())
    return (file, sidecar) if is_one_scan((file, sidecar)) else (file,)


def _digest(files: Mapping[str, Files], request: Mapping[str, Any], around: Surroundings) -> str:
    """As the service has it for idempotent submissions: files, request and versions."""
    contents = [
        (role, str(number), sha256(file.content).hexdigest())
        for role, several in sorted(files.items())
        for number, file in enumerate(several)
    ]
    own = [sha256(repr(item).encode()).hexdigest() for item in around.site_norms]
    norms = [*own, *(item.id for item in around.sites), *(item.id for item in around.laboratories)]
    return fingerprint(contents, request, "bids", norms)
