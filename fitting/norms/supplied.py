"""Controls or published studies that somebody gives along with a value."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

from fitting.errors import ImplausibleParameter
from fitting.norms.assessment import Absence, Match, NormMatch
from fitting.norms.case import Case
from fitting.norms.controls import Controls, ControlValue, Summary
from fitting.norms.literature import Cohort, Norm, pool
from fitting.norms.pooling import FEWEST_POOLED
from fitting.norms.site import ECHO_TIME_TOLERANCE, nominal
from fitting.norms.software import same_software

SUPPLIED_ID = "supplied"


@dataclass(frozen=True, slots=True)
class Stated:
    """What is said of how the controls were measured; None is not said and taken to be as the value."""

    field_t: float | None = None
    echo_time: float | None = None
    sequence: str | None = None
    software: str | None = None
    unit: str | None = None


@dataclass(frozen=True, slots=True)
class SuppliedControls:
    """Individual values or their summary, from the laboratory that measured the value."""

    controls: Controls
    stated: Stated = Stated()


@dataclass(frozen=True, slots=True)
class SuppliedStudies:
    """Published groups of several laboratories: mean, SD and number of people of each."""

    studies: tuple[Summary, ...]
    stated: Stated = Stated()

    def norm(self, metabolite: str) -> Norm:
        """The groups pooled as published norms are.

        Raises
        ------
        ImplausibleParameter
            When there are fewer than two.
        """
        if len(self.studies) < FEWEST_POOLED:
            raise ImplausibleParameter("Pooling needs two studies or more.", parameter="controls")
        cohorts = tuple(
            Cohort(f"study {number}", "", "given with the value", item.mean, item.sd, item.n, None, False, False, ())
            for number, item in enumerate(self.studies, start=1)
        )
        return pool(cohorts, None, id=SUPPLIED_ID, region="", metabolite=metabolite, unit="tCr", field_t=0.0)


def check_supplied(supplied: SuppliedControls | SuppliedStudies) -> None:
    """Refuse values, standard deviations and numbers that no controls have.

    Raises
    ------
    ImplausibleParameter
    """
    given: Sequence[ControlValue | Summary]
    if isinstance(supplied, SuppliedStudies):
        given = supplied.studies
    else:
        given = [supplied.controls] if isinstance(supplied.controls, Summary) else supplied.controls
    for item in given:
        if isinstance(item, Summary) and (item.n < 2 or not 0.0 < item.sd < math.inf):
            raise ImplausibleParameter(
                f"Controls with mean {item.mean:g}, SD {item.sd:g} and n {item.n} cannot be: the SD must be above zero "
                "and n two or more.",
                parameter="controls",
            )
        if not math.isfinite(item.mean if isinstance(item, Summary) else item.value):
            raise ImplausibleParameter("A value of the controls is not finite.", parameter="controls")


def stated_conflict(stated: Stated, case: Case) -> Absence | None:
    """The first thing in which the controls are said to differ from the value, or None."""
    matches = stated_match(stated, case)
    for name in ("unit", "field", "echo_time", "sequence", "software"):
        if getattr(matches, name) == "no":
            words = name.replace("_", " ")
            return Absence(
                f"norm-{name.replace('_', '-')}-mismatch",
                f"The controls were not measured with the {words} of the value.",
            )
    return None


def stated_match(stated: Stated, case: Case) -> NormMatch:
    """For each property, whether the controls are said to match the value."""
    acquisition = case.acquisition
    field_t = None if stated.field_t is None else nominal(stated.field_t)
    echo: Match = "unknown"
    if stated.echo_time is not None and acquisition.echo_time is not None:
        echo = "yes" if abs(stated.echo_time - acquisition.echo_time) <= ECHO_TIME_TOLERANCE else "no"
    return NormMatch(
        field=_equal(field_t, acquisition.nominal_field_t),
        sequence=_equal(_folded(stated.sequence), _folded(acquisition.sequence)),
        echo_time=echo,
        age="unknown",
        unit="yes" if stated.unit is None else _equal(stated.unit, case.unit),
        software=same_software(case.software, stated.software),
    )


def _folded(name: str | None) -> str | None:
    return None if name is None else name.casefold()


def _equal(first: object, second: object) -> Match:
    if first is None or second is None:
        return "unknown"
    return "yes" if first == second else "no"
