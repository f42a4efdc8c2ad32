"""Format numbers for display: rounded by their standard deviation, with a true minus sign."""

from __future__ import annotations

import math
import re

from service.reports.texts import text, text_or

MINUS = "\N{MINUS SIGN}"
_MOST_DECIMALS = 6
_TEMPLATE = re.compile(r"macromolecules ([a-z][a-z0-9]*(?:-[a-z0-9]+)*)\b")
"""A published template by the id of its file."""
_PERCENT = re.compile(r"(\d)%")
_NEGATIVE = re.compile(r"(?<![\w-])-(?=\d)")


def finite(value: float | None) -> float | None:
    """The value, or None where it is absent, infinite or not a number."""
    return None if value is None or not math.isfinite(value) else value


def decimals_for(sd: float) -> int:
    """Decimals (negative: tens, hundreds) that keep two significant digits of a standard deviation."""
    exponent = math.floor(math.log10(sd))
    if round(sd, 1 - exponent) >= 10 ** (exponent + 1):
        exponent += 1  # 0.0996 rounds to 0.10: two digits of the rounded value
    return min(1 - exponent, _MOST_DECIMALS)


def fixed(value: float, decimals: int) -> str:
    """``value`` with so many decimals; negative ``decimals`` round to tens, hundreds and so on."""
    if not math.isfinite(value):
        return text("missing.not_available")
    rounded = round(value, decimals) + 0.0  # adding zero turns -0.0 into 0.0
    return f"{rounded:.{max(decimals, 0)}f}".replace("-", MINUS)


def signed(value: float, decimals: int) -> str:
    """``value`` as ``fixed`` writes it, with a plus sign when it is above zero."""
    shown = fixed(value, decimals)
    return f"+{shown}" if round(value, decimals) > 0.0 else shown


def typeset(sentence: str) -> str:
    """A sentence of the numerics with minus signs instead of hyphens before numbers, a blank before per cent signs, and
    names in place of ids.
    """
    named = _TEMPLATE.sub(lambda found: f"macromolecules {text_or(f'macromolecules.{found[1]}', found[1])}", sentence)
    return _PERCENT.sub(r"\1 %", _NEGATIVE.sub(MINUS, named))


def significant(value: float, digits: int = 3) -> str:
    """``value`` with so many significant digits, without an exponent."""
    if value == 0.0 or not math.isfinite(value):
        return fixed(value, 0)
    return fixed(value, min(digits - 1 - math.floor(math.log10(abs(value))), _MOST_DECIMALS + digits))


def plain(value: float, digits: int = 4) -> str:
    """A value without trailing zeros, for settings such as 30 ms that have no uncertainty."""
    shown = significant(value, digits)
    return shown.rstrip("0").rstrip(".") if "." in shown else shown


def with_sd(value: float, sd: float) -> str:
    """``value ± sd``, both rounded so that the standard deviation keeps two significant digits."""
    if finite(sd) is None or sd <= 0.0:
        return significant(value)
    decimals = decimals_for(sd)
    return f"{fixed(value, decimals)} ± {fixed(sd, decimals)}"


def percentile(value: float) -> str:
    """A percentile (0 to 100) with digits according to its distance from the nearer end."""
    if not math.isfinite(value):
        return fixed(value, 0)
    edge = min(value, 100.0 - value)
    if edge < 0.1:
        return "<0.1" if value < 50.0 else ">99.9"
    return fixed(value, 1 if edge < 9.95 else 0)
