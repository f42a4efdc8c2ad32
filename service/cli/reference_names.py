"""Names by which people and scanners tell a water reference from its spectrum."""

from __future__ import annotations

import re

from fitting.io.file_names import known_ending

_ADDED = re.compile(r"[ _.\-]?(?:ref|w|water|h2o|mrsref)\Z")
"""What is added to the name of a spectrum: ``scan`` and ``scan_ref``."""
_REPLACED = ((r"act", "ref"), (r"svs", "mrsref"), (r"met", "ref"), (r"sup", "unsup"))
"""Words that are replaced: Philips exports ``raw_act`` and ``raw_ref``; BIDS has ``svs`` and ``mrsref``."""
_WATER_ENDING = ".h2o"


def is_name_of_reference(name: str, spectrum: str) -> bool:
    """Whether ``name`` is that of the water reference of ``spectrum``; endings may differ, case does not count."""
    reference, base = _stem(name), _stem(spectrum)
    if reference == base:
        return known_ending(name) == _WATER_ENDING != known_ending(spectrum)
    added = _ADDED.search(reference)
    return (added is not None and reference[: added.start()] == base) or any(
        re.sub(rf"(?<![a-z]){word}(?![a-z])", other, base) == reference for word, other in _REPLACED
    )


def of_pattern(pattern: str, spectrum: str) -> str:
    """The name that ``{stem}`` and ``{suffix}`` of a pattern give for a spectrum.

    Raises
    ------
    ValueError
        When the pattern has other fields, or is a path.
    """
    ending = spectrum[len(_stem(spectrum)) :]
    try:
        name = pattern.format(stem=spectrum[: len(spectrum) - len(ending)], suffix=ending)
    except (KeyError, IndexError, ValueError, AttributeError):
        name = ""
    if not name or "/" in name or "\\" in name or "{stem}" not in pattern:
        raise ValueError(f"'{pattern}' is no name with {{stem}} and {{suffix}}")
    return name


def _stem(name: str) -> str:
    return name.lower()[: len(name) - len(known_ending(name))] or name.lower()
