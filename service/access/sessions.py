"""Browser sessions: a signed cookie that names the key it was opened with, and ends with it."""

from __future__ import annotations

import os
import secrets
import tempfile
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import NamedTuple

import jwt
from sqlalchemy import delete

from service.storage.database import Database
from service.storage.tables import EndedSessionRow

COOKIE = "mrsquant_session"

_ALGORITHM = "HS256"
_AUDIENCE = "mrsquant-session"


class BrowserSession(NamedTuple):
    """Content of a cookie."""

    id: str
    key_id: str
    expires: datetime


class Sessions:
    """The sessions of every process with this database and secret."""

    def __init__(self, database: Database, secret_file: Path, lifetime: timedelta) -> None:
        self._database = database
        self._secret = _secret(secret_file)
        self._lifetime = lifetime

    @property
    def seconds(self) -> int:
        """Lifetime of a session."""
        return int(self._lifetime.total_seconds())

    def open(self, key_id: str) -> str:
        """The cookie of a new session."""
        expires = datetime.now(UTC) + self._lifetime
        claims = {"jti": secrets.token_hex(16), "sub": key_id, "exp": expires, "aud": _AUDIENCE}
        return jwt.encode(claims, self._secret, _ALGORITHM)

    def read(self, cookie: str) -> BrowserSession | None:
        """Content of a cookie of this service; None when it is foreign, has expired or was signed out."""
        try:
            claims = jwt.decode(
                cookie,
                self._secret,
                algorithms=[_ALGORITHM],
                audience=_AUDIENCE,
                options={"require": ["jti", "sub", "exp", "aud"]},
            )
        except (jwt.PyJWTError, ValueError, RecursionError):
            return None
        session = BrowserSession(claims["jti"], claims["sub"], datetime.fromtimestamp(claims["exp"], UTC))
        with self._database.reading() as connection:
            return None if connection.get(EndedSessionRow, session.id) else session

    def end(self, session: BrowserSession) -> None:
        """Revoke the session's cookie and all its copies."""
        with self._database.writing() as connection:
            connection.execute(delete(EndedSessionRow).where(EndedSessionRow.expires < datetime.now(UTC)))
            connection.merge(EndedSessionRow(id=session.id, expires=session.expires))


def _secret(path: Path) -> bytes:
    """The content of the secret's file, which the first process makes."""
    if not path.exists():
        handle, temporary = tempfile.mkstemp(dir=path.parent, prefix=".secret-")  # mode 0600
        with os.fdopen(handle, "wb") as file:
            file.write(secrets.token_bytes(32))
        try:
            os.link(temporary, path)  # fails when another process was first, and never exposes half a secret
        except FileExistsError:
            pass
        finally:
            os.unlink(temporary)
    return path.read_bytes()
