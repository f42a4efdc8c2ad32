"""Whether chosen analyses can be controls together: each doubt with its sentence, so that it can be left out."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Protocol

from fitting.sites.admission import HEALTHY
from service.pages.frame import room


class ChosenControl(Protocol):
    """What the check needs of one analysis."""

    @property
    def id(self) -> str: ...
    @property
    def subject(self) -> str: ...
    @property
    def group(self) -> str: ...
    @property
    def region(self) -> str: ...
    @property
    def scanner(self) -> str: ...
    @property
    def protocol(self) -> str: ...
    @property
    def verdict(self) -> str: ...
    @property
    def is_unfinished(self) -> bool: ...


def doubts(chosen: Sequence[ChosenControl]) -> Mapping[str, str]:
    """By id, why an analysis should be left out; the first of a person in a region counts, the others are repeats."""
    ways = Counter((item.scanner, item.protocol) for item in chosen if item.verdict)
    usual = ways.most_common(1)[0][0] if ways else ("", "")
    seen: set[tuple[str, str]] = set()
    found: dict[str, str] = {}
    for item in chosen:
        person = (item.subject or item.id, item.region)
        reason = _reason(item, usual, is_repeat=person in seen)
        if reason:
            found[item.id] = reason
        else:
            seen.add(person)
    return found


def _reason(item: ChosenControl, usual: tuple[str, str], *, is_repeat: bool) -> str:
    way = ", ".join(filter(None, usual))
    rules = (
        (item.is_unfinished, "unfinished"),
        (not item.verdict, "no_result"),
        (item.verdict != "yes", "not_usable"),
        (bool(item.group) and item.group.lower() not in HEALTHY, "not_healthy"),
        (not item.region, "no_region"),
        (is_repeat, "repeated"),
        ((item.scanner, item.protocol) != usual, "unlike"),
    )
    return next((room(f"controls.{name}", group=item.group, usual=way) for broken, name in rules if broken), "")
