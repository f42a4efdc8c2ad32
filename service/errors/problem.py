"""What every refusal by the service has: a status, a code, a title, and where a request is wrong."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import ClassVar, Literal

from pydantic import BaseModel, ConfigDict
from starlette.exceptions import HTTPException

from fitting import errors as fitting_errors

Location = Literal["body", "query", "path", "header"]


class SchemaError(BaseModel):
    """One place where a request fails its schema."""

    model_config = ConfigDict(frozen=True, use_attribute_docstrings=True)

    location: Location
    """Part of the request."""
    pointer: str
    """JSON Pointer below that part (RFC 6901, as a URI fragment), such as ``#/tissue/gm``."""
    detail: str
    """What is expected there."""


class ServiceProblem(HTTPException):
    """Base of all refusals by the service; constant ``status``, ``code``, ``title``, and a sentence that helps.

    It is an HTTPException because that is the one kind of exception which body parsing lets through unchanged.
    """

    status: ClassVar[int]
    code: ClassVar[str]
    title: ClassVar[str]

    def __init__(
        self,
        detail: str,
        *,
        headers: Mapping[str, str] | None = None,
        errors: Sequence[SchemaError] = (),
        **data: fitting_errors.Scalar,
    ) -> None:
        super().__init__(self.status, detail, headers)
        self.errors = tuple(errors)
        self.data = data
