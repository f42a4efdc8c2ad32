"""Bruker parameter files (JCAMP-DX 4.24): the labelled values that are asked for; nothing else is kept."""

from __future__ import annotations

import re

from fitting.errors import DamagedFile
from fitting.io.limits import refuse_above
from fitting.io.source import SourceFile

_TITLE = b"##TITLE=Parameter List"
_END = re.compile(rb"^##END=", re.M)
_MOST_BYTES = 16 * 1024**2
"""Those in use take up to a megabyte; a reference scan may stand among them as numbers."""
_MEMBERS = re.compile(r"@(\d{1,9})\*\(([^()]*)\)|(\S+)")
_MOST_MEMBERS = 64
"""Of an array that is asked for; those have up to eight."""
_SHAPE = re.compile(r"^\(\s*[\d\s,]+\)\s*")


def is_parameter_file(file: SourceFile) -> bool:
    """Whether the file is a ParaVision parameter file. Never raises."""
    return file.content[:256].lstrip().startswith(_TITLE)


def has_label(file: SourceFile, label: str) -> bool:
    """Whether a parameter file has a label."""
    return re.search(rb"^##\$" + label.encode() + rb"=", file.content, re.M) is not None


class Parameters:
    """Values of some labels of one or several parameter files.

    Raises
    ------
    DamagedFile, OversizedFile
        When a file lacks its end mark or is too long.
    """

    def __init__(self, *files: SourceFile) -> None:
        for file in files:
            if len(file.content) > _MOST_BYTES:
                refuse_above(file, "is a long parameter file", _MOST_BYTES, "bytes")
            if _END.search(file.content[-4096:]) is None:
                raise DamagedFile(
                    f"The parameter file '{file.name}' has no end (##END=); copy it from the scanner again.",
                    file=file.name,
                )
        self._contents = [file.content for file in files]
        self._name = files[0].name

    def text(self, label: str) -> str | None:
        """A value without its shape and brackets; None when no file has it or it is empty."""
        for content in self._contents:
            found = re.search(rb"^##\$" + label.encode() + rb"=([^\r\n]*(?:\r?\n(?!##|\$\$)[^\r\n]*)*)", content, re.M)
            if found is not None:
                value = _SHAPE.sub("", found[1].decode("latin-1").strip())
                return value.strip().strip("<>").strip() or None
        return None

    def numbers(self, label: str) -> list[str]:
        """The members of an array, as texts; ``@8*(0)`` is eight zeros.

        Raises
        ------
        DamagedFile
            When there are more than any array has that is asked for.
        """
        members: list[str] = []
        for found in _MEMBERS.finditer(self.text(label) or ""):
            repeats = int(found[1] or 1)
            if len(members) + repeats > _MOST_MEMBERS:
                raise DamagedFile(
                    f"The parameter file '{self._name}' has more than {_MOST_MEMBERS} members in {label}; copy it from "
                    "the scanner again.",
                    file=self._name,
                )
            members += [found[2] if found[1] else found[3]] * repeats
        return members

    def first(self, *labels: str) -> str | None:
        """The first member of the first of these labels that has one."""
        return next((members[0] for label in labels if (members := self.numbers(label))), None)
