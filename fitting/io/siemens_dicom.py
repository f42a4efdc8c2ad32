"""Siemens private spectroscopy DICOM (.IMA of syngo MR VA to VE): facts in a CSA header, single-precision samples.

The samples already follow our sign convention; the CSA header is parsed by suspect.
"""

from __future__ import annotations

import re
from collections.abc import Mapping

import numpy as np
from pydicom.dataset import Dataset

from fitting.acquisition import Acquisition, Recording, VoiGeometry
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
from fitting.io._suspect import csa_header
from fitting.io.free_text import free_text
from fitting.io.header_values import checked_samples, edge_lengths, stated
from fitting.io.sequence_names import localisation
from fitting.io.source import Files, Reader, SourceFile
from fitting.io.voi import in_patient_axes, numbers

NAME = "siemens_dicom"
TITLE = "Siemens spectroscopy DICOM (.IMA)"

CSA_NON_IMAGE_STORAGE = "1.3.12.2.1107.5.9.1"

_BYTES_PER_POINT = 8
_CSA_HEADER = "SIEMENS CSA HEADER"
_PROTOCOL_PLACE = re.compile(rb"sSpecPara\.sVoI\.sPosition\.d(Sag|Cor|Tra)[ \t]*=[ \t]*([+-]?\d{1,9}(?:\.\d{1,18})?)")
_SAME_PLACE_MM = 1.0
_VOI_EDGES = ("VoiReadoutFoV", "VoiPhaseFoV", "VoiThickness")

_Csa = Mapping[str, object]


def _recognises(files: Files) -> bool:
    return len(files) == 1 and sop_class(files[0].content) == CSA_NON_IMAGE_STORAGE


def _read(files: Files) -> Recording:
    file, dataset = open_dataset(files[0], TITLE)
    csa = csa_header(_private_bytes(dataset, file, 0x0029, _CSA_HEADER), file, TITLE)
    refuse_nucleus(file, _nucleus(csa))
    refuse_imaging_matrix(file, _matrix(csa))
    points = count(csa.get("DataPointColumns"))
    data = _private_bytes(dataset, file, 0x7FE1, "SIEMENS CSA NON-IMAGE")
    if points is None or len(data) != points * _BYTES_PER_POINT:
        raise damaged(
            file, TITLE, f"it holds {len(data)} bytes of data where the header promises {stated(points)} points"
        )
    samples = checked_samples(np.frombuffer(data, dtype="<c8"), file)
    said = free_text(text(csa.get("SequenceName")), *free_texts(dataset))
    return Recording(
        samples=samples.reshape(1, 1, points),
        acquisition=_acquisition(dataset, csa, _series_header(dataset)),
        free_text=said,
        place=place(dataset),
    )


def _acquisition(dataset: Dataset, csa: _Csa, series: bytes) -> Acquisition:
    sequence_name = text(csa.get("SequenceName"))
    sequence = localisation(sequence_name)
    acquisition = Acquisition(
        format=NAME,
        spectrometer_frequency=quantity(csa.get("ImagingFrequency"), 1e6),
        dwell_time=quantity(csa.get("RealDwellTime"), 1e-9),
        echo_time=_echo_time(csa),
        repetition_time=quantity(csa.get("RepetitionTime"), 1e-3),
        sequence=sequence,
        sequence_name=sequence_name,
        mixing_time=quantity(csa.get("MixingTime"), 1e-3) if sequence == "STEAM" else None,
        voi_size=edge_lengths((text(csa.get(edge)) for edge in _VOI_EDGES), 1e-3),
        voi_geometry=_voi_geometry(csa) if _is_confirmed(csa, series) else None,
        averages=count(csa.get("NumberOfAverages")),
        nucleus=_nucleus(csa),
    )
    return with_scanner(acquisition, dataset)


def _echo_time(csa: _Csa) -> float | None:
    """The echo time, s; sequences with several refocusing pulses list its parts (spec2nii, CHANGELOG 0.4.7)."""
    value = csa.get("EchoTime")
    parts = [quantity(part, 1e-3) for part in value] if isinstance(value, list | tuple) else [quantity(value, 1e-3)]
    known = [part for part in parts if part is not None]
    return sum(known) if known else None


def _voi_geometry(csa: _Csa) -> VoiGeometry | None:
    """The box around ``VoiPosition``: read-out along the image's rows, phase along its columns, slice across."""
    orientation = _texts(csa.get("ImageOrientationPatient"))
    axes = (orientation[:3], orientation[3:6], _texts(csa.get("VoiOrientation")))
    edges = [text(csa.get(edge)) for edge in _VOI_EDGES]
    return in_patient_axes(_texts(csa.get("VoiPosition")), axes, edges)


def _series_header(dataset: Dataset) -> bytes:
    """The CSA series header, which ends in the protocol as text; empty when it is missing."""
    try:
        value = dataset.private_block(0x0029, _CSA_HEADER)[0x20].value
    except KeyError:
        value = b""
    return value if isinstance(value, bytes) else b""


def _is_confirmed(csa: _Csa, series: bytes) -> bool:
    """Whether the place of the volume is that of the protocol, where the protocol states it; zeros are left out there.

    syngo MR E12 at 7 T wrote twice the place into ``VoiPosition`` (wtclarke/spec2nii#189).
    """
    of_protocol = {axis: float(number) for axis, number in _PROTOCOL_PLACE.findall(series)}
    place = numbers(_texts(csa.get("VoiPosition")))
    if not of_protocol or place is None:
        return True
    stated = (of_protocol.get(axis, 0.0) for axis in (b"Sag", b"Cor", b"Tra"))
    return all(abs(ours - theirs) < _SAME_PLACE_MM for ours, theirs in zip(place, stated, strict=True))


def _texts(value: object) -> list[str | None]:
    """The members of a header value that may have several."""
    members = value if isinstance(value, list | tuple) else []
    return [text(member) for member in members]


def _nucleus(csa: _Csa) -> str:
    return text(csa.get("ResonantNucleus")) or text(csa.get("ImagedNucleus")) or "1H"


def _matrix(csa: _Csa) -> tuple[int, int, int]:
    columns, rows, slices = (
        count(csa.get(name)) or 1 for name in ("Columns", "Rows", "SpectroscopyAcquisitionOut-of-planePhaseSteps")
    )
    return columns, rows, slices


def _private_bytes(dataset: Dataset, file: SourceFile, group: int, creator: str) -> bytes:
    """The bytes of element 10 of a private block; the CSA image header or the samples."""
    try:
        value = dataset.private_block(group, creator)[0x10].value
    except KeyError:
        value = None
    if not isinstance(value, bytes):
        raise damaged(file, TITLE, f"its private block '{creator}' is missing")
    return value


READER = Reader(name=NAME, title=TITLE, recognises=_recognises, read=_read)
