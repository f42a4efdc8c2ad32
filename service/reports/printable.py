"""Restrict text to the glyphs of the PDF's fonts: PDF/UA refuses a document with a missing glyph."""

from __future__ import annotations

import unicodedata
from typing import Any

SHOWN = (
    *((0x20, 0x7E), (0xA0, 0xAC), (0xAE, 0x2FF), (0x370, 0x377), (0x37A, 0x37F), (0x384, 0x38A), (0x38E, 0x3A1)),
    *(
        (0x3A3, 0x482),
        (0x48A, 0x4FF),
        (0x5D0, 0x5EA),
        (0x5F3, 0x5F4),
        (0x606, 0x60C),
        (0x621, 0x63A),
        (0x640, 0x64A),
        (0x660, 0x66D),
    ),
    *((0x6F0, 0x6F9), (0x1E00, 0x1EFF), (0x2010, 0x2027), (0x2030, 0x2040), (0x2044, 0x2052), (0x2054, 0x205E)),
    *((0x2070, 0x2071), (0x2074, 0x208E), (0x20A0, 0x20BF), (0x2100, 0x211E), (0x2126, 0x2151), (0x2153, 0x2184)),
    *((0x2190, 0x22FF), (0x25A0, 0x25FF)),
)
"""Ranges of letters, digits and signs that the fonts typst brings cover without a gap: Latin, Greek, Cyrillic, Hebrew,
basic Arabic and mathematics. The fonts of the machine are not used, so that the same input gives the same bytes."""

ISOLATES = ("\N{FIRST STRONG ISOLATE}", "\N{POP DIRECTIONAL ISOLATE}")


def isolated(words: str) -> str:
    """Words from right to left set apart, so that a date or number after them keeps its place (UAX #9)."""
    if any(unicodedata.bidirectional(character) in ("R", "AL") for character in words):
        return words.join(ISOLATES)
    return words


def printable(words: str) -> str:
    """The text with missing glyphs as code points, such as ``[U+5F20]``, and control characters as spaces."""
    return "".join(_shown(character) for character in unicodedata.normalize("NFC", words))


def printable_words(value: Any) -> Any:
    """The same for every string in nested lists and dictionaries."""
    match value:
        case str():
            return printable(value)
        case dict():
            return {key: printable_words(item) for key, item in value.items()}
        case list() | tuple():
            return [printable_words(item) for item in value]
        case _:
            return value


def _shown(character: str) -> str:
    code = ord(character)
    if character in ("\n", *ISOLATES) or any(low <= code <= high for low, high in SHOWN):
        return character
    if unicodedata.category(character) in ("Cc", "Cf", "Zl", "Zp", "Zs"):
        return " " if character != "\N{SOFT HYPHEN}" else ""
    return f"[U+{code:04X}]"
