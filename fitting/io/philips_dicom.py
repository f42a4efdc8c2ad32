"""Philips private MR spectrum objects, written by consoles of old instead of DICOM MR Spectroscopy.

The standard attributes that Philips puts into the first item of (2005,140F) or at the top level say what was measured;
samples, spectral width and echo time are private elements. Their places are those that public readers use
(wtclarke/spec2nii, philips_dcm.py; VESPA, fileio/dicom_philips.py). Samples have the opposite sign of ours, as in
Philips' standard objects.
"""

from __future__ import annotations

import struct
from collections.abc import Sequence
from dataclasses import replace

import numpy as np
from pydicom.dataset import Dataset

from fitting.acquisition import Acquisition, Recording
from fitting.errors import UnsupportedData
from fitting.io._dicom import (
    count,
    damaged,
    free_texts,
    open_dataset,
    place,
    quantity,
    refuse_imaging_matrix,
    refuse_nucleus,
    sop_class,
    text,
    with_scanner,
)
from fitting.io.free_text import free_text
from fitting.io.header_values import checked_samples
from fitting.io.sequence_names import localisation
from fitting.io.source import Files, Reader, SourceFile
from fitting.io.water_among import with_water_apart

NAME = "philips_dicom"
TITLE = "Philips private spectroscopy DICOM"

PRIVATE_SPECTRUM = "1.3.46.670589.11.0.0.12.1"

_SAMPLES, _SPECTRAL_WIDTH, _ECHO_TIME = 0x20051270, 0x20051357, 0x20051310
_FREQUENCY, _NUCLEUS = 0x20011083, 0x20011087
_STANDARD = 0x2005140F
_BYTES = 8
_UNCOUNTED = "The file does not say how many points its signal has: it may have been cut off."


def _recognises(files: Files) -> bool:
    return len(files) == 1 and sop_class(files[0].content) == PRIVATE_SPECTRUM


def _read(files: Files) -> Recording:
    file, dataset = open_dataset(files[0], TITLE)
    standard = _standard(dataset)
    data = _value(dataset, _SAMPLES)
    if not isinstance(data, bytes):
        raise UnsupportedData(
            f"'{file.name}' is a private Philips MR spectrum whose samples are not where they are known to be; export "
            "SDAT + SPAR or enhanced MR Spectroscopy DICOM from the console.",
            file=file.name,
        )
    refuse_nucleus(file, text(_first(standard, "ResonantNucleus")) or text(_value(dataset, _NUCLEUS)) or "1H")
    _refuse_imaging(file, standard)
    stated = count(_first(standard, "SpectroscopyAcquisitionDataColumns"))
    points = stated or len(data) // _BYTES
    if points < 2 or not data or len(data) % (points * _BYTES):
        raise damaged(file, TITLE, f"it holds {len(data)} bytes of data where a signal has {points} points")
    samples = checked_samples(np.frombuffer(data, "<c8").reshape(-1, 1, points).conj(), file)
    said = free_text(*_sequence_fields(standard), *free_texts(dataset))
    doubt = None if stated else _UNCOUNTED
    acquisition = _acquisition(dataset, standard)
    if len(samples) > 1:
        acquisition = replace(acquisition, averages=len(samples))
    return with_water_apart(Recording(samples, acquisition, free_text=said, may_be_cut=doubt, place=place(dataset)))


def _acquisition(dataset: Dataset, standard: Sequence[Dataset]) -> Acquisition:
    width = _number(dataset, _SPECTRAL_WIDTH)
    frequency = quantity(_first(standard, "TransmitterFrequency"), 1e6) or _number(dataset, _FREQUENCY, 1e6)
    acquisition = Acquisition(
        format=NAME,
        spectrometer_frequency=frequency,
        dwell_time=None if width is None else 1.0 / width,
        echo_time=_number(dataset, _ECHO_TIME, 1e-3) or quantity(_first(standard, "EchoTime"), 1e-3),
        repetition_time=quantity(_first(standard, "RepetitionTime"), 1e-3),
        sequence=localisation(*_sequence_fields(standard)),
        sequence_name=text(_first(standard, "PulseSequenceName")),
        averages=count(_first(standard, "NumberOfAverages")),
    )
    return with_scanner(acquisition, dataset)


def _sequence_fields(standard: Sequence[Dataset]) -> tuple[str | None, ...]:
    return tuple(text(_first(standard, name)) for name in ("PulseSequenceName", "VolumeLocalizationTechnique"))


def _standard(dataset: Dataset) -> tuple[Dataset, ...]:
    """The data sets that may hold standard attributes, the object itself first."""
    items = _value(dataset, _STANDARD)
    inner = [item for item in items if isinstance(item, Dataset)] if isinstance(items, Sequence) else []
    return (dataset, *inner[:1])


def _first(standard: Sequence[Dataset], keyword: str) -> object:
    return next((part.get(keyword) for part in standard if part.get(keyword) not in (None, "")), None)


def _value(dataset: Dataset, tag: int) -> object:
    return dataset[tag].value if tag in dataset else None


def _number(dataset: Dataset, tag: int, to_si: float = 1.0) -> float | None:
    """A private number; where its type is unknown its bytes are a single or a double."""
    value = _value(dataset, tag)
    if isinstance(value, bytes):
        kind = {4: "<f", 8: "<d"}.get(len(value))
        value = struct.unpack(kind, value)[0] if kind else None
    return quantity(value, to_si)


def _refuse_imaging(file: SourceFile, standard: Sequence[Dataset]) -> None:
    columns, rows, slices = (
        count(_first(standard, f"SpectroscopyAcquisition{name}")) or 1
        for name in ("PhaseColumns", "PhaseRows", "OutOfPlanePhaseSteps")
    )
    refuse_imaging_matrix(file, (columns, rows, slices))


READER = Reader(name=NAME, title=TITLE, recognises=_recognises, read=_read)
