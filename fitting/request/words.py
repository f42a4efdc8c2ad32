"""Format of words in a request, and detection of pseudonyms that look like a person's identity."""

from __future__ import annotations

import re

PSEUDONYM = r"^[A-Za-z0-9._-]{1,64}$"
REGION = r"^[A-Za-z][A-Za-z0-9 _-]{0,63}$"
NAME = r"^[A-Za-z0-9 ._+-]{1,64}$"
"""Name of a sequence or method."""

IDENTITY = {
    r"^(sub-|ses-)?[._-]*([0-9][._-]*){7,}$": "a hospital number or a date",
    r"(^|[^0-9])(19|20)[0-9]{2}[._-]?(0[1-9]|1[0-2])[._-]?(0[1-9]|[12][0-9]|3[01])([^0-9]|$)": "a date",
    r"^(?!(sub|ses)-[A-Za-z]+$)[A-Za-z]{2,}([._-]+[A-Za-z]{2,})+$": "a name",
}
"""Patterns refused as a pseudonym. A surname alone cannot be distinguished from a code word, so this catches mistakes
only."""


def refuse_identity(pseudonym: str) -> str:
    """Return the pseudonym unless it looks like an identity.

    Raises
    ------
    ValueError
        When it looks like a number of a hospital, a date or a name; the message does not repeat it.
    """
    for pattern, kind in IDENTITY.items():
        if re.search(pattern, pseudonym):
            raise ValueError(f"looks like {kind}; send a pseudonym such as sub-017 or ses-02")
    return pseudonym


def check_pseudonym(text: str) -> str:
    """Return a valid pseudonym.

    Raises
    ------
    ValueError
        When it has another form or looks like an identity; the message does not repeat it.
    """
    if not re.fullmatch(PSEUDONYM, text):
        raise ValueError("must be 1 to 64 letters, digits, dots, hyphens and underscores")
    return refuse_identity(text)
