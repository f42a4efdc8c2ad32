"""Failures of a call, by who is at fault."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

BUSY = (429, 503)
"""Statuses that ask to come back later."""
_NOT_THE_INPUT = (401, 403, *BUSY)


class ClientError(Exception):
    """A call failed."""

    def __init__(self, code: str, where: str, detail: str) -> None:
        super().__init__(f"{code}: {where}: {detail}")
        self.code = code
        """The problem's stable code."""
        self.where = where
        """Address or file that it concerns."""
        self.detail = detail
        """A sentence that says what to do."""


class Refused(ClientError):
    """The request or the spectrum cannot be used; sending it again is of no use."""


class ServiceFailed(ClientError):
    """The service failed, is busy for too long, or refuses the caller's key."""


class Unreachable(ClientError):
    """The service does not answer at this address."""


def problem_error(problem: Mapping[str, Any], where: str) -> Refused | ServiceFailed:
    """A problem document (RFC 9457), of an answer or of a failed analysis, as an exception."""
    status = problem.get("status")
    is_refusal = isinstance(status, int) and 400 <= status < 500 and status not in _NOT_THE_INPUT
    kind = Refused if is_refusal else ServiceFailed
    return kind(str(problem["code"]), where, str(problem.get("detail", "")))
