"""Kind of ratio that a program gives, and comparison of program names and versions."""

from __future__ import annotations

import re
import tomllib
from functools import lru_cache
from importlib.resources import files
from typing import Literal

from fitting.norms.assessment import Match

Kind = Literal["concentration", "peak-area"]


def kind_of(software: str) -> Kind | None:
    """Whether the program's amplitudes are concentrations or peak areas; None when it is not known here."""
    return _kinds().get(_split(software)[0])


@lru_cache(maxsize=1024)
def same_software(stated: str | None, norm: str | None) -> Match:
    """``yes`` for the same program and version, ``unknown`` where a program or a version is not stated.

    What stands in brackets is detail of the method; it counts where both sides give it.
    """
    if stated is None or norm is None:
        return "unknown"
    one, other = _split(stated), _split(norm)
    if one[0] != other[0]:
        return "no"
    answers = [first == second for first, second in zip(one[1:], other[1:], strict=True) if first and second]
    if not all(answers):
        return "no"
    return "yes" if bool(one[1]) == bool(other[1]) else "unknown"


@lru_cache(maxsize=1)
def _kinds() -> dict[str, Kind]:
    entries = tomllib.loads(files("fitting").joinpath("data/norms/software.toml").read_text(encoding="utf-8"))
    kinds: tuple[Kind, ...] = ("concentration", "peak-area")
    return {_split(program)[0]: kind for kind in kinds for program in entries[kind]["programs"]}


def _split(text: str) -> tuple[str, str, str]:
    """Program, version and method of ``LCModel 6.3-1R (method)``, without case and separators in the name."""
    whole, _, detail = text.strip().casefold().partition("(")
    found = re.fullmatch(r"(?P<name>.*?\S)(?:[\s_/-]+v?(?P<version>\d+\.?\S*))?", whole.strip())
    name, version = (found["name"], found["version"] or "") if found else (whole.strip(), "")
    return re.sub(r"[\s_-]+", "", name), version, detail.removesuffix(")").strip()
