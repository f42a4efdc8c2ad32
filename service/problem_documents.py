"""What a refusal looks like to the client: RFC 9457 problem documents, and the places where a request is wrong."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from pydantic import BaseModel, ConfigDict, ValidationError

from fitting.errors import FittingError
from service.errors import STATUS, InvalidRequest, Location, MalformedRequest, SchemaError, ServiceProblem


class ProblemDocument(BaseModel):
    """Why a request was refused or an analysis failed (RFC 9457, ``application/problem+json``)."""

    model_config = ConfigDict(frozen=True, use_attribute_docstrings=True)

    type: str
    """Address of the description of this kind of problem; stable."""
    title: str
    """What kind of problem it is; the same sentence each time."""
    status: int
    """HTTP status; for a failed analysis the one its submission would have had."""
    detail: str
    """What is wrong this time, where, and what to do about it."""
    code: str
    """The kind of problem for programs; stable."""
    request_id: str
    """Finds the request in the service's log."""
    errors: tuple[SchemaError, ...]
    """The places where the request fails its schema; empty for other problems."""
    data: dict[str, str | int | float | bool | None]
    """The facts behind ``detail`` for programs, such as the parameter's name."""


def problem_of(error: FittingError | ServiceProblem, request_id: str) -> ProblemDocument:
    """The problem document of an exception of the table."""
    return ProblemDocument(
        type=f"/problems/{error.code}",
        title=error.title,
        status=STATUS[type(error)],
        detail=error.detail,
        code=error.code,
        request_id=request_id,
        errors=error.errors if isinstance(error, ServiceProblem) else (),
        data=dict(error.data),
    )


MOST_PLACES = 100
"""Places of a request that an answer lists; a body that is wrong everywhere would be answered by a larger one."""


def from_schema_errors(errors: Sequence[Mapping[str, Any]], location: Location | None = None) -> InvalidRequest:
    """The refusal for pydantic's list of errors; leaves out the rejected values, which may identify a person.

    ``location`` is given when the errors' own ``loc`` does not start with it, as FastAPI's do.
    """
    places = []
    for error in errors[:MOST_PLACES]:
        path = tuple(str(step).replace("~", "~0").replace("/", "~1") for step in error["loc"])
        where = location or _location(path[0] if path else "body")
        steps = path if location else path[1:]
        places.append(
            SchemaError(location=where, pointer="#" + "".join(f"/{step}" for step in steps), detail=error["msg"])
        )
    first = places[0]
    more = f" ({len(errors)} places in all)" if len(errors) > 1 else ""
    return InvalidRequest(f"{first.location} {first.pointer}: {first.detail}{more}.", errors=places)


def refused_body(error: ValidationError, where: str = "body", prefix: str = "") -> ServiceProblem:
    """The refusal of a body that its schema does not accept, or that is not JSON at all."""
    errors = error.errors(include_input=False, include_url=False, include_context=False)
    if errors[0]["type"] == "json_invalid":
        return MalformedRequest(f"The {where} is not JSON: {errors[0]['msg'].removeprefix('Invalid JSON: ')}.")
    steps = tuple(step for step in prefix.split("/") if step)
    return from_schema_errors([{**item, "loc": (*steps, *item["loc"])} for item in errors], location="body")


def _location(name: str) -> Location:
    match name:
        case "query" | "path" | "header":
            return name
        case _:
            return "body"
