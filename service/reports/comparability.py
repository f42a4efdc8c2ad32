"""Whether two sessions may be compared: they must have been acquired and processed alike."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from fitting.analysis import Analysis
from service.reports import numbers
from service.reports.texts import text, text_or

FIELD_TOLERANCE_T = 0.1
ECHO_TIME_TOLERANCE_S = 0.001
REPETITION_TIME_TOLERANCE = 0.05
"""As a part of the longer one: within it saturation of metabolites changes by less than they are known."""
VOLUME_TOLERANCE = 0.2
"""As a part of the larger one: within it two voxels can hold the same tissue."""


@dataclass(frozen=True, slots=True)
class Difference:
    """One thing in which two sessions differ, in words."""

    name: str
    earlier: str
    later: str


@dataclass(frozen=True, slots=True)
class _Aspect:
    name: str
    of: Callable[[Analysis], str | float | bool | None]
    shown: Callable[[str | float | bool], str] = str
    tolerance: float = 0.0
    relative: bool = False

    def differs(self, one: str | float | bool | None, other: str | float | bool | None) -> bool:
        if isinstance(one, float) and isinstance(other, float):
            allowed = self.tolerance * (max(one, other) if self.relative else 1.0)
            return abs(one - other) > allowed + 1e-12
        return one != other

    def word(self, value: str | float | bool | None) -> str:
        return text("missing.not_given") if value is None else self.shown(value)


def _number(unit: str, factor: float = 1.0) -> Callable[[str | float | bool], str]:
    return lambda value: f"{numbers.plain(float(value) * factor)} {unit}"


def _yes_no(value: str | float | bool) -> str:
    return text("match.yes" if value else "compare.no_word")


def _options(analysis: Analysis) -> str:
    chosen = {name: value for name, value in analysis.provenance.options.items() if "deadline" not in name}
    return "; ".join(f"{name} = {value}" for name, value in sorted(chosen.items()))


_ASPECTS = (
    _Aspect("region", lambda a: a.acquisition.region),
    _Aspect("hemisphere", lambda a: a.acquisition.hemisphere, lambda v: text_or(f"hemisphere.{v}", str(v))),
    _Aspect("vendor", lambda a: a.acquisition.vendor),
    _Aspect("scanner_model", lambda a: a.acquisition.scanner_model),
    _Aspect("field", lambda a: a.acquisition.field_t, _number("T"), FIELD_TOLERANCE_T),
    _Aspect("sequence", lambda a: a.acquisition.sequence),
    _Aspect("echo_time", lambda a: a.acquisition.echo_time, _number("ms", 1e3), ECHO_TIME_TOLERANCE_S),
    _Aspect(
        "repetition_time",
        lambda a: a.acquisition.repetition_time,
        _number("ms", 1e3),
        REPETITION_TIME_TOLERANCE,
        relative=True,
    ),
    _Aspect("volume", lambda a: a.acquisition.voi_volume_ml, _number("ml"), VOLUME_TOLERANCE, relative=True),
    _Aspect("water", lambda a: a.acquisition.water_reference, _yes_no),
    _Aspect("tissue", lambda a: a.acquisition.gm is not None, _yes_no),
    _Aspect("software", lambda a: f"{a.provenance.software} {a.provenance.version}"),
    # not its id: that names the exact frequency too, which drifts with the magnet
    _Aspect("basis", lambda a: a.provenance.basis_source),
    _Aspect("macromolecules", lambda a: a.provenance.macromolecules),
    _Aspect("relaxation", lambda a: a.provenance.relaxation),
    _Aspect("options", _options),
)


def differences(earlier: Analysis, later: Analysis) -> tuple[Difference, ...]:
    """Everything in which two sessions were acquired or processed differently; empty when they may be compared."""
    found = []
    for aspect in _ASPECTS:
        one, other = aspect.of(earlier), aspect.of(later)
        if aspect.differs(one, other):
            found.append(Difference(text(f"compare.{aspect.name}"), aspect.word(one), aspect.word(other)))
    return tuple(found)
