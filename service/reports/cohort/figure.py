"""One figure of a cohort's report."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Figure:
    """Its part of the report, title, SVG and text alternative."""

    part: str
    title: str
    svg: str
    alternative: str
