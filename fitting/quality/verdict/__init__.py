"""Whether a spectrum, and each metabolite in it, may be interpreted: cited rules over measured numbers."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from fitting.model.result import Fit
from fitting.preprocessing.referencing import Pattern
from fitting.quality import Quality
from fitting.quality.verdict.basis_scale import NONE_OFF_SCALE, concerned
from fitting.quality.verdict.metabolites import cautions
from fitting.quality.verdict.rules import Rule, measured, rules
from fitting.quality.verdict.usable import ORDER, Usable, Verdict, worst
from fitting.quantification.concentrations import Quantity
from fitting.reason import Reason

__all__ = ["Judgement", "Rule", "judge", "rules"]

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
"""Effect on the verdict of a spectrum that could not be referenced."""

WITHIN = Reason(
    "within-limits", "Linewidth, signal-to-noise ratio and residual are within the limits for interpretation."
)


@dataclass(frozen=True, slots=True)
class Judgement:
    """The verdict on the spectrum and on each quantity in it."""

    spectrum: Verdict
    metabolites: dict[str, Verdict]
    water_scale: Reason | None
    """Reason why concentrations cannot be right though ratios may be; None without one."""


@dataclass(frozen=True, slots=True)
class _Fired:
    usable: Usable
    reason: Reason
    spares: tuple[str, ...] = ()


def judge(
    fit: Fit,
    quality: Quality,
    quantities: tuple[Quantity, ...],
    *,
    pattern: Pattern = "found",
    doubts: Sequence[Reason] = (),
    remarks: Sequence[Reason] = (),
    off_scale: Mapping[str, float] = NONE_OFF_SCALE,
    echo_time: float | None = None,
) -> Judgement:
    """Verdict on one fitted spectrum: the worst rule that fires, every fired rule among the reasons.

    For each quantity only the strictest rule that fires is reported.

    Parameters
    ----------
    fit : Fit
    quality : Quality
    quantities : tuple of Quantity
    pattern : {"found", "ambiguous", "absent"}
        Whether brain peaks were found where the axes put them; without them peaks cannot be assigned.
    doubts : sequence of Reason
        Where request, file and data disagree about the scan.
    remarks : sequence of Reason
        Remarks reported beside the verdict without limiting it; last among the reasons.
    off_scale : mapping of str to float
        ``BasisSet.off_scale``: limits the values it concerns, and the spectrum only where it concerns tCr.

    echo_time : float, optional
        Of the scan, s: some rules are about short ones only.

    Returns
    -------
    Judgement
        A metabolite is as usable as the worst rule that does not spare it, and no better than it is by itself.
    """
    fired = [*_of_the_fit(fit), *_of_what_is_seen(quantities)]
    if pattern != "found":
        fired.append(_Fired(*NOT_REFERENCED[pattern]))
    fired += [_Fired("limited", reason) for reason in doubts]
    numbers = measured(quality, quantities, echo_time)
    reported: set[tuple[str, bool]] = set()
    for rule in rules():
        reason = rule.reason(numbers)
        side = (rule.quantity, rule.above is not None)
        if reason is not None and side not in reported:
            reported.add(side)
            everyone = tuple(quantity.name for quantity in quantities)
            fired.append(_Fired(rule.usable, reason, everyone if rule.touches == "concentrations" else rule.spares))
    spoilt = concerned(off_scale, [quantity.name for quantity in quantities])
    fired.sort(key=lambda item: -ORDER.index(item.usable))
    reasons = tuple(item.reason for item in fired) or (() if "tCr" in spoilt else (WITHIN,))
    scale = {rule.code for rule in rules() if rule.touches == "concentrations"}
    unscaled = tuple(dict.fromkeys(spoilt.values()))
    usable = worst([*(item.usable for item in fired), "limited" if "tCr" in spoilt else "yes"])
    return Judgement(
        spectrum=Verdict(usable, (*reasons, *unscaled, *remarks)),
        metabolites=_each(fit, quantities, fired, spoilt),
        water_scale=next((item.reason for item in fired if item.reason.code in scale), None),
    )


def _each(
    fit: Fit, quantities: tuple[Quantity, ...], fired: Sequence[_Fired], spoilt: Mapping[str, Reason]
) -> dict[str, Verdict]:
    verdicts = {}
    for name, (alone, reasons) in cautions(fit, quantities).items():
        touching = [item for item in fired if name not in item.spares]
        if name in spoilt:
            touching.append(_Fired("limited", spoilt[name]))
        usable = worst([alone, *(item.usable for item in touching)])
        verdicts[name] = Verdict(usable, (*(item.reason for item in touching), *reasons))
    return verdicts


def _of_the_fit(fit: Fit) -> list[_Fired]:
    if fit.outcome.code == "converged":
        return []
    usable: Usable = "no" if fit.outcome.code == "failed" else "limited"
    return [_Fired(usable, Reason(f"fit-{fit.outcome.code.replace('_', '-')}", fit.outcome.sentence))]


def _of_what_is_seen(quantities: tuple[Quantity, ...]) -> list[_Fired]:
    if any(quantity.name == "tCr" and quantity.detected for quantity in quantities):
        return []
    return [_Fired("limited", Reason("no-creatine", "tCr is not visible, so ratios to it cannot be given."))]
