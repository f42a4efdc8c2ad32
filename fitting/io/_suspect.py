"""The only importer of suspect, for the Siemens CSA header; it warns with header values, so it is silenced.

It is imported at the first such header: with what it brings it takes as long as the rest of this package together.
"""

from __future__ import annotations

import warnings
from collections.abc import Callable, Mapping
from functools import cache
from typing import Any, TypeVar

from fitting.errors import DamagedFile
from fitting.io.source import SourceFile

_Read = TypeVar("_Read")


def csa_header(content: bytes, file: SourceFile, title: str) -> Mapping[str, object]:
    """Fields of a Siemens CSA header (CSA1 or CSA2): numbers, text, or lists of them; absent ones are [].

    Raises
    ------
    DamagedFile
        When the header is cut off or inconsistent.
    """
    read = _reader()
    fields: Mapping[str, object] = _guarded(lambda: read(content), file, title)
    return fields


@cache
def _reader() -> Callable[[bytes], Any]:
    """The reader of CSA headers."""
    with warnings.catch_warnings():  # its sources hold invalid escape sequences, reported when first compiled
        warnings.simplefilter("ignore")
        from suspect.io.siemens import read_csa_header  # noqa: PLC0415 - see above
    read: Callable[[bytes], Any] = read_csa_header
    return read


def _guarded(read: Callable[[], _Read], file: SourceFile, title: str) -> _Read:
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            return read()
    except MemoryError:
        raise
    except Exception:  # suspect raises arbitrary exceptions on malformed bytes
        problem = DamagedFile(
            f"'{file.name}' is recognised as {title}, but its header or data are incomplete; "
            "export the spectrum from the scanner again.",
            file=file.name,
            format=title,
        )
    raise problem
