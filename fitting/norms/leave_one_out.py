"""Leave-one-out check of a site's controls: calibration, outliers and duplicates."""

from __future__ import annotations

import math
from collections import defaultdict
from dataclasses import dataclass, replace

from scipy import special

from fitting.norms.case import RATIO, Case, Context, scan
from fitting.norms.controls import FEWEST_CONTROLS, FEWEST_FOR_REGRESSION, Control, Controls
from fitting.norms.expectation import expect_of_people
from fitting.norms.laboratory_model import laboratory_of, noise_of
from fitting.norms.matching import find_norm
from fitting.norms.norm import Norm
from fitting.quantification.concentrations import Ratio
from fitting.reason import Absence
from fitting.request import Subject, TissueFractions
from fitting.statistics.distributions import LEVEL, binomial_interval
from fitting.statistics.single_case import t_test

NOMINAL = 1.0 - LEVEL


@dataclass(frozen=True, slots=True)
class Calibration:
    """Leave-one-out calibration: number of controls flagged, and whether it agrees with the nominal 5 %."""

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
    """Whether 5 % is inside the interval."""


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
    """Findings about the controls; none is removed, because only the site can decide about its controls."""

    calibration: tuple[Calibration, ...]
    """By metabolite; the last entry is all together."""
    outliers: tuple[Outlier, ...]
    """Most improbable first."""
    duplicates: tuple[Duplicate, ...]
    """Pairs of controls that agree in every value both have."""


def check_controls(controls: Controls) -> Checks:
    """Judge every control by the others, metabolite by metabolite, and look for outliers and duplicates.

    Leaving one out makes each judgement that of a new person; with exactly normal values 5 % are flagged whatever
    the number of controls. The entry of all metabolites together counts values of one person as if they were
    independent, so its interval is too narrow where they are correlated.
    """
    outliers: list[Outlier] = []
    calibration: list[Calibration] = []
    for metabolite in controls.metabolites:
        outcomes = zip(controls.having(metabolite), leave_one_out(controls, metabolite), strict=True)
        judged = [(person.id, *outcome) for person, outcome in outcomes if outcome is not None]
        if not judged:
            continue
        calibration.append(calibrate(metabolite, sum(p < NOMINAL for _, _, p in judged), len(judged)))
        outliers += [
            Outlier(name, metabolite, z, min(1.0, p * len(judged)))
            for name, z, p in judged
            if p * len(judged) < NOMINAL
        ]
    if len(calibration) > 1:
        calibration.append(
            calibrate("*", sum(item.flagged for item in calibration), sum(item.n for item in calibration))
        )
    return Checks(
        tuple(calibration), tuple(sorted(outliers, key=lambda item: item.p)), tuple(_duplicates(controls.people))
    )


def leave_one_out(controls: Controls, metabolite: str) -> list[tuple[float, float] | None]:
    """Z and two-sided p of each person against all others; None where the others cannot judge.

    As every value is: in the control model updated by the others, and where that has no prior, by the others alone,
    if they are 8 or more.
    """
    people = controls.having(metabolite)
    outcomes: list[tuple[float, float] | None] = []
    for index, person in enumerate(people):
        others = replace(controls, people=people[:index] + people[index + 1 :])
        outcomes.append(_against(others, person, metabolite))
    return outcomes


def _against(others: Controls, person: Control, metabolite: str) -> tuple[float, float] | None:
    """Position of one person among the others."""
    case = _as_case(person, others, metabolite)
    if others.people and case.measured.value > 0.0 and isinstance(find_norm(metabolite, case.context), Norm):
        laboratory = laboratory_of(case, others)
        z = laboratory.people.predictive(noise_of(case, laboratory)).deviate(math.log(case.measured.value))
        return z, 2.0 * float(special.ndtr(-abs(z)))
    if len(others.people) < FEWEST_CONTROLS - 1:
        return None
    adjust = len(others.people) + 1 >= FEWEST_FOR_REGRESSION
    expected = expect_of_people("", others.people, metabolite, case.context.subject, adjust=adjust)
    if isinstance(expected, Absence):
        return None
    reference = expected.reference(case.measured.on_one_scanner, sd_known=case.sd_known)
    return reference.z(case.measured.value), t_test(case.measured.value, reference)[1]


def calibrate(metabolite: str, flagged: int, n: int) -> Calibration:
    """Share of flagged controls with its exact binomial interval."""
    low, high = binomial_interval(flagged, n)
    return Calibration(metabolite, n, flagged, flagged / n, low, high, low <= NOMINAL <= high)


def _duplicates(people: tuple[Control, ...]) -> list[Duplicate]:
    """Pairs that agree in every value both have, if those are two or more."""
    found: list[Duplicate] = []
    same: dict[tuple[str, float], list[Control]] = defaultdict(list)
    for control in people:
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


def _as_case(control: Control, controls: Controls, metabolite: str) -> Case:
    """The control's value as that of a person to be judged."""
    tissue = None if control.gm is None else TissueFractions(control.gm, 1.0 - control.gm, 0.0)
    place = controls.subregion or controls.region
    subject = Subject(place, controls.hemisphere, control.age_years, control.sex, tissue)
    method, measured = controls.method, control.values[metabolite]
    return Case(
        metabolite,
        Ratio(measured.value, measured.sd or 0.0, measured.sd_scan),
        Context(
            subject, scan(method.field_t, method.echo_time, method.sequence), method.software, method.unit or RATIO
        ),
        sd_known=measured.sd is not None,
    )
