"""Differences of acquisition and processing that forbid comparing two sessions."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from fitting.analysis import Analysis
from fitting.norms.regions import find_region

FIELD_TOLERANCE_T = 0.1
ECHO_TIME_TOLERANCE_S = 0.001
REPETITION_TIME_TOLERANCE = 0.05
"""As a part of the longer one: within it saturation of metabolites changes by less than they are known."""
VOLUME_TOLERANCE = 0.2
"""As a part of the larger one: within it two voxels can hold the same tissue."""
TISSUE_TOLERANCE = 0.1
"""Of any volume fraction. Grey matter holds up to twice the Glu/tCr of white matter, so a tenth of the voxel moves
ratios by several per cent, as much as days do."""
NO_METHOD = ("deadline_seconds",)
NO_METHOD_PREFIX = "override_"
"""Options excluded from the comparison of methods: the fit's time limit, and fields already in the acquisition."""

Fact = str | float | bool | None


@dataclass(frozen=True, slots=True)
class Difference:
    """One difference between two sessions, or a required fact that is unknown for either."""

    code: str
    """Code of the property that differs."""
    name: str
    """Name of the property that differs."""
    earlier: str | None
    """Its value in the earlier session; null where it is not known."""
    later: str | None
    """Its value in the later session."""


@dataclass(frozen=True, slots=True)
class _Aspect:
    code: str
    name: str
    of: Callable[[Analysis], Fact]
    tolerance: float = 0.0
    relative: bool = False
    factor: float = 1.0
    unit: str = ""
    required: bool = False

    def differs(self, one: Fact, other: Fact) -> bool:
        if one is None or other is None:
            return one is not other or self.required
        if isinstance(one, float) and isinstance(other, float):
            allowed = self.tolerance * (max(one, other) if self.relative else 1.0)
            return abs(one - other) > allowed + 1e-12
        return one != other

    def word(self, value: Fact) -> str | None:
        if value is None or isinstance(value, str):
            return value
        if isinstance(value, bool):
            return "yes" if value else "no"
        return f"{value * self.factor:.3g} {self.unit}".strip()


def _place(analysis: Analysis) -> str | None:
    """The region's canonical name, so that synonyms compare as equal."""
    given = analysis.acquisition.region
    place = None if given is None else find_region(given)
    if place is None:
        return given
    return place.region.name if place.subregion is None else f"{place.region.name} ({place.subregion.name})"


def _options(analysis: Analysis) -> str:
    chosen = analysis.provenance.options.items()
    named = ((k, v) for k, v in sorted(chosen) if v is not None)  # an option that earlier versions had not
    kept = ((k, v) for k, v in named if k not in NO_METHOD and not k.startswith(NO_METHOD_PREFIX))
    return "; ".join(f"{name} = {value}" for name, value in kept)


_ASPECTS = (
    _Aspect("region", "region", _place, required=True),
    _Aspect("hemisphere", "side", lambda a: a.acquisition.hemisphere),
    _Aspect("vendor", "manufacturer", lambda a: a.acquisition.vendor),
    _Aspect("scanner_model", "scanner", lambda a: a.acquisition.scanner_model),
    _Aspect("field", "field strength", lambda a: a.acquisition.field_t, FIELD_TOLERANCE_T, unit="T"),
    _Aspect("sequence", "sequence", lambda a: a.acquisition.sequence, required=True),
    _Aspect(
        "echo_time",
        "echo time",
        lambda a: a.acquisition.echo_time,
        ECHO_TIME_TOLERANCE_S,
        factor=1e3,
        unit="ms",
        required=True,
    ),
    _Aspect(
        "repetition_time",
        "repetition time",
        lambda a: a.acquisition.repetition_time,
        REPETITION_TIME_TOLERANCE,
        relative=True,
        factor=1e3,
        unit="ms",
    ),
    _Aspect(
        "volume", "voxel volume", lambda a: a.acquisition.voi_volume_ml, VOLUME_TOLERANCE, relative=True, unit="ml"
    ),
    _Aspect("water", "water reference", lambda a: a.acquisition.water_reference),
    _Aspect("tissue", "tissue fractions given", lambda a: a.acquisition.gm is not None),
    _Aspect("software", "software", lambda a: f"{a.provenance.software} {a.provenance.version}"),
    # not its id: that names the exact frequency too, which drifts with the magnet
    _Aspect("basis", "basis set", lambda a: a.provenance.basis_source),
    _Aspect("macromolecules", "macromolecules", lambda a: a.provenance.macromolecules),
    _Aspect("relaxation", "relaxation times", lambda a: a.provenance.relaxation),
    _Aspect("options", "options of the fit", _options),
)


def differences(earlier: Analysis, later: Analysis) -> tuple[Difference, ...]:
    """All differences in acquisition or processing of two sessions; empty when they may be compared.

    Compared are region, side, scanner, field, sequence, echo and repetition time, voxel volume, water reference,
    tissue, software, basis set, macromolecules, relaxation times and options of the fit. A fact known of only one
    session counts as a difference; region, sequence and echo time must be known of both.
    """
    found = []
    for aspect in _ASPECTS:
        one, other = aspect.of(earlier), aspect.of(later)
        if aspect.differs(one, other):
            found.append(Difference(aspect.code, aspect.name, aspect.word(one), aspect.word(other)))
    tissue = _tissue(earlier, later)
    return tuple(found) if tissue is None else (*found, tissue)


def comparable_groups(analyses: Sequence[Analysis]) -> tuple[tuple[int, ...], ...]:
    """Indices of the analyses in groups in which each may be compared with each.

    In the order given, an analysis joins the first group whose members are all comparable with it.
    """
    groups: list[list[int]] = []
    for index, analysis in enumerate(analyses):
        like = (group for group in groups if not any(differences(analyses[member], analysis) for member in group))
        group = next(like, None)
        if group is None:
            groups.append([index])
        else:
            group.append(index)
    return tuple(tuple(group) for group in groups)


def _tissue(earlier: Analysis, later: Analysis) -> Difference | None:
    one, other = ((a.acquisition.gm, a.acquisition.wm, a.acquisition.csf) for a in (earlier, later))
    pairs = [(a, b) for a, b in zip(one, other, strict=True) if a is not None and b is not None]
    if all(abs(a - b) <= TISSUE_TOLERANCE + 1e-12 for a, b in pairs):
        return None
    words = ["GM {:.2f}, WM {:.2f}, CSF {:.2f}".format(*fractions) for fractions in zip(*pairs, strict=True)]
    return Difference("tissue_fractions", "tissue fractions", words[0], words[1])
