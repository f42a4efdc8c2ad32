"""The header of a GE P-file: where each revision keeps its fields (sources: see ``ge_pfile``)."""

from __future__ import annotations

import struct
from dataclasses import dataclass
from typing import NamedTuple

from fitting.errors import DamagedFile
from fitting.io.sequence_names import without_folder
from fitting.io.source import SourceFile


class HeaderLayout(NamedTuple):
    """Byte offsets of the fields of a header revision."""

    first_revision: float
    """The layout holds from here up to the next layout's first revision."""
    counts: int
    """Offset of the frame counts of ``rdb_hdr_rec`` from their place in revision 9."""
    receiver: int
    """The same for the receiver and user fields."""
    data: tuple[int, bool]
    """Start of the samples, or where its pointer stands (True)."""
    image: tuple[int, bool]
    """Start of the image header, or where its pointer stands (True)."""
    tr: int
    te: int
    psd_name: int
    user8: int
    """Within the image header: int, int (microseconds), text, and the first of three edge lengths (float, mm), which
    three coordinates of the centre follow."""
    corners: int | None
    """The same of the nine coordinates of the slice's corners; None where their place is unpublished."""


LAYOUTS = (
    HeaderLayout(9.0, 0, 0, (61464, False), (59928, False), 200, 208, 320, 456, 160),
    HeaderLayout(11.0, 0, 0, (66072, False), (64536, False), 488, 496, 838, 84, None),
    HeaderLayout(14.0, 0, 0, (1468, True), (1504, True), 712, 720, 1272, 148, 480),
    HeaderLayout(16.0, 0, 0, (1468, True), (1504, True), 760, 768, 1320, 196, 528),
    HeaderLayout(20.0, 0, 0, (1468, True), (1504, True), 1056, 1064, 1632, 388, 720),
    HeaderLayout(26.0, 76, 64, (4, True), (40, True), 1056, 1064, 1632, 388, 720),
)
LAST_REVISION = 32.0
"""The first that is not read. Revision 31 (MR31) has a longer prescan header, which its pointers step over
(spec2nii 0.8.15)."""
_LOGOS = (b"GE_MED_NMR", b"INVALIDNMR")
_LOGO_PLACES = (34, 110)


@dataclass(frozen=True, slots=True)
class PfileHeader:
    """Typed access to the header's fields; every access raises ``DamagedFile`` where the file ends before it."""

    file: SourceFile
    order: str
    layout: HeaderLayout

    def field(self, kind: str, place: int) -> int | float:
        """The number of a ``struct`` kind at a place in the file."""
        try:
            value: int | float = struct.unpack_from(self.order + kind, self.file.content, place)[0]
        except struct.error as error:
            raise damaged(self.file, "ends within its header") from error
        return value

    def count(self, place: int) -> int:
        """A count of ``rdb_hdr_rec``, by its place in revision 9."""
        return int(self.field("H", place + self.layout.counts))

    def user(self, number: int) -> float:
        """The user variable ``rhuser<number>``."""
        return float(self.field("f", 216 + 4 * number + self.layout.receiver))

    def start(self, where: tuple[int, bool]) -> int:
        """Where a part of the file begins."""
        place, is_pointer = where
        start = int(self.field("i", place)) if is_pointer else place
        if not 0 < start < len(self.file.content):
            raise damaged(self.file, "points outside itself")
        return start

    def image(self, kind: str, place: int) -> int | float:
        """The number at a place of the image header."""
        return self.field(kind, self.start(self.layout.image) + place)

    def three(self, place: int) -> list[float]:
        """Three coordinates of the image header, mm."""
        return [float(self.image("f", place + 4 * axis)) for axis in range(3)]

    def psd_name(self) -> str | None:
        """Name of the pulse sequence."""
        start = self.start(self.layout.image) + self.layout.psd_name
        name = self.file.content[start : start + 33].split(b"\0")[0].decode("latin-1").strip()
        return (without_folder(name) or None) if name.isprintable() else None


def damaged(file: SourceFile, what: str) -> DamagedFile:
    """The refusal of a file that is not whole."""
    return DamagedFile(f"The GE P-file '{file.name}' {what}; copy it from the scanner again.", file=file.name)


def revision_of(content: bytes) -> tuple[str, float] | None:
    """Byte order and revision of the header, or None when this is no P-file."""
    if not any(content[place : place + 10] in _LOGOS for place in _LOGO_PLACES):
        return None
    for order in "<>":
        revision = float(struct.unpack_from(order + "f", content)[0])
        if 5 <= revision < 100:
            return order, round(revision, 3)
    return None
