"""Deflated DICOM: read like any other, recognised by its beginning, inflated within its allowance."""

from __future__ import annotations

import tracemalloc
import zlib
from collections.abc import Callable
from dataclasses import replace

import pytest

from fitting.errors import DamagedFile, OversizedFile
from fitting.io import READERS, Files, SourceFile, read
from fitting.io._dicom_file import MOST_ELEMENTS, uncompressed
from tests.conformance.reader_fixtures import dicom_mrs
from tests.fuzz.bombs import _MRS, KINDS, _body, _deflated_zeros, _dicom, _element

_DEFLATED = "1.2.840.10008.1.2.1.99"


def _peak(work: Callable[[], object]) -> int:
    tracemalloc.start()
    try:
        work()
        return tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()


def _deflated(body: bytes) -> Files:
    return (SourceFile("meas.dcm", _dicom(_MRS, _DEFLATED, body)),)


def test_zeros_of_hundreds_of_megabytes_are_not_inflated() -> None:
    """0.3 MB took 1.3 GB; now no more than the allowance, and its double while zlib joins its pieces."""
    files = _deflated_zeros(1.0).metabolite

    def refused() -> None:
        with pytest.raises(OversizedFile):
            read(files)

    peak = _peak(refused)

    assert len(files[0].content) < 400_000
    assert peak < 100 * 2**20


@pytest.mark.parametrize("kind", ["DICOM, deflated zeros", "DICOM, deflated items before its kind", "DICOM, items"])
def test_the_kind_of_an_object_is_known_from_its_beginning(kind: str) -> None:
    """The service's own process recognises files: it must not inflate or parse them for that."""
    files = KINDS[kind](1.0).metabolite

    assert _peak(lambda: [reader.recognises(files) for reader in READERS]) < 10 * 2**20


def test_elements_are_counted_before_they_are_parsed() -> None:
    """Each takes a hundred times its bytes once parsed, those of sequences too."""
    item = _element((0x7FE3, 0x1021), "LO", b"") * MOST_ELEMENTS
    begin = (0xFFFE, 0xE000)
    nested = _element((0x7FE3, 0x1020), "SQ", _item(begin, item))

    with pytest.raises(OversizedFile, match="elements"):
        read(_deflated(_body(dicom_mrs.siemens()) + nested))


def _item(tag: tuple[int, int], content: bytes) -> bytes:
    return b"".join(number.to_bytes(2, "little") for number in tag) + len(content).to_bytes(4, "little") + content


def test_a_damaged_stream_is_damage() -> None:
    """Cut off, or no deflate at all: said as such, not as too large."""
    (file,) = _deflated(_body(dicom_mrs.siemens()))

    for content in (file.content[:-20], file.content[:-400] + bytes(400)):
        with pytest.raises(DamagedFile):
            read((replace(file, content=content),))
    with pytest.raises(zlib.error):
        uncompressed(replace(file, content=file.content[:-20]))
