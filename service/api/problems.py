"""Problem types: documented responses for every route, and a description of each kind."""

from __future__ import annotations

from collections import defaultdict
from typing import Any

from pydantic import BaseModel, ConfigDict

from fitting.errors import FittingError
from service.errors import (
    BY_CODE,
    STATUS,
    InternalError,
    InvalidRequest,
    MethodNotAllowed,
    ServiceProblem,
    Unavailable,
    UnknownProblem,
)

MEDIA_TYPE = "application/problem+json"
_EVERYWHERE: tuple[type[ServiceProblem], ...] = (MethodNotAllowed, InvalidRequest, InternalError, Unavailable)


class ProblemType(BaseModel):
    """One kind of problem."""

    model_config = ConfigDict(frozen=True, use_attribute_docstrings=True)

    type: str
    """Address of this description."""
    code: str
    """The kind of problem for programs."""
    title: str
    """The kind of problem for people."""
    status: int
    """HTTP status of its answers."""
    description: str
    """Its meaning and remedy."""


class ProblemTypes(BaseModel):
    """Every kind of problem this service answers with."""

    model_config = ConfigDict(frozen=True, use_attribute_docstrings=True)

    problems: tuple[ProblemType, ...]
    """By code."""


def responses(*kinds: type[FittingError | ServiceProblem], everywhere: bool = True) -> dict[int | str, dict[str, Any]]:
    """OpenAPI responses for these problems and, with ``everywhere``, those every route can have."""
    by_status: dict[int, list[str]] = defaultdict(list)
    for kind in (*kinds, *(_EVERYWHERE if everywhere else ())):
        by_status[STATUS[kind]].append(f"`{kind.code}`: {kind.title}")
    schema = {"$ref": "#/components/schemas/ProblemDocument"}
    return {
        status: {"description": ". ".join(sentences) + ".", "content": {MEDIA_TYPE: {"schema": schema}}}
        for status, sentences in sorted(by_status.items())
    }


def problem_types() -> ProblemTypes:
    """Every kind of problem, by code."""
    return ProblemTypes(problems=tuple(describe(code) for code in sorted(BY_CODE)))


def describe(code: str) -> ProblemType:
    """The description of the problem type with this code.

    Raises
    ------
    UnknownProblem
        When there is none.
    """
    if code not in BY_CODE:
        raise UnknownProblem("There is no problem with this code; GET /problems lists them.")
    kind = BY_CODE[code]
    description = " ".join((kind.__doc__ or "").split("\n\n")[0].replace("``", "").split())
    return ProblemType(
        type=f"/problems/{code}", code=code, title=kind.title, status=STATUS[kind], description=description
    )
