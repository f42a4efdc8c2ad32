"""Siemens RDA: a text header and little-endian doubles of one combined, averaged FID.

Read here and not through suspect, which refuses a file whose optional fields an anonymiser has emptied and
rounds the doubles to single precision. The samples already follow our sign convention.
"""

from __future__ import annotations

import re
from math import prod

import numpy as np

from fitting.acquisition import Acquisition, Recording, ScanPosition, VoiGeometry
from fitting.errors import DamagedFile, UnsupportedData
from fitting.io.free_text import free_text
from fitting.io.header_values import checked_samples, edge_lengths, place_digest, positive, stated
from fitting.io.limits import MOST_HEADER_BYTES, refuse_above
from fitting.io.sequence_names import localisation
from fitting.io.source import Files, Reader, SourceFile
from fitting.io.voi import in_patient_axes

NAME = "siemens_rda"
TITLE = "Siemens RDA"

_BEGIN = b">>> Begin of header <<<"
_END = re.compile(rb">>> End of header <<<\r?\n")
_BYTES_PER_POINT = 16
_SERIES = ("StudyDate", "StudyTime", "SeriesDate", "SeriesTime", "SeriesNumber", "SeriesDescription")
"""Fields that are equal in all files of a series; only their digest is kept."""


def _recognises(files: Files) -> bool:
    return len(files) == 1 and files[0].content.startswith(_BEGIN)


def _read(files: Files) -> Recording:
    file = files[0]
    end = _END.search(file.content, 0, MOST_HEADER_BYTES)
    if end is None and len(file.content) > MOST_HEADER_BYTES:
        refuse_above(file, "has a long header", MOST_HEADER_BYTES, "bytes of header")
    if end is None:
        raise _damaged(file, "its header has no end")
    header = _Header(file, file.content[len(_BEGIN) : end.start()])
    _refuse_other_kinds(header)
    points = header.count("VectorSize")
    data = file.content[end.end() :]
    if points is None or len(data) != points * _BYTES_PER_POINT:
        raise _damaged(file, f"it holds {len(data)} bytes of data where the header promises {stated(points)} points")
    samples = checked_samples(np.frombuffer(data, dtype="<c16"), file)
    said = free_text(*(header.typed(key) for key in ("SequenceName", "ProtocolName", "SeriesDescription")))
    return Recording(
        samples=samples.reshape(1, 1, points),
        acquisition=_acquisition(header),
        free_text=said,
        place=ScanPosition(place_digest(map(header.typed, _SERIES)), header.count("InstanceNumber")),
    )


def _acquisition(header: _Header) -> Acquisition:
    sequence_name = header.text("SequenceName")
    sequence = localisation(sequence_name)
    return Acquisition(
        format=NAME,
        spectrometer_frequency=header.quantity("MRFrequency", 1e6),
        dwell_time=header.quantity("DwellTime", 1e-6),
        echo_time=header.quantity("TE", 1e-3),
        repetition_time=header.quantity("TR", 1e-3),
        sequence=sequence,
        sequence_name=sequence_name,
        mixing_time=header.quantity("TM", 1e-3) if sequence == "STEAM" else None,
        vendor="Siemens",
        scanner_model=header.text("ModelName"),
        software=header.text("SoftwareVersion[0]"),
        voi_size=_voi_size(header),
        voi_geometry=_voi_geometry(header),
        averages=header.count("NumberOfAverages"),
        nucleus=header.text("Nucleus") or "1H",
    )


def _refuse_other_kinds(header: _Header) -> None:
    nucleus = header.text("Nucleus") or "1H"
    if nucleus != "1H":
        raise UnsupportedData(
            f"'{header.file.name}' is a {nucleus} spectrum; only 1H spectra can be analysed.",
            file=header.file.name,
            nucleus=nucleus,
        )
    matrix = [header.count(f"CSIMatrixSize[{axis}]") or 1 for axis in range(3)]
    if prod(matrix) > 1:
        size = " x ".join(str(voxels) for voxels in matrix)
        raise UnsupportedData(
            f"'{header.file.name}' is spectroscopic imaging (MRSI, {size} voxels); send a single-voxel spectrum.",
            file=header.file.name,
        )


def _voi_size(header: _Header) -> tuple[float, float, float] | None:
    return edge_lengths(_edges(header), 1e-3)


def _edges(header: _Header) -> tuple[str | None, str | None, str | None]:
    """Edges of the VOI, mm; syngo MR XA calls them slab thicknesses, some versions misspell the readout field."""
    readout = header.text("VOIReadoutFOV") or header.text("VOIReadoutVOV") or header.text("SlabThickness[2]")
    phase = header.text("VOIPhaseFOV") or header.text("SlabThickness[1]")
    thickness = header.text("VOIThickness") or header.text("SlabThickness[0]")
    return readout, phase, thickness


def _voi_geometry(header: _Header) -> VoiGeometry | None:
    """The box around ``VOIPosition``: read-out along the row vector, phase along the column vector, slice across."""
    row = [header.text(f"RowVector[{axis}]") for axis in range(3)]
    column = [header.text(f"ColumnVector[{axis}]") for axis in range(3)]
    normal = [header.text(f"VOINormal{axis}") for axis in ("Sag", "Cor", "Tra")]
    return in_patient_axes(
        [header.text(f"VOIPosition{axis}") for axis in ("Sag", "Cor", "Tra")],
        (row, column, normal),
        _edges(header),
    )


class _Header:
    """Typed access to the ``key: value`` lines; keys that are not requested are not kept."""

    def __init__(self, file: SourceFile, content: bytes) -> None:
        self.file = file
        lines = (line.partition(":") for line in content.decode("latin-1").splitlines())
        self._values = {key.strip(): value.strip() for key, _, value in lines}

    def text(self, key: str) -> str | None:
        """The value, or None when absent or empty.

        Raises
        ------
        DamagedFile
            When a line's end is lost and the next field, perhaps a person's name, runs into this one.
        """
        value = self._values.get(key) or None
        if value is not None and ":" in value:
            raise _damaged(self.file, f"its header field {key} runs into the next")
        return value

    def typed(self, key: str) -> str | None:
        """Free text with its colons: only its words are used, and it is never shown."""
        return self._values.get(key)

    def quantity(self, key: str, to_si: float) -> float | None:
        """The value in SI units; None when absent, not a number, or 0, which the format uses for unset."""
        return positive(self.text(key), to_si)

    def count(self, key: str) -> int | None:
        """The value as a whole number; None when absent, empty or 0."""
        value = self.quantity(key, 1.0)
        return None if value is None else round(value)


def _damaged(file: SourceFile, what: str) -> DamagedFile:
    return DamagedFile(
        f"'{file.name}' is recognised as {TITLE}, but {what}; export the spectrum from the scanner again.",
        file=file.name,
        format=TITLE,
    )


READER = Reader(name=NAME, title=TITLE, recognises=_recognises, read=_read)
