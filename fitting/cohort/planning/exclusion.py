"""Rules that leave out people or spectra: by pseudonym, signal-to-noise ratio or linewidth, never by a value."""

from __future__ import annotations

import operator
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from fitting.errors import FilterDependsOnValue, UnusablePlan

BY_PERSON = "participant_id"
BY_QUALITY = ("snr", "linewidth_hz")
"""Numbers of a spectrum that do not depend on the values compared."""
_COMPARISONS: dict[str, Callable[[float, float], bool]] = {
    "<": operator.lt,
    "<=": operator.le,
    ">": operator.gt,
    ">=": operator.ge,
}
_DEPENDENT = {"value", "sd", "crlb_percent", "crlb", "amplitude", "concentration", "ratio_tcr", "z_score", "detected"}
_RULE = re.compile(r"\s*(\w+)\s*(==|<=|>=|<|>)\s*('[^']*'|[-+.\w]+)\s*(?:#\s*(.*\S)\s*)?")


@dataclass(frozen=True, slots=True)
class Exclusion:
    """One rule with its reason."""

    column: str
    comparison: str
    limit: str | float
    reason: str
    text: str

    def excludes(self, person: str, quality: Mapping[str, float | str]) -> bool:
        """Whether a spectrum of this person with these numbers is left out."""
        if self.column == BY_PERSON:
            return person == self.limit
        value = quality.get(self.column)
        if not isinstance(value, float) or not isinstance(self.limit, float):
            return False
        return _COMPARISONS[self.comparison](value, self.limit)


def read_exclusion(text: str) -> Exclusion:
    """Read a rule such as ``participant_id == 'sub-012'  # moved`` or ``snr < 10  # too noisy``.

    Raises
    ------
    FilterDependsOnValue
        When the rule is about a value, its standard deviation or its bound: on a planted difference of −20 % of Gln, a
        limit of 20 % on the relative bound left −14 % of it.
    UnusablePlan
        When the rule has another form, or no reason.
    """
    found = _RULE.fullmatch(text)
    if found is None:
        raise UnusablePlan(f"exclude: '{text}' is not of the form \"snr < 10  # reason\".")
    column, comparison, limit, reason = found.groups()
    if column in _DEPENDENT or column.startswith("crlb"):
        raise FilterDependsOnValue(
            f"exclude: '{text}' depends on the values that are compared and would bias them; leave out people "
            f"({BY_PERSON}) or spectra by {' or '.join(BY_QUALITY)}."
        )
    if column not in (BY_PERSON, *BY_QUALITY) or (column == BY_PERSON) != (comparison == "=="):
        raise UnusablePlan(
            f"exclude: '{text}' cannot be used; write \"{BY_PERSON} == 'sub-012'  # reason\" or a limit on "
            f"{' or '.join(BY_QUALITY)}."
        )
    if not reason:
        raise UnusablePlan(f"exclude: '{text}' has no reason; write it after a #.")
    if column == BY_PERSON:
        return Exclusion(column, comparison, limit.strip("'"), reason, text)
    try:
        return Exclusion(column, comparison, float(limit), reason, text)
    except ValueError:
        raise UnusablePlan(f"exclude: '{limit}' in '{text}' is no number.") from None
