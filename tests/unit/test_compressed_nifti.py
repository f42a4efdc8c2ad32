"""NIfTI-MRS in gzip: no more is unpacked than the header needs, and a broken check sum is damage."""

import gzip
import tracemalloc

import numpy as np
import pytest

from fitting.errors import DamagedFile, OversizedFile
from fitting.io import SourceFile, read
from tests.conformance.reader_fixtures.nifti_mrs import _BASIC, _file


def _with_points(points: int, padding: int) -> SourceFile:
    """A file that announces ``points`` and holds one sample and ``padding`` zero bytes."""
    (plain,) = _file(np.ones((1, 1, 1, 1), np.complex128), _BASIC, compress=False)
    content = bytearray(plain.content)
    content[16 + 8 * 4 : 16 + 8 * 5] = points.to_bytes(8, "little")  # NIfTI-2 dim[4]
    return SourceFile("bomb.nii.gz", gzip.compress(bytes(content) + bytes(padding)))


@pytest.mark.parametrize("points", [2**27, 2**40, 2**62])
def test_announced_gigabytes_are_refused_unpacked(points: int) -> None:
    """A small file that announces more than a gigabyte is refused without the memory being taken."""
    file = _with_points(points, padding=2**24)
    tracemalloc.start()
    with pytest.raises(OversizedFile, match="more than the"):
        read((file,))
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()

    assert peak < 2**22


def test_samples_after_a_bit_flip_are_not_believed() -> None:
    """gzip's check sum is compared, so that a flipped bit is not read as a signal."""
    (file,) = _file(np.ones((1, 1, 1, 256), np.complex64), _BASIC)
    flipped = file.content[:-8] + bytes([file.content[-8] ^ 1]) + file.content[-7:]

    with pytest.raises(DamagedFile, match="check sum"):
        read((SourceFile("flipped.nii.gz", flipped),))
