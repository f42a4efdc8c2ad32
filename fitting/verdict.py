"""Whether a spectrum may be interpreted: cited rules, kept as data, over measured quality and plausible ratios."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from functools import cache
from importlib import resources

from fitting.analysis import Quality, Reason, Usable, Verdict
from fitting.model.result import Fit
from fitting.preprocessing.referencing import Pattern
from fitting.quantification.concentrations import Quantity

BRAIN_METABOLITES = ("tNAA", "tCr", "tCho")
"""The three strongest signals of brain; without any of them there is no brain spectrum to interpret."""

NOT_REFERENCED: dict[Pattern, tuple[Usable, Reason]] = {
    "ambiguous": (
        "limited",
        Reason(
            "position-ambiguous",
            "The pattern of brain peaks fits at two positions about as well: peaks may be taken for others.",
        ),
    ),
    "absent": (
        "no",
        Reason(
            "not-referenced",
            "The pattern of brain peaks is not where dwell time and spectrometer frequency put it. Check both "
            "quantities and that the file is the water-suppressed spectrum of a brain.",
        ),
    ),
}
"""What it means for the verdict when the spectrum could not be referenced."""

NAA_RATIO = "tNAA/tCr"
"""Name, in the rules, of the one ratio of which every healthy brain region has much the same."""

_ORDER: tuple[Usable, ...] = ("yes", "limited", "no")


@dataclass(frozen=True, slots=True)
class Rule:
    """One limit on one measured number, with the verdict it leads to and its source."""

    code: str
    quantity: str
    usable: Usable
    sentence: str
    source: str
    above: float | None = None
    below: float | None = None

    def reason(self, measured: Mapping[str, float | None]) -> Reason | None:
        """The reason when the rule fires on the ``measured`` quantity, else None."""
        value = measured[self.quantity]
        limit = self.above if self.above is not None else self.below
        if value is None or limit is None:
            return None
        fires = value > limit if self.above is not None else value < limit
        return Reason(self.code, self.sentence.format(value=value, limit=limit)) if fires else None


@cache
def rules() -> tuple[Rule, ...]:
    """All shipped rules, strictest first for each quantity."""
    text = resources.files("fitting").joinpath("data/verdict_rules.toml").read_text(encoding="utf-8")
    return tuple(Rule(**row) for row in tomllib.loads(text)["rule"])


def judge(fit: Fit, quality: Quality, quantities: tuple[Quantity, ...], *, pattern: Pattern = "found") -> Verdict:
    """Verdict on one fitted spectrum: the worst rule that fires, every fired rule among the reasons.

    For each quantity only the strictest rule that fires is reported. ``pattern`` says whether brain peaks were found
    where the axes put them; without, nothing tells one peak from another.
    """
    fired: list[tuple[Usable, Reason]] = []
    if fit.outcome.code != "converged":
        usable: Usable = "no" if fit.outcome.code == "failed" else "limited"
        fired.append((usable, Reason(f"fit-{fit.outcome.code.replace('_', '-')}", fit.outcome.sentence)))
    found = {quantity.name for quantity in quantities if quantity.detected}
    absent = [name for name in BRAIN_METABOLITES if name not in found]
    if len(absent) == len(BRAIN_METABOLITES):
        fired.append(("no", Reason("no-brain-metabolites", "None of tNAA, tCr and tCho is visible in the spectrum.")))
    elif "tCr" in absent:
        fired.append(("limited", Reason("no-creatine", "tCr is not visible, so ratios to it cannot be given.")))
    if pattern != "found":
        fired.append(NOT_REFERENCED[pattern])
    measured = {**asdict(quality), NAA_RATIO: _naa_ratio(quantities)}
    reported: set[str] = set()
    for rule in rules():
        reason = rule.reason(measured)
        if reason is not None and rule.quantity not in reported:
            reported.add(rule.quantity)
            fired.append((rule.usable, reason))
    if not fired:
        sentence = "Linewidth, signal-to-noise ratio and residual are within the limits for interpretation."
        return Verdict("yes", (Reason("within-limits", sentence),))
    worst = max((usable for usable, _ in fired), key=_ORDER.index)
    return Verdict(worst, tuple(reason for _, reason in sorted(fired, key=lambda pair: -_ORDER.index(pair[0]))))


def _naa_ratio(quantities: tuple[Quantity, ...]) -> float | None:
    """tNAA/tCr where both are visible."""
    visible = {quantity.name: quantity for quantity in quantities if quantity.detected}
    ratio = visible["tNAA"].ratio_tcr if {"tNAA", "tCr"} <= visible.keys() else None
    return None if ratio is None else ratio.value
