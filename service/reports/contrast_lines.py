"""Contrasts of one session for display: places of the brain against each other, and flagged metabolites."""

from __future__ import annotations

import math
from dataclasses import dataclass

from fitting.norms.contrasts import Contrast
from fitting.sites import SessionContrasts
from fitting.statistics.distributions import NORMAL_LIMIT
from service.reports import numbers
from service.reports.texts import text


@dataclass(frozen=True, slots=True)
class ContrastLine:
    """One contrast as a row of the table."""

    a: str
    b: str
    difference: str
    """Of the first value from the second, per cent."""
    expected: str
    """The central 95 % of healthy people, per cent."""
    z: str
    people: str
    """Whose difference is expected."""
    position: str
    """``below``, ``within`` or ``above``."""
    flag: str
    """The same in words."""


@dataclass(frozen=True, slots=True)
class ContrastBox:
    """The contrasts of one session."""

    sentence: str
    lines: tuple[ContrastLine, ...]
    left_out: tuple[str, ...]
    """Spectra of the session that are not compared, each with the reason."""


def contrast_box(session: SessionContrasts | None) -> ContrastBox | None:
    """What the report says of a session; None where it holds one spectrum.

    Sides and regions have a line each; metabolites of one spectrum have one where they are flagged.
    """
    if session is None:
        return None
    shown = [item for item in session.items if item.kind != "metabolites" or item.flag != "within"]
    left_out = tuple(reason.sentence for reason in session.left_out)
    if not session.items:
        return ContrastBox(text("contrasts.none"), (), left_out)
    sentence = text(
        "contrasts.counted",
        flagged=session.flagged,
        tests=len(session.items),
        expected=numbers.plain(session.expected_by_chance, 2),
    )
    return ContrastBox(sentence, tuple(_line(item) for item in shown), left_out)


def _line(item: Contrast) -> ContrastLine:
    half = NORMAL_LIMIT * item.sd
    people = text("contrasts.own", n=item.controls) if item.controls else text("contrasts.published")
    return ContrastLine(
        a=item.a,
        b=item.b,
        difference=_percent(item.log_ratio),
        expected=text("contrasts.range", low=_percent(item.expected - half), high=_percent(item.expected + half)),
        z=numbers.fixed(item.z, 1),
        people=people,
        position=item.flag,
        flag=text(f"flag.{item.flag}"),
    )


def _percent(log_ratio: float) -> str:
    return f"{numbers.signed(100.0 * math.expm1(log_ratio), 0)} %"
