"""From a header's sequence or protocol name to the localisation family, refusing what is no single-voxel scan.

Somebody typed a protocol's name, and it may have been a patient's: only words that name sequences are shown or kept.
"""

from __future__ import annotations

import re

from fitting.errors import UnsupportedData

_REFUSED: tuple[tuple[str, re.Pattern[str]], ...] = (
    (
        "spectral editing (MEGA, HERMES, HERCULES)",
        re.compile(r"mega|hermes|herc|mpress|svs_ed(?![a-z])|(?<!un)edit(?!ion)|^gaba$|hbcd|isthmus", re.I),
    ),
    ("two-dimensional J-resolved spectroscopy", re.compile(r"jpress|j-?res", re.I)),
    ("spectroscopic imaging (MRSI/CSI)", re.compile(r"mrsi|csi|epsi|eccentric", re.I)),
)

_FAMILIES: tuple[tuple[str, re.Pattern[str]], ...] = (
    ("sLASER", re.compile(r"s-?laser|semi-?laser|slaser", re.I)),
    ("SPECIAL", re.compile(r"special", re.I)),
    ("STEAM", re.compile(r"steam|probe-?s(?![a-z])|svs_st(?![a-z])", re.I)),
    ("PRESS", re.compile(r"press|probe-?p|svs_se(?![a-z])", re.I)),
)

_WORD = re.compile(
    # of the sequences above, and of the packages they come in: Siemens, CMRR (eja), dkd; GE; Philips; DICOM's technique
    r"(?:svs|eja|dkd|probe|sv|press|mpress|steam|slaser|semilaser|oslaser|special|spectroscopy|jpress|mega|hermes|hercules"
    r"|mrsi|csi|epsi|eccentric|isthmus|semi(?=[\W_]laser)|edit|edited|gaba|hbcd)(?![^\W_])",
    re.I,
)
_AFTER_ONE = re.compile(r"[a-z]?p|s|se|st|ed|laser|t|ms|(te|tr|tm)?\d{1,3}(ms)?", re.I)
"""Says something beside such a word only: alone it may be an initial, or a part of a date."""


def public_name(name: str | None) -> str | None:
    """The words of a sequence or protocol name that name sequences, as they were written; None when there are none."""
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
    found = _WORD.match(text, word.start())
    return found is not None and found.end() == word.end()


def localisation(name: str | None) -> str | None:
    """Localisation family (``PRESS``, ``STEAM``, ``sLASER``, ``SPECIAL``) of a header's sequence name, or None.

    Raises
    ------
    UnsupportedData
        For editing and spectroscopic-imaging sequences, by name.
    """
    if not name:
        return None
    for kind, pattern in _REFUSED:
        if pattern.search(name):
            shown = public_name(name)
            what = "The sequence" if shown is None else f"Sequence '{shown}'"
            raise UnsupportedData(
                f"{what} is {kind}; only unedited single-voxel spectra can be analysed.", sequence=shown
            )
    for family, pattern in _FAMILIES:
        if pattern.search(name):
            return family
    return None
