"""Were both groups measured alike: field, sequence, echo and repetition time, program."""

from __future__ import annotations

from collections.abc import Mapping

from fitting.cohort.sample import Sample
from fitting.cohort.tables.table import Fact
from fitting.reason import Reason
from fitting.units import nominal_tesla

ACQUISITION = "acquisition"
"""Covariate that marks the combination of acquisition facts where several are in use."""
ECHO_TIME_STEP = 0.001
"""Echo times within 1 ms are alike, s."""
REPETITION_TIME_SHARE = 0.05
"""Repetition times within 5 % are alike."""
LABELS = {
    "field_t": "field",
    "sequence": "sequence",
    "echo_time": "echo time",
    "repetition_time": "repetition time",
    "software": "program",
}


def comparable(sample: Sample, reference: str, other: str) -> tuple[str, ...] | Reason | None:
    """None where all spectra were acquired alike, a mark for each person where both groups mix the same acquisitions.

    Returns
    -------
    Reason
        ``acquisition-differs`` when one group has a value that the other has not.
    """
    marks: list[list[str]] = [[] for _ in sample.people]
    groups = [person.group for person in sample.people]
    for name, label in LABELS.items():
        alike = _alike(name, sample.facts)
        by_group = {
            group: {value for value, whose in zip(alike, groups, strict=True) if whose == group and value is not None}
            for group in (reference, other)
        }
        if by_group[reference] and by_group[other] and by_group[reference] != by_group[other]:
            only = sorted(by_group[reference] ^ by_group[other])
            return Reason(
                "acquisition-differs",
                f"{sample.words}: {label} {', '.join(only)} occurs in one group only ({reference}: "
                f"{', '.join(sorted(by_group[reference]))}; {other}: {', '.join(sorted(by_group[other]))}), so a "
                "difference could be the scanner's.",
            )
        if len(by_group[reference] | by_group[other]) > 1:
            for mark, value in zip(marks, alike, strict=True):
                mark.append(f"{label} {value}")
    return tuple("; ".join(mark) for mark in marks) if any(marks) else None


def _alike(name: str, facts: tuple[Mapping[str, Fact], ...]) -> list[str | None]:
    """A word for each value, the same for values that are alike; None where it is unknown."""
    values = [item.get(name) for item in facts]
    if name == "repetition_time":
        return _clusters([value if isinstance(value, float) else None for value in values])
    return [None if value is None else _word(name, value) for value in values]


def _word(name: str, value: Fact) -> str:
    if name == "field_t" and isinstance(value, float):
        return f"{nominal_tesla(value):g} T"
    if name == "echo_time" and isinstance(value, float):
        return f"{1e3 * round(value / ECHO_TIME_STEP) * ECHO_TIME_STEP:.0f} ms"
    return str(value).strip().casefold()


def _clusters(values: list[float | None]) -> list[str | None]:
    starts: list[float] = []
    for value in sorted({value for value in values if value is not None}):
        if not starts or value > starts[-1] * (1.0 + REPETITION_TIME_SHARE):
            starts.append(value)
    return [None if value is None else f"{1e3 * max(s for s in starts if s <= value):.0f} ms" for value in values]
