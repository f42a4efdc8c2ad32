"""The file of API keys (TOML): read again whenever it changes, and replaced as a whole when it is written."""

from __future__ import annotations

import os
import tempfile
import tomllib
from collections.abc import Iterable, Mapping
from pathlib import Path
from types import MappingProxyType

from pydantic import BaseModel, ConfigDict, ValidationError

from service.access.keys import Key

_HEAD = "# API keys of mrsquant, as digests; written by `mrsquant keys`, which keeps no comments.\n"


class UnusableKeyFile(Exception):
    """The file of keys cannot be read; the message says what to do and quotes nothing of it."""


class _Document(BaseModel):
    model_config = ConfigDict(extra="forbid")

    key: list[Key] = []


class KeyFile:
    """One file of keys; several processes may read it while another replaces it."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._seen: tuple[int, int, int] | None = None
        self._keys: Mapping[str, Key] = {}

    @property
    def exists(self) -> bool:
        """Whether the file exists."""
        return self.path.exists()

    def keys(self) -> Mapping[str, Key]:
        """The keys by id, as the file has them now.

        Raises
        ------
        UnusableKeyFile
            When the file is missing or damaged: the keys it held before do not count.
        """
        try:
            status = self.path.stat()
            state = (status.st_ino, status.st_mtime_ns, status.st_size)
            if state != self._seen:
                self._keys = MappingProxyType({key.id: key for key in _parse(self.path.read_text("utf-8"))})
                self._seen = state
        except (OSError, ValueError) as error:
            self._seen = None
            raise UnusableKeyFile(f"MRSQUANT_API_KEYS_FILE: '{self.path}' {_reason(error)}.") from error
        return self._keys

    def write(self, keys: Iterable[Key]) -> None:
        """Replace the file; only its owner may read it."""
        self.path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        handle, temporary = tempfile.mkstemp(dir=self.path.parent, prefix=".keys-")  # mode 0600
        try:
            with os.fdopen(handle, "w", encoding="utf-8") as file:
                file.write(_HEAD + "".join(_table(key) for key in keys))
                file.flush()
                os.fsync(file.fileno())
            os.replace(temporary, self.path)
        except BaseException:
            os.unlink(temporary)
            raise


def _parse(text: str) -> list[Key]:
    keys = _Document.model_validate(tomllib.loads(text)).key
    if len({key.id for key in keys}) != len(keys):
        raise ValueError("holds two keys with one id")
    return keys


def _reason(error: Exception) -> str:
    match error:
        case ValidationError():
            first = error.errors(include_input=False, include_url=False)[0]
            return f"is wrong at {'.'.join(str(step) for step in first['loc'])}: {first['msg']}"
        case tomllib.TOMLDecodeError():
            return f"is not TOML: {error}"
        case OSError():
            return f"cannot be read ({error.strerror}); `mrsquant keys new` makes it"
        case _:
            return str(error)


def _table(key: Key) -> str:
    # every value is of a pattern without quotes and backslashes
    scopes = ", ".join(f'"{scope}"' for scope in sorted(key.scopes))
    return (
        f'\n[[key]]\nid = "{key.id}"\nsha256 = "{key.sha256}"\ndevice = "{key.device}"\nproject = "{key.project}"\n'
        f"scopes = [{scopes}]\ncreated = {key.created.isoformat()}\nexpires = {key.expires.isoformat()}\n"
    )
