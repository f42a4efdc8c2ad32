"""Reasons: a code for programs and a sentence for people."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Reason:
    """A code for programs and a sentence for people."""

    code: str
    """For programs."""
    sentence: str
    """For people."""


@dataclass(frozen=True, slots=True)
class Absence:
    """Reason for the absence of a z-score."""

    code: str
    """For programs."""
    sentence: str
    """For people."""
