"""Map a header's sequence fields to the localisation family; refuse other than unedited single-voxel scans.

A sequence field holds the name of a sequence, as the scanner or its programmer wrote it: it is believed when the tables
(fitting/data/sequence_names.csv) have exactly that name, whatever its case and separators, and beside its folder, echo
time and release. An unknown name is not guessed from. Names typed by hand are free text: see ``free_text``.
Even a sequence field may hold what was typed: only words that name sequences are shown or kept.
"""

from __future__ import annotations

import re

from fitting.errors import UnsupportedData
from fitting.io.sequence_table import FAMILIES, REFUSED, is_silent, kinds_in, named, vocabulary

_SHORTEST = 4
"""Letters of a word of the tables that is shown wherever it stands: shorter ones may be initials."""

_SHORT = frozenset({"svs", "eja", "dkd", "sv", "csi", "gsh", "jde"})
_NEVER_ALONE = frozenset({"laser", "univ"})
_AFTER_ONE = re.compile(r"[a-z]?p|s|sl|se|st|ed|laser|t|ms|(te|tr|tm)?\d{1,3}(ms)?", re.I)
"""Meaningful only beside such a word: alone it may be an initial, or a part of a date."""


def localisation(*fields: str | None) -> str | None:
    """Localisation family (``PRESS``, ``STEAM``, ``sLASER``, ``SPECIAL``) by a header's sequence fields, or None.

    Parameters
    ----------
    *fields : str or None
        The most authoritative first; the first that names more than single-voxel spectroscopy decides, even when its
        name is unknown.

    Raises
    ------
    UnsupportedData
        When any of them is the name of an editing, two-dimensional or spectroscopic-imaging sequence, or has a word
        that names one.
    """
    texts = [without_folder(field) for field in fields if field]
    for text in texts:
        refuse_kind(text, _kind(text))
    family = next((_kind(text) for text in texts if not is_silent(text)), None)
    return family if family in FAMILIES else None


def without_folder(field: str) -> str:
    """The name of a sequence without the folder of the scanner it was loaded from."""
    return re.split(r"[\\/]", field.strip(" \"'"))[-1]


def _kind(text: str) -> str | None:
    exact = named(text)
    return exact or next((kind for _, kind in kinds_in(text) if kind in REFUSED), None)


def refuse_kind(text: str, kind: str | None) -> None:
    """Refuse a sequence by its ``kind``, quoting the public words of its name.

    Raises
    ------
    UnsupportedData
    """
    if kind is not None and kind in REFUSED:
        shown = public_name(text)
        what = "The sequence" if shown is None else f"Sequence '{shown}'"
        raise UnsupportedData(
            f"{what} is {REFUSED[kind]}; only unedited single-voxel spectra can be analysed.", sequence=shown
        )


def public_name(name: str | None) -> str | None:
    """The words of a name that name sequences, spelled as in the file; None when there are none."""
    text, shown = name or "", ""
    end, is_kept, is_number = 0, True, False
    for word in re.finditer(r"[^\W_]+", text):
        follows, between = shown and is_kept, text[end : word.start()]
        is_second_number, is_number = is_number and word[0][-1].isdigit(), word[0][-1].isdigit()
        is_kept = _names_sequence(text, word) or bool(
            follows and not is_second_number and _AFTER_ONE.fullmatch(word[0])
        )
        if is_kept:
            shown += (between if follows or not end else " ") + word[0]
        end = word.end()
    return shown.strip() or None


def _names_sequence(text: str, word: re.Match[str]) -> bool:
    lower = word[0].lower()
    if lower == "semi":
        return re.match(r"[\W_]+laser(?![^\W_])", text[word.end() :], re.I) is not None
    known = lower in vocabulary() and lower not in _NEVER_ALONE and (len(lower) >= _SHORTEST or lower in _SHORT)
    return known or next(kinds_in(lower), None) is not None
