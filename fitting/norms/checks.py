"""What a site should know of its own controls: calibration, outliers and values that stand there twice."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass

from scipy import special

from fitting.norms.assessment import Absence
from fitting.norms.controls import FEWEST_CONTROLS, FEWEST_FOR_REGRESSION, ControlValue, sample_reference
from fitting.norms.position import LEVEL, t_test
from fitting.norms.site import Control, SiteNorm
from fitting.quantification.concentrations import Ratio
from fitting.subject import Subject, TissueFractions

NOMINAL = 1.0 - LEVEL


@dataclass(frozen=True, slots=True)
class Calibration:
    """Each control judged by the others: how many are flagged, and whether that is what 5 % may give."""

    metabolite: str
    """Metabolite or sum; ``*`` is all of them together."""
    n: int
    """Controls that were judged."""
    flagged: int
    """Controls outside the 95 % reference interval of the others."""
    share: float
    """``flagged`` over ``n``."""
    low: float
    """Lower end of the 95 % interval of the share (Clopper & Pearson 1934, doi:10.1093/biomet/26.4.404)."""
    high: float
    """Upper end."""
    consistent: bool
    """Is 5 % inside the interval?"""


@dataclass(frozen=True, slots=True)
class Outlier:
    """A control's value that is improbable beside the others, also when the largest of so many is looked for."""

    control: str
    """Id of the control."""
    metabolite: str
    """Metabolite or sum."""
    z: float
    """Position among the others."""
    p: float
    """Two-sided, times the number of controls (Bonferroni)."""


@dataclass(frozen=True, slots=True)
class Duplicate:
    """Two controls with the same values: perhaps one person twice."""

    controls: tuple[str, str]
    """Their ids."""
    metabolites: tuple[str, ...]
    """The values that agree to the last digit."""


@dataclass(frozen=True, slots=True)
class Checks:
    """Everything found; nothing is removed, for the site knows its controls and this program does not."""

    calibration: tuple[Calibration, ...]
    """By metabolite; the last entry is all together."""
    outliers: tuple[Outlier, ...]
    """Most improbable first."""
    duplicates: tuple[Duplicate, ...]
    """Pairs of controls that agree in every value both have."""


def check_norm(norm: SiteNorm) -> Checks:
    """Judge every control by the others, metabolite by metabolite, and look for outliers and duplicates.

    Leaving one out makes each judgement that of a new person; with exactly normal values 5 % are flagged whatever
    the number of controls. The entry of all metabolites together counts values of one person as if they were
    independent, so its interval is too narrow where they are correlated.
    """
    outliers: list[Outlier] = []
    calibration: list[Calibration] = []
    for metabolite in norm.metabolites:
        judged = [
            (control.id, *outcome)
            for control, outcome in zip(
                (control for control in norm.controls if metabolite in control.values),
                leave_one_out(norm.sample(metabolite)),
                strict=True,
            )
            if outcome is not None
        ]
        if not judged:
            continue
        calibration.append(calibrate(metabolite, (p < NOMINAL for _, _, p in judged)))
        outliers += [
            Outlier(name, metabolite, z, min(1.0, p * len(judged)))
            for name, z, p in judged
            if p * len(judged) < NOMINAL
        ]
    if len(calibration) > 1:
        flags = [True] * sum(item.flagged for item in calibration)
        calibration.append(calibrate("*", flags + [False] * (sum(item.n for item in calibration) - len(flags))))
    return Checks(tuple(calibration), tuple(sorted(outliers, key=lambda item: item.p)), tuple(_duplicates(norm)))


def leave_one_out(sample: tuple[ControlValue, ...]) -> list[tuple[float, float] | None]:
    """Z and two-sided p of each control against all others; None where the others cannot judge it."""
    outcomes: list[tuple[float, float] | None] = []
    if len(sample) < FEWEST_CONTROLS:
        return [None] * len(sample)
    adjust = len(sample) >= FEWEST_FOR_REGRESSION
    for index, control in enumerate(sample):
        others = sample[:index] + sample[index + 1 :]
        measured = Ratio(control.value, control.sd or 0.0)
        own = sample_reference("", others, _as_subject(control), adjust=adjust)
        if isinstance(own, Absence):
            outcomes.append(None)
            continue
        reference = own.reference(measured, sd_known=control.sd is not None)
        outcomes.append(((control.value - own.mean) / own.sd, t_test(control.value, reference)[1]))
    return outcomes


def calibrate(metabolite: str, flags: Iterable[bool]) -> Calibration:
    """Share of flags with its exact binomial interval."""
    listed = list(flags)
    n, flagged = len(listed), sum(listed)
    tail = (1.0 - LEVEL) / 2.0
    low = float(special.betaincinv(flagged, n - flagged + 1, tail)) if flagged else 0.0
    high = float(special.betaincinv(flagged + 1, n - flagged, 1.0 - tail)) if flagged < n else 1.0
    return Calibration(metabolite, n, flagged, flagged / n, low, high, low <= NOMINAL <= high)


def _duplicates(norm: SiteNorm) -> list[Duplicate]:
    """Pairs that agree in every value both have, if those are two or more."""
    found: list[Duplicate] = []
    same: dict[tuple[str, float], list[Control]] = defaultdict(list)
    for control in norm.controls:
        for name, measured in control.values.items():
            same[name, measured.value].append(control)
    suspects = {
        (first.id, second.id): (first, second)
        for group in same.values()
        for index, first in enumerate(group)
        for second in group[index + 1 :]
    }
    for first, second in suspects.values():
        common = [name for name in first.values if name in second.values]
        if len(common) > 1 and all(first.values[name].value == second.values[name].value for name in common):
            found.append(Duplicate((first.id, second.id), tuple(common)))
    return found


def _as_subject(control: ControlValue) -> Subject:
    tissue = None if control.gm is None else TissueFractions(control.gm, 1.0 - control.gm, 0.0)
    return Subject(age_years=control.age_years, sex=control.sex, tissue=tissue)
