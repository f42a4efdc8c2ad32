"""Files made to break readers: no crash, no hang, no gigabyte, and no exception but a refusal."""

from __future__ import annotations

import gzip
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from fitting.errors import OversizedFile
from fitting.io import SourceFile, read
from tests.conformance.reader_fixtures.nifti_mrs import _BASIC, _file

ROOT = Path(__file__).parents[2]


def test_hostile_files_are_read_or_refused() -> None:
    """A sample of the endless series of ``make fuzz``; a MemoryError within 1 GB is a failure too."""
    command = [sys.executable, "-W", "error", "-m", "tests.fuzz.hostile", "0", "3000", "12"]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=120, check=False)

    assert done.returncode == 0, done.stderr[-3000:]
    assert int(done.stdout.split()[0]) > 100


@pytest.mark.parametrize("megabytes", [64, 1000])
def test_a_bomb_in_gzip_is_refused_unpacked(megabytes: int) -> None:
    """Zeros compress a thousandfold, samples do not: what would grow so much is not unpacked."""
    (plain,) = _file(np.ones((1, 1, 1, 1), np.complex64), _BASIC, compress=False)
    content = bytearray(plain.content)
    content[16 + 8 * 4 : 16 + 8 * 5] = (megabytes * 2**20 // 8).to_bytes(8, "little")  # NIfTI-2 dim[4]
    packed = gzip.compress(bytes(content) + bytes(megabytes * 2**20), compresslevel=1)

    assert len(packed) * 100 < megabytes * 2**20
    with pytest.raises(OversizedFile, match=r"would grow|more than"):
        read((SourceFile("bomb.nii.gz", packed),))
