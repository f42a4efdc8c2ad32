"""The complex signals of an analysis in a derivative dataset: the spectrum, its fit, baseline and residual."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path, PurePosixPath

from fitting.model.result import Traces
from service.cli.bids.dataset import BidsSpectrum
from service.cli.bids.outputs import as_json, folder_of, sources_of, stem_of, write
from service.client import Client, Refused
from service.client.exchanges import ExportPart
from service.reports.analysis_document import AnalysisDocument
from service.reports.nifti_mrs import CONTENT, render

WATER = "water"
Signals = Mapping[str, bytes]
"""Compressed NIfTI-MRS files by their part."""


def signals_here(document: AnalysisDocument, traces: Traces) -> Signals:
    """The signals of an analysis of this process."""
    return {name.partition(".")[0]: file.content for name, file in render(document, traces).items()}


def signals_of_service(client: Client, analysis: str) -> Signals:
    """The signals of an analysis of a service; without ``water`` where no reference scaled the spectrum.

    Raises
    ------
    ClientError
        When the service does not give them.
    """
    parts: tuple[ExportPart, ...] = ("preproc", "fit", "baseline", "residual")
    found: dict[str, bytes] = {part: client.export(analysis, "nifti-mrs", part) for part in parts}
    try:
        return {**found, WATER: client.export(analysis, "nifti-mrs", "water")}
    except Refused:
        return found


def write_signals(item: BidsSpectrum, signals: Signals, out: Path) -> None:
    """Write each signal with its sidecar; without signals, those that are there stay.

    Raises
    ------
    OSError
        When they cannot be written.
    """
    for part, content in signals.items():
        place = out / _place(item, part)
        described = {"Description": CONTENT[part][1], "Sources": sources_of(item)}
        write(place.with_name(f"{place.name}.nii.gz"), content)
        write(place.with_name(f"{place.name}.json"), as_json(described))


def has_signals(item: BidsSpectrum, out: Path) -> bool:
    """Whether the signals of an earlier run are there."""
    places = [out / _place(item, part) for part in CONTENT if part != WATER]
    return all(place.with_name(f"{place.name}.nii.gz").is_file() for place in places)


def remove_signals(item: BidsSpectrum, out: Path) -> None:
    """Remove the signals of an earlier run."""
    for part in CONTENT:
        place = out / _place(item, part)
        for ending in ("nii.gz", "json"):
            place.with_name(f"{place.name}.{ending}").unlink(missing_ok=True)


def _place(item: BidsSpectrum, part: str) -> PurePosixPath:
    """Path without ending; the water reference is the processed one of its suffix."""
    label, suffix = ("preproc", "mrsref") if part == WATER else (part, "svs")
    return folder_of(item) / f"{stem_of(item, label)}_{suffix}"
