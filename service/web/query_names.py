"""Query parameters by name: one that a route does not take is refused, because a misspelt filter would be lost."""

from __future__ import annotations

import re
from difflib import get_close_matches

from fastapi import Request
from fastapi.dependencies.models import Dependant
from fastapi.routing import APIRoute

from service.errors import InvalidRequest, SchemaError

MOST_NAMED = 10
"""Unknown names that an answer lists."""
_NAME = re.compile(r"[A-Za-z_][\w.-]{0,39}", re.ASCII)
"""Unknown names that an answer repeats; others may be values."""


async def refuse_unknown_parameters(request: Request) -> None:
    """Refuse a call with query parameters that its route does not declare.

    Raises
    ------
    InvalidRequest
        Names the parameters, and the one that was probably meant.
    """
    if not request.query_params:
        return
    route = request.scope["route"]
    if not isinstance(route, APIRoute):
        return
    known = _names(route.dependant)
    unknown = list(dict.fromkeys(name for name in request.query_params if name not in known))
    if unknown:
        errors = [SchemaError(location="query", pointer="#", detail=_refusal(name, known)) for name in unknown]
        raise InvalidRequest(f"query #: {errors[0].detail}.", errors=errors[:MOST_NAMED])


def _names(dependant: Dependant) -> list[str]:
    own = [item.alias for item in dependant.query_params]
    return own + [name for below in dependant.dependencies for name in _names(below)]


def _refusal(name: str, known: list[str]) -> str:
    what = f"the parameter '{name}' is unknown" if _NAME.fullmatch(name) else "a parameter is unknown"
    meant = get_close_matches(name, known, n=1)
    if meant:
        return f"{what}; '{meant[0]}' was probably meant"
    return f"{what}; this call takes {', '.join(known)}" if known else f"{what}; this call takes none"
