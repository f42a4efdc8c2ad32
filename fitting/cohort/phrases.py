"""Numbers and places in sentences."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any


def number(value: float) -> str:
    """Two to three significant digits, with a true minus sign."""
    text = f"{value:.2f}" if 0.01 <= abs(value) < 100.0 else f"{value:.3g}"
    return text.replace("-", "−")


def percent(value: float) -> str:
    """A percentage without decimals from 10 on, with one below."""
    text = f"{value:.0f}" if abs(value) >= 9.95 else f"{value:.1f}"
    return ("0" if text in ("-0", "-0.0", "0.0") else text).replace("-", "−")


def probability(p: float) -> str:
    """A p or q value with two significant digits, bounded from below."""
    return "less than 0.0001" if p < 0.0001 else f"{p:.2g}"


def place_words(item: Mapping[str, Any]) -> str:
    """Region and side of an item: ``right dlPFC``."""
    name = item.get("subregion") or item.get("region")
    return f"{item['hemisphere']} {name}" if item.get("hemisphere") in ("left", "right") else str(name)
