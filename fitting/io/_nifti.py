"""Shared parts of NIfTI spectra and images: header, bounded decompression, and the place of the first voxel."""

from __future__ import annotations

import gzip
import zlib
from dataclasses import dataclass
from io import BytesIO
from typing import IO, Any

import numpy as np
from nibabel.nifti1 import Nifti1Header
from nibabel.nifti2 import Nifti2Header

from fitting.errors import DamagedFile
from fitting.io.limits import LITTLE_BYTES
from fitting.io.source import SourceFile
from fitting.io.voi import is_near
from fitting.units import FloatArray

METRES = {0: 1e-3, 1: 1.0, 2: 1e-3, 3: 1e-6}
"""xyzt_units of lengths; files that leave it 0 hold millimetres."""

GZIP = b"\x1f\x8b"

_SMALLEST_MM3 = 1e-9
"""A voxel has edges of a micrometre at least: by smaller ones no place can be divided."""


@dataclass(frozen=True, slots=True)
class Opened:
    """A NIfTI file taken apart: header block, what stands between it and the samples, and a stream at the samples."""

    file: SourceFile
    header: Nifti1Header
    extensions: bytes
    stream: IO[bytes]

    @property
    def shape(self) -> tuple[int, ...]:
        """Sizes of the dimensions."""
        return tuple(int(n) for n in self.header["dim"][1 : 1 + max(0, min(7, int(self.header["dim"][0])))])

    @property
    def compressed(self) -> bool:
        """Whether the file is compressed."""
        return self.file.content.startswith(GZIP)

    def data_type(self) -> np.dtype[Any]:
        """Type of the samples.

        Raises
        ------
        DamagedFile
        """
        try:
            return self.header.get_data_dtype()  # type: ignore[no-untyped-call,no-any-return]
        except Exception as error:  # nibabel raises its own classes for codes outside its table
            raise damaged(self.file, "has an unknown data type") from error

    def samples(self, size: int) -> bytes:
        """The next ``size`` bytes, and no more of a compressed file than these and its check sum.

        Raises
        ------
        DamagedFile
            When the file ends early or does not match its check sum.
        """
        taken = take(self.stream, size, self.file)
        self.check_sum()
        return taken

    def check_sum(self) -> None:
        """Compare the bytes read with gzip's check sum, which is verified at the end of the stream.

        Raises
        ------
        DamagedFile
            When they do not match.
        """
        try:
            self.stream.read(1)
        except (OSError, EOFError, zlib.error) as error:
            raise damaged(self.file, "does not match its gzip check sum") from error


def header_type(head: bytes) -> type[Nifti1Header] | None:
    """Version of NIfTI by the first bytes of a file; None when it is not NIfTI."""
    if head[344:348] in (b"n+1\0", b"ni1\0"):
        return Nifti1Header
    return Nifti2Header if head[4:8] in (b"n+2\0", b"ni2\0") else None


def is_nifti(content: bytes) -> bool:
    """Whether the bytes are a NIfTI file, compressed or not. Never raises."""
    if content.startswith(GZIP):
        try:
            content = zlib.decompressobj(wbits=31).decompress(content[:65536], 540)
        except zlib.error:
            return False
    return header_type(content) is not None


def open_nifti(file: SourceFile) -> Opened:
    """Header and stream of a file.

    Raises
    ------
    DamagedFile
    """
    stream: IO[bytes] = BytesIO(file.content)
    if file.content.startswith(GZIP):
        stream = gzip.GzipFile(fileobj=stream)  # type: ignore[assignment]
    head = take(stream, 348, file)
    kind = header_type(head)
    if kind is Nifti2Header:
        head += take(stream, 192, file)
    if kind is None:
        raise damaged(file, "has no NIfTI header")
    header = kind(head, check=False)
    start = float(header["vox_offset"])
    if not len(head) <= start <= LITTLE_BYTES:
        raise damaged(file, "keeps its samples in another file or nowhere (vox_offset)")
    return Opened(file, header, take(stream, int(start) - len(head), file), stream)


def affine_mm(header: Nifti1Header) -> FloatArray | None:
    """From voxel indices to world coordinates (x right, y front, z head; mm), shape (4, 4); None when not known.

    The method that the header codes name, ``sform`` before ``qform``; without a code there is no place.
    """
    unit = METRES.get(int(header["xyzt_units"]) & 0x07)
    if unit is None or not (int(header["sform_code"]) > 0 or int(header["qform_code"]) > 0):
        return None
    try:
        affine = np.asarray(header.get_best_affine(), dtype=np.float64)  # type: ignore[no-untyped-call]
    except Exception:  # nibabel raises its own classes for quaternions that are none
        return None
    if not is_near(affine):
        return None
    affine = np.diag([unit * 1e3] * 3 + [1.0]) @ affine
    return affine if abs(np.linalg.det(affine[:3, :3])) > _SMALLEST_MM3 else None


def take(stream: IO[bytes], count: int, file: SourceFile) -> bytes:
    """Exactly ``count`` bytes: a compressed file is never unpacked further than what is needed.

    Raises
    ------
    DamagedFile
    """
    try:
        taken = stream.read(count)
    except (OSError, EOFError, zlib.error) as error:
        raise damaged(file, "is not a complete gzip file") from error
    if len(taken) != count:
        raise damaged(file, "ends early")
    return taken


def damaged(file: SourceFile, what: str) -> DamagedFile:
    """The error for an inconsistent NIfTI file; ``what`` names the contradiction."""
    return DamagedFile(f"The NIfTI file '{file.name}' {what}; export it again.", file=file.name)
