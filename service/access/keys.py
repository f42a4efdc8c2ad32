"""API keys of devices: made once, shown once, and kept as digests only.

A key is ``mrsq_ID_SECRET``. The secret has 256 random bits, so its plain SHA-256 cannot be turned back by trying:
the slow digests that protect passwords would only make each request slow (NIST SP 800-63B, section 5.1.2.2, asks
for them below 112 bits).
"""

from __future__ import annotations

import hashlib
import hmac
import secrets
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime, timedelta
from typing import Annotated

from pydantic import AwareDatetime, BaseModel, ConfigDict, Field, StringConstraints

from service.access.principal import Principal, Scope

PREFIX = "mrsq_"
Name = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9._-]{1,64}$")]
"""Of a device or a project."""

_ID_BYTES = 6
_SECRET_BYTES = 32
_NO_DIGEST = "0" * 64


class Key(BaseModel):
    """Stored part of a key."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    id: Annotated[str, StringConstraints(pattern=r"^[0-9a-f]{12}$")]
    """Public part: names the key in logs and in the audit log."""
    sha256: Annotated[str, StringConstraints(pattern=r"^[0-9a-f]{64}$")]
    """Digest of the whole key."""
    device: Name
    """Device that uses it; two keys of one device overlap while one replaces the other."""
    project: Name
    scopes: Annotated[frozenset[Scope], Field(min_length=1)]
    created: AwareDatetime
    expires: AwareDatetime

    def is_valid(self, now: datetime) -> bool:
        """Whether it has not expired."""
        return now < self.expires

    @property
    def principal(self) -> Principal:
        """Principal of the key."""
        return Principal(f"key:{self.id}", self.scopes, self.project)


def new_key(device: str, project: str, scopes: Iterable[Scope], lifetime: timedelta) -> tuple[Key, str]:
    """A new key, as it is kept and as it is shown this one time."""
    key_id = secrets.token_hex(_ID_BYTES)
    shown = f"{PREFIX}{key_id}_{secrets.token_urlsafe(_SECRET_BYTES)}"
    created = datetime.now(UTC).replace(microsecond=0)
    key = Key(
        id=key_id,
        sha256=_digest(shown),
        device=device,
        project=project,
        scopes=frozenset(scopes),
        created=created,
        expires=created + lifetime,
    )
    return key, shown


def find(shown: str, keys: Mapping[str, Key]) -> Key | None:
    """The key that was shown as ``shown``; takes the same time whether its id is known or not."""
    key = keys.get(shown.removeprefix(PREFIX).partition("_")[0])
    kept = _NO_DIGEST if key is None else key.sha256
    return key if hmac.compare_digest(_digest(shown), kept) else None


def _digest(shown: str) -> str:
    return hashlib.sha256(shown.encode()).hexdigest()
