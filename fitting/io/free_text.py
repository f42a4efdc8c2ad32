"""Sequence words in free text of a header: scan, protocol or series names, which are typed by hand.

Only whole words of fitting/data/sequence_words.csv count, and they are only reported: "Depression" names no PRESS, and
a study called "Steam" no STEAM. Philips SPAR files have no field for the sequence. There the scan's name counts as a
sequence name when it has the form of one: only words of sequences (``SV_PRESS_30``), or with the family before the echo
time that the header has (``Omega3 ACC PRESS 35``, ``PRESS PAR 35``).
"""

from __future__ import annotations

from collections.abc import Iterable
from itertools import pairwise

from fitting.acquisition import FreeText
from fitting.io.sequence_names import refuse_kind
from fitting.io.sequence_table import REFUSED, kinds_in, says_nothing, words_of

_PLACES = frozenset({
    "acc", "pcc", "mcc", "dacc", "pacc", "ofc", "mpfc", "dlpfc", "vmpfc", "pfc", "occ", "par", "ins", "hip", "hipp",
    "thal", "bg", "m1", "s1", "v1", "sma", "cb", "gm", "wm", "left", "right", "l", "r", "lh", "rh", "brain", "head",
})  # fmt: skip
"""Regions and sides as scans are labelled; fitting/data/norms/regions.toml has the first in full."""

_FAMILIES = ("PRESS", "STEAM", "sLASER")
"""Families that free text can name. SPECIAL cannot: it is an English word."""

_INVERSION = frozenset({"ti", "ir"})
_PARTS = frozenset({"semi", "laser"})


def free_text(*texts: str | None) -> FreeText:
    """Combined result of all free texts of one header."""
    found = [list(kinds_in(text)) for text in texts if text]
    families = _families(kind for pairs in found for _, kind in pairs)
    return FreeText(families, editing=next(filter(None, map(_editing, found)), None))


def named_by_scan(scan_name: str | None, echo_time: float | None) -> str | None:
    """Localisation family that the name of a scan stands for, in a format without a field for the sequence; or None.

    Parameters
    ----------
    scan_name : str or None
    echo_time : float or None
        The header's, s.

    Raises
    ------
    UnsupportedData
        When the name is nothing but that of an edited, two-dimensional or imaging sequence, localisation included.
    """
    text = scan_name or ""
    found = list(kinds_in(text))
    families = _families(kind for _, kind in found)
    refused = [kind for _, kind in found if kind in REFUSED]
    untechnical = {word for word in words_of(text) if not _is_technical(word)}
    if families and untechnical <= _PLACES:
        refuse_kind(text, next((kind for kind in refused if kind != "target"), None))
    if refused or len(families) != 1:
        return None
    return families[0] if not untechnical or _beside_echo_time(text, families[0], echo_time) else None


def _families(kinds: Iterable[str]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(kind for kind in kinds if kind in _FAMILIES))


def _editing(found: list[tuple[str, str]]) -> str | None:
    """The word that names editing; the metabolite that is edited is one only beside a localisation family."""
    telling = ("editing", "target") if _families(kind for _, kind in found) else ("editing",)
    return next((word for word, kind in found if kind in telling), None)


def _is_technical(word: str) -> bool:
    return says_nothing(word) or word in _INVERSION | _PARTS or next(kinds_in(word), None) is not None


def _beside_echo_time(text: str, family: str, echo_time: float | None) -> bool:
    """Whether the word that names the family is followed by the header's echo time in ms, a region between or not."""
    if echo_time is None:
        return False
    stated = f"{1e3 * echo_time:.0f}"
    found = [word for word in words_of(text) if word not in _PLACES]
    return any(
        after in (stated, f"te{stated}", f"{stated}ms") and (family.lower() == before or before == "laser")
        for before, after in pairwise(found)
    )
