"""The reviewed tables of sequence names and of words that name a kind of sequence, and how a text is cut into words."""

from __future__ import annotations

import csv
import re
from collections.abc import Iterator, Mapping
from functools import cache
from importlib.resources import files

FAMILIES = ("PRESS", "STEAM", "sLASER", "SPECIAL")
"""Kinds that are localisation families; the others are refused."""

REFUSED: Mapping[str, str] = {
    "editing": "spectral editing (MEGA, HERMES, HERCULES)",
    "target": "spectral editing (MEGA, HERMES, HERCULES)",
    "J-resolved": "two-dimensional J-resolved spectroscopy",
    "imaging": "spectroscopic imaging (MRSI/CSI)",
}
"""Description of each refused kind. A ``target`` is a metabolite that is edited: a sequence is called after it for
that, a study may be for another reason."""

_DECORATION = re.compile(
    r"\d{1,4}(?:ms|mm|t)?"  # echo time, size, field
    r"|t[erm]\d{0,4}(?:ms)?|ms|t"
    r"|v\d\w{0,3}|v?[bde]\d\d[a-z]?|(?:nx?|m)?x?a\d\d[a-z]?|vx|r\d{1,3}[a-z]?|rev\d{0,3}|c2p|wip\d{0,4}",
    re.I,
)
"""States timing or release of a sequence, not its kind: ``30``, ``te30``, ``ve11c``."""

_NEUTRAL = frozenset({"svs", "sv", "mrs", "1h", "h1", "single", "voxel", "spectroscopy"})
"""Words for single-voxel spectroscopy, which every reader has already established."""


_LONGEST = 5
"""Words of the longest known name."""


def words_of(text: str) -> tuple[str, ...]:
    """The words of a text in lower case: letters and digits between anything else."""
    return tuple(word.lower() for word in re.findall(r"[^\W_]+", text))


@cache
def names() -> Mapping[str, str]:
    """Kind of each known sequence by its name, joined: separators and case do not matter."""
    return {"".join(words_of(row["name"])): row["kind"] for row in _rows("sequence_names.csv")}


@cache
def words() -> Mapping[str, str]:
    """Kind by word that names one wherever it stands."""
    return {row["word"]: row["kind"] for row in _rows("sequence_words.csv")}


@cache
def vocabulary() -> frozenset[str]:
    """Every word that occurs in a known name or names a kind."""
    parts = (word for row in _rows("sequence_names.csv") for word in words_of(row["name"]))
    return frozenset(parts) | words().keys() | {"svs", "sv", "spectroscopy"}


def is_decoration(word: str) -> bool:
    """Whether a word of a sequence's name states only its timing or release."""
    return _DECORATION.fullmatch(word) is not None


def named(text: str) -> str | None:
    """Kind of the sequence that a text names exactly, decorations left out; None when the tables have no such name."""
    core = [word for word in words_of(text) if not is_decoration(word)]
    for candidate in (words_of(text), core, [word for word in core if word not in _NEUTRAL]):
        if kind := names().get("".join(candidate)):
            return kind
    return None


def is_silent(text: str) -> bool:
    """Whether a text names only single-voxel spectroscopy."""
    return all(says_nothing(word) for word in words_of(text))


def says_nothing(word: str) -> bool:
    """Whether a word is a decoration or names only single-voxel spectroscopy."""
    return word in _NEUTRAL or is_decoration(word)


def kinds_in(text: str) -> Iterator[tuple[str, str]]:
    """Words that name a kind, with it: whole ones, those that make up one (``megapress``), known names of several."""
    found = words_of(text)
    for at, word in enumerate(found):
        yield from ((part, words()[part]) for part in _parts(word))
        for end in range(at + 2, min(at + _LONGEST, len(found)) + 1):
            together = "".join(found[at:end])
            if together in names():
                yield together, names()[together]


@cache
def _compound() -> tuple[re.Pattern[str], re.Pattern[str]]:
    word = "|".join(sorted(map(re.escape, words()), key=len, reverse=True))
    return re.compile(rf"(?:{word})+\d*"), re.compile(word)


def _parts(word: str) -> list[str]:
    """The known words that a word is composed of entirely; a number may follow."""
    whole, part = _compound()
    return part.findall(word) if whole.fullmatch(word) else []


def _rows(table: str) -> list[dict[str, str]]:
    text = files("fitting").joinpath("data", table).read_text(encoding="utf-8")
    return list(csv.DictReader(text.splitlines()))
