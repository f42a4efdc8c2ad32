"""Content negotiation (RFC 9110, section 12.5.1) and preferences (RFC 7240) of a client."""

from __future__ import annotations

import re
from collections.abc import Iterable

MAX_WAIT_SECONDS = 60

_WAIT = re.compile(r"""(?:^|[,;])\s*wait\s*=\s*"?(\d{1,9})"?\s*(?=$|[,;])""", re.IGNORECASE)


def preferred(accept: str | None, offered: Iterable[str]) -> str | None:
    """The offered media type the client likes best (the earlier one when equal), or None when it accepts none."""
    ranges = [_media_range(item) for item in (accept or "*/*").split(",") if item.strip()]
    best: str | None = None
    best_quality = 0.0
    for media_type in offered:
        # the most specific range that matches decides
        matching = [(specificity, quality) for pattern, specificity, quality in ranges if pattern.fullmatch(media_type)]
        quality = max(matching)[1] if matching else 0.0
        if quality > best_quality:
            best, best_quality = media_type, quality
    return best


def _media_range(item: str) -> tuple[re.Pattern[str], int, float]:
    name, *parameters = (part.strip().lower() for part in item.split(";"))
    pattern = re.compile(re.escape(name).replace(r"\*", r"[^/]+"))
    return pattern, 2 - name.count("*"), _quality(parameters)


def _quality(parameters: Iterable[str]) -> float:
    for parameter in parameters:
        key, _, value = parameter.partition("=")
        if key.strip() == "q":
            return float(value) if re.fullmatch(r"[01](\.\d{0,3})?", value.strip()) else 0.0
    return 1.0


def wait_seconds(prefer: str | None) -> int | None:
    """The ``wait`` preference, at most ``MAX_WAIT_SECONDS``; None without one; a broken one counts as none."""
    found = _WAIT.search(prefer or "")
    return None if found is None else min(int(found[1]), MAX_WAIT_SECONDS)
