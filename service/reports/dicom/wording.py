"""Own words in the character set of the source, which the result keeps."""

from __future__ import annotations

from collections.abc import Sequence

from pydicom.charset import convert_encodings
from pydicom.dataset import Dataset

_PLAIN = {
    "\N{MINUS SIGN}": "-",
    "\N{EN DASH}": "-",
    "\N{EM DASH}": "-",
    "±": "+/-",
    "≤": "<=",
    "≥": ">=",
    "×": "x",
    "·": "*",
    "…": "...",
    "¹": "1",
    "²": "2",
    "³": "3",
    "µ": "u",
    "μ": "u",
    "γ": "gamma",
    "\N{NO-BREAK SPACE}": " ",
    "\N{NARROW NO-BREAK SPACE}": " ",
}
"""Signs of reports in ASCII, for character sets that lack them."""

LONGEST_NAME = 64
"""Characters of a Long String (VR LO)."""


class Wording:
    """Write text in the character set of a header."""

    def __init__(self, header: Dataset) -> None:
        stated = header.get("SpecificCharacterSet")
        sets = [stated] if isinstance(stated, str) else list(stated) if stated else ["ISO_IR 6"]
        self._encodings: Sequence[str] = convert_encodings([str(name) for name in sets])

    def text(self, words: str) -> str:
        """The words on one line; signs that the set lacks are spelled, and its missing letters are question marks."""
        return "".join(self._shown(character) for character in " ".join(words.split()))

    def name(self, words: str) -> str:
        """The same as a Long String: 64 characters at most, and no backslash, which would part two values."""
        return self.text(words).replace("\\", "/")[:LONGEST_NAME].strip()

    def _shown(self, character: str) -> str:
        if not character.isprintable():
            return " "
        if self._has(character):
            return character
        return _PLAIN.get(character, "?")

    def _has(self, character: str) -> bool:
        return any(_encodes(encoding, character) for encoding in self._encodings)


def _encodes(encoding: str, character: str) -> bool:
    try:
        character.encode("ascii" if encoding == "iso8859" else encoding)
    except UnicodeEncodeError:
        return False
    return True
