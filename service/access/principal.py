"""Who a request comes from, and what that one may do."""

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
"""Whoever sits at the machine, when no keys are configured and the service answers to this machine only."""
