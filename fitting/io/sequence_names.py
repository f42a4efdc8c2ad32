"""From a header's sequence or protocol name to the localisation family, refusing what is no single-voxel scan."""

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
            raise UnsupportedData(
                f"Sequence '{name}' is {kind}; only unedited single-voxel spectra can be analysed.", sequence=name
            )
    for family, pattern in _FAMILIES:
        if pattern.search(name):
            return family
    return None
