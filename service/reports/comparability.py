"""Text of the differences between two sessions, which ``fitting.follow_up.comparable`` determines."""

from __future__ import annotations

from dataclasses import dataclass

from fitting import follow_up
from fitting.analysis import Analysis
from service.reports.texts import text, text_or


@dataclass(frozen=True, slots=True)
class DifferenceInWords:
    """One difference between two sessions, in words."""

    name: str
    earlier: str
    later: str


def differences(earlier: Analysis, later: Analysis) -> tuple[DifferenceInWords, ...]:
    """All differences in acquisition or processing of two sessions; empty when they may be compared."""
    return tuple(in_words(item) for item in follow_up.differences(earlier, later))


def in_words(item: follow_up.Difference) -> DifferenceInWords:
    """One difference, formatted for display."""
    return DifferenceInWords(text(f"compare.{item.code}"), _word(item.code, item.earlier), _word(item.code, item.later))


def _word(code: str, value: str | None) -> str:
    if value is None:
        return text("missing.not_given")
    return text_or(f"hemisphere.{value}", value) if code == "hemisphere" else value
