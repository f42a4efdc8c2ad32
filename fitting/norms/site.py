"""A site's own controls as a norm: who they are, how they were measured, and what is refused."""

from __future__ import annotations

import hashlib
import json
import math
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass

from fitting.errors import ImplausibleParameter, UnusableControls
from fitting.norms.controls import FEWEST_CONTROLS, ControlValue
from fitting.norms.regions import Place, find_region, regions
from fitting.units import PROTON_GAMMA_BAR, nominal_field

UNITS = ("tCr", "mmol/kg", "iu", "mM")
"""Ratio to tCr, tissue-corrected water scaling, institutional units, mmol per litre."""
ECHO_TIME_TOLERANCE = 0.001
"""s; within it T2 decay changes a ratio by less than 1 %."""


@dataclass(frozen=True, slots=True)
class Measured:
    """A value with its standard deviation, None where that is unknown."""

    value: float
    sd: float | None = None


@dataclass(frozen=True, slots=True)
class Control:
    """One healthy person under a pseudonym."""

    id: str
    values: Mapping[str, Measured]
    """By metabolite, in the unit of the norm."""
    age_years: float | None = None
    sex: str | None = None
    gm: float | None = None
    """Volume fraction of grey matter, 0 to 1."""


@dataclass(frozen=True, slots=True)
class Method:
    """How values were acquired and computed; a norm is for values of the same method."""

    field_t: float
    """Static field, tesla."""
    sequence: str
    echo_time: float
    """s."""
    unit: str
    software: str
    """Program with version, such as ``LCModel 6.3``."""


@dataclass(frozen=True, slots=True)
class SiteNorm:
    """One version of a site's controls in one region, never changed once it is made."""

    id: str
    region: str
    """Canonical name of the region."""
    subregion: str | None
    hemisphere: str | None
    method: Method
    controls: tuple[Control, ...]

    @property
    def metabolites(self) -> tuple[str, ...]:
        """Metabolites that any control has, in the order of first appearance."""
        return tuple(dict.fromkeys(name for control in self.controls for name in control.values))

    def sample(self, metabolite: str) -> tuple[ControlValue, ...]:
        """The controls that have this metabolite."""
        return tuple(
            ControlValue(
                control.values[metabolite].value,
                control.values[metabolite].sd,
                control.age_years,
                control.sex,
                control.gm,
            )
            for control in self.controls
            if metabolite in control.values
        )

    def norm_id(self, metabolite: str) -> str:
        """Id of the norm of one metabolite."""
        return f"{self.id}.{metabolite.lower()}"


def make_site_norm(
    id: str, region: str, hemisphere: str | None, method: Method, controls: tuple[Control, ...]
) -> SiteNorm:
    """A norm of these controls.

    Raises
    ------
    UnusableControls
        When there are fewer than 8, one stands there twice, or the region is not known.
    ImplausibleParameter
        When a value, a fact of the method or of a control cannot be.
    """
    place = find_region(region)
    if place is None:
        known = ", ".join(item.name for item in regions())
        raise UnusableControls(f"Region '{region}' is not among {known}; name one of them.", parameter="region")
    if len(controls) < FEWEST_CONTROLS:
        raise UnusableControls(
            f"There are {len(controls)} controls; a norm needs {FEWEST_CONTROLS} or more, for with fewer neither "
            "their mean nor their spread is known well enough.",
            parameter="controls",
            controls=len(controls),
        )
    twice = [name for name, times in Counter(control.id for control in controls).items() if times > 1]
    if twice:
        raise UnusableControls(
            f"{len(twice)} of the controls' ids stand there more than once; each person counts once.",
            parameter="controls",
        )
    _check_method(method)
    for control in controls:
        _check_control(control)
    return SiteNorm(id, place.region.name, _subregion(place), hemisphere, method, controls)


def digest(norm: SiteNorm) -> str:
    """SHA-256 of all that the norm says, its id apart."""
    content = asdict(norm)
    content.pop("id")
    return hashlib.sha256(json.dumps(content, sort_keys=True).encode()).hexdigest()


def site_version(norms: Sequence[SiteNorm]) -> str:
    """What to add to the version of the published norms for these; empty without any."""
    if not norms:
        return ""
    content = "\0".join(f"{norm.id}:{digest(norm)}" for norm in norms)
    return f"+site-{hashlib.sha256(content.encode()).hexdigest()[:12]}"


def _subregion(place: Place) -> str | None:
    return None if place.subregion is None else place.subregion.name


def _check_method(method: Method) -> None:
    if method.unit not in UNITS:
        raise ImplausibleParameter(f"Unit '{method.unit}' is not one of {', '.join(UNITS)}.", parameter="unit")
    if not 0.5 <= method.field_t <= 14.2:
        raise ImplausibleParameter(
            f"field_t = {method.field_t:g} is outside 0.5 to 14.2 tesla.", parameter="field_t", value=method.field_t
        )
    if not 0.002 <= method.echo_time <= 0.6:
        raise ImplausibleParameter(
            f"echo_time = {method.echo_time:g} is outside 0.002 to 0.6 s; 0.030 for TE 30 ms.",
            parameter="echo_time",
            value=method.echo_time,
        )


def _check_control(control: Control) -> None:
    for name, measured in control.values.items():
        sound = 0.0 < measured.value < math.inf and (measured.sd is None or 0.0 <= measured.sd < math.inf)
        if not sound:
            raise ImplausibleParameter(
                f"A control's {name} is no positive number with a standard deviation of zero or more.",
                parameter="controls",
            )
    if control.age_years is not None and not 0.0 <= control.age_years <= 120.0:
        raise ImplausibleParameter("A control's age is not between 0 and 120 years.", parameter="age_years")
    if control.gm is not None and not 0.0 <= control.gm <= 1.0:
        raise ImplausibleParameter("A control's grey matter fraction is not between 0 and 1.", parameter="gm")


def nominal(field_t: float) -> float:
    """Nominal field class of a static field in tesla: 3 for 2.89."""
    return nominal_field(field_t * PROTON_GAMMA_BAR)
