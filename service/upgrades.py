"""Convert analyses stored by earlier versions to the present shape of the document on reading.

A field that may be null and that the document lacks is null: adding such a field needs nothing here. Any other change
of the shape is a new version of the document with a step of its own. Values that an earlier version did not compute
stay unknown: a step writes null, an empty list, or a sentence that states it, and never a number. A value that is there
already stays, so a document between two versions is upgraded as well.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from copy import deepcopy
from dataclasses import dataclass, fields, is_dataclass
from functools import cache
from types import NoneType
from typing import Any, get_args, get_type_hints

from fitting.analysis import SCHEMA, Analysis

Document = dict[str, Any]


class UnknownSchema(ValueError):
    """The stored document is of a version this program does not know, such as one of a later program."""


def upgraded(document: Mapping[str, Any]) -> Mapping[str, Any]:
    """The document in the present shape; its ``provenance`` still names the version that made it.

    Raises
    ------
    UnknownSchema
        When no steps lead from its version to the present one.
    """
    kept = document["provenance"]["schema"]
    if kept != SCHEMA and kept not in UPGRADES:
        raise UnknownSchema(f"The analysis was kept in version {kept} of its document; this program knows {SCHEMA}.")
    if kept == SCHEMA:
        return completed(Analysis, document)
    current = deepcopy(dict(document))
    for version in range(kept, SCHEMA):
        UPGRADES[version](current)
    return completed(Analysis, current)


@dataclass(frozen=True, slots=True)
class _Field:
    """One field of a noun, as far as absence in a document matters."""

    name: str
    may_be_null: bool
    noun: type[Any] | None
    """The noun in it, or in its list; None for plain values."""


@cache
def _fields(noun: Any) -> tuple[_Field, ...]:
    hints = get_type_hints(noun)
    return tuple(
        _Field(item.name, NoneType in get_args(hints[item.name]), _noun(hints[item.name])) for item in fields(noun)
    )


def _noun(kind: Any) -> type[Any] | None:
    """The dataclass of an annotation, among its alternatives or the items of its tuple."""
    if isinstance(kind, type) and is_dataclass(kind):
        return kind
    return next((noun for item in get_args(kind) if (noun := _noun(item)) is not None), None)


def completed(noun: Any, document: Mapping[str, Any]) -> Mapping[str, Any]:
    """The document with null for every absent field that its noun may leave null; itself when none is absent."""
    added: Document = {}
    for item in _fields(noun):
        value = document.get(item.name)
        if item.name not in document:
            if item.may_be_null:
                added[item.name] = None
        elif item.noun is not None and isinstance(value, dict | list):
            parts = value if isinstance(value, list) else [value]
            whole = [completed(item.noun, part) if isinstance(part, dict) else part for part in parts]
            if any(new is not old for new, old in zip(whole, parts, strict=True)):
                added[item.name] = whole if isinstance(value, list) else whole[0]
    return {**document, **added} if added else document


def _from_1(document: Document) -> None:
    """The first release: fewer quality numbers, no verdict of each value, no own controls, no image."""
    version = document["provenance"]["version"]
    unknown = f"Version {version}, which made this analysis, did not compute this."
    _fill(document, {"transients": None, "norms_not_used": [], "anatomy": None})
    _fill(document["quality"], dict.fromkeys(_QUALITY_SINCE_2))
    _fill(document["quality"], {"snr_consensus_definition": unknown, "residual_by_region": []})
    absent = {"code": "not-computed", "sentence": unknown}
    _fill(document["multiplicity"], {"flagged_q": None, "profile": None, "profile_absent": absent})
    _fill(document["provenance"], {"engine": None, "data": None, "libraries": None})
    for step in document["provenance"]["processing"]:
        _fill(step, {"program": document["provenance"]["software"], "version": version})
    for norm in document["norms"]:
        _fill(norm, {"kind": "literature", "covariates": []})  # there was no other kind
    for metabolite in document["metabolites"]:
        _fill(metabolite, {"model_move": None, "prior_move": None, "verdict": _unjudged(document["verdict"]["usable"])})
        if metabolite["z"] is not None:
            _fill(metabolite["z"], {**dict.fromkeys(_Z_SINCE_2), "improvements": []})


_QUALITY_SINCE_2 = (
    *("snr_consensus", "tnaa_linewidth_hz", "tnaa_linewidth_ppm", "tcr_linewidth_hz", "tcr_linewidth_ppm"),
    *("water_linewidth_ppm", "eddy_current_deg", "lipid", "spurious_echo", "clipped_samples", "water_clipped_samples"),
    *("noise_correlation", "noise_tail", "spikes", "axis_error", "baseline_share"),
    *("quadrature_image", "water_ripple", "water_offset", "amplitude_spread", "opposed_coils"),
    *("digitisation_step", "unexplained_line", "phase_departure_deg"),
)
_Z_SINCE_2 = ("q", "p_outside", "smallest_detectable_difference", "error_shares", "shrunken")


def _unjudged(usable: str) -> Document:
    """The verdict of a value that was not judged by itself: never better than with caution."""
    sentence = "The version that made this analysis judged the spectrum as a whole, not this value by itself."
    reason = {"code": "not-judged-by-itself", "sentence": sentence}
    return {"usable": "no" if usable == "no" else "limited", "reasons": [reason]}


def _fill(part: Document, values: Mapping[str, Any]) -> None:
    for name, value in values.items():
        part.setdefault(name, value)


UPGRADES: dict[int, Callable[[Document], None]] = {1: _from_1}
"""From a version of the document to the next: each changes the copy it is given."""
