"""Interface of a reader: named bytes in, one Recording out."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import NamedTuple

from fitting.acquisition import Recording


@dataclass(frozen=True, slots=True)
class SourceFile:
    """One file as it arrived; ``name`` is used for messages and companions, never for sniffing alone."""

    name: str
    content: bytes


Files = tuple[SourceFile, ...]
"""A spectrum as it arrived: one file, or a file with its companions (SDAT + SPAR)."""


class Reader(NamedTuple):
    """One format: how to recognise it by content and how to read it.

    ``recognises`` is cheap, looks at content and never raises; ``read`` raises ``UnreadableSpectrum``
    (with format, file name and what to do) and nothing else.
    """

    name: str
    """Identifier, such as ``siemens_rda``; appears as ``acquisition.format``."""
    title: str
    """Display name, such as ``Siemens RDA``."""
    recognises: Callable[[Files], bool]
    read: Callable[[Files], Recording]
