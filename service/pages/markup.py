"""Words of the interface's description as they look on a page."""

from __future__ import annotations

import re

from markupsafe import Markup

_CODE = re.compile(r"(`{1,2})([^`]+)\1")


def code(description: str) -> Markup:
    """A description with what stands between backticks set as code; everything else is escaped."""
    parts: list[Markup | str] = []
    end = 0
    for found in _CODE.finditer(description):
        parts += [description[end : found.start()], Markup("<code>{}</code>").format(found[2])]
        end = found.end()
    return Markup("").join((*parts, description[end:]))
