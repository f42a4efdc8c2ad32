"""What an analysis of a cohort gives: items of the answer, cautions and families of tests."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

from fitting.cohort.planning.plan import PlanSection
from fitting.reason import Reason
from fitting.statistics.multiplicity import FALSE_DISCOVERY_RATE, q_values

Item = dict[str, Any]
"""One item of the answer; its fields are described in ``fitting/data/cohort_fields.toml``."""


@dataclass(frozen=True, slots=True)
class Caution:
    """What to keep in mind when the answer is read."""

    code: str
    sentence: str
    where: str | None = None


@dataclass(frozen=True, slots=True)
class Family:
    """Tests that are judged together."""

    name: str
    items: tuple[Item, ...]
    """With ``p``; those that were refused are not among them."""

    def summary(self, alpha: float) -> Item:
        """How many tests, how many found by chance, how many found."""
        p = [item["p"] for item in self.items if item.get("p") is not None]
        return {
            "name": self.name,
            "tests": len(p),
            "expected_by_chance": len(p) * alpha,
            "found_p": sum(value < alpha for value in p),
            "found_q": sum(item["q"] < FALSE_DISCOVERY_RATE for item in self.items if item.get("q") is not None),
        }


@dataclass(frozen=True, slots=True)
class Findings:
    """Answer of one analysis."""

    items: tuple[Item, ...]
    cautions: tuple[Caution, ...] = ()
    families: tuple[Family, ...] = ()


@dataclass(frozen=True, slots=True)
class CohortAnalysis:
    """A registered analysis: the section of the plan that asks for it, and the function that answers."""

    section: PlanSection
    answer: str
    """Key of its items in the answer."""
    title: str
    """Heading in reports."""
    method: str
    """Sentence of the methods paragraph, written when an item was answered; may name ``covariates``, ``given`` and
    ``permutations``."""
    run: Callable[[Any, Sequence[Any]], Findings]
    """``run(cohort, settings)`` with the settings of every table of its section."""
    statement: Callable[[Item, Item], str | None] = field(default=lambda _item, _context: None)
    """Sentence for one item; the context holds the names of the groups."""
    estimate: tuple[str, ...] = ("", "", "", "", "", "")
    """Fields of an item that hold the estimate, its interval, the effect and its interval; empty where it has none."""
    p: str = "p"
    """Field of an item that holds the probability."""


def refused(item: Item, reason: Reason) -> Item:
    """The item with the reason why it holds no numbers."""
    return {**item, "refused": {"code": reason.code, "sentence": reason.sentence}}


def with_q(items: Sequence[Item]) -> None:
    """Write Benjamini–Hochberg q values into the items that have a p, as one family."""
    tested = [item for item in items if item.get("p") is not None]
    if tested:
        for item, q in zip(tested, q_values([item["p"] for item in tested]), strict=True):
            item["q"] = q
