"""The principal of a request: a device or a person with scopes in one project."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, get_args

from service.storage.tables import DEFAULT_PROJECT

Scope = Literal["submit", "read", "sign", "admin"]
"""``submit`` sends spectra, ``read`` sees results, ``sign`` signs reports, ``admin`` removes and oversees."""

SCOPES: frozenset[Scope] = frozenset(get_args(Scope))


@dataclass(frozen=True, slots=True)
class Principal:
    """A device or a person in one project."""

    name: str
    """As the audit log has it: ``key:ID`` of a device, ``oidc:SUBJECT`` of a person, or ``local``."""
    scopes: frozenset[Scope]
    project: str = DEFAULT_PROJECT


LOCAL = Principal("local", SCOPES)
"""The principal of local requests, when no keys are configured and the service answers to this machine only."""
