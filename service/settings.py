"""What an operator may set: environment variables ``MRSQUANT_*``; with none, one machine works on its own."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any, Literal

from pydantic import Field, PositiveInt
from pydantic_settings import BaseSettings, SettingsConfigDict


def _own_folder(variable: str, fallback: str) -> Path:
    """The user's mrsquant folder below an XDG base directory (freedesktop.org base directory specification)."""
    return Path(os.environ.get(variable) or Path.home() / fallback) / "mrsquant"


def _sqlite_in_data_dir(fields: dict[str, Any]) -> str:
    # data_dir is absent when it did not validate; that error is the one to show
    return f"sqlite:///{fields['data_dir'] / 'mrsquant.sqlite3'}" if "data_dir" in fields else "sqlite://"


class Settings(BaseSettings):
    """Read once at start, frozen, and handed to ``create_app``; nothing reads the environment later."""

    model_config = SettingsConfigDict(env_prefix="MRSQUANT_", frozen=True, use_attribute_docstrings=True)

    data_dir: Path = Field(default_factory=lambda: _own_folder("XDG_DATA_HOME", ".local/share"))
    """Folder of the database file and of uploaded and computed files. Default: ``$XDG_DATA_HOME/mrsquant``, which is
    ``~/.local/share/mrsquant`` on most machines. Created with access for its owner only."""

    database_url: str = Field(default_factory=_sqlite_in_data_dir)
    """SQLAlchemy URL of the database. Default: the SQLite file ``mrsquant.sqlite3`` in the data folder. Several service
    processes need ``postgresql+psycopg://user:password@host/name``."""

    cache_dir: Path = Field(default_factory=lambda: _own_folder("XDG_CACHE_HOME", ".cache"))
    """Folder of simulated basis sets; may be emptied at any time. Default: ``$XDG_CACHE_HOME/mrsquant``, which is
    ``~/.cache/mrsquant`` on most machines."""

    executor: str = "processes:"
    """Where fits run: ``processes:N`` (N worker processes; without N one for each core), ``inline:`` (in the service
    itself, one at a time) or ``dask+tcp://host:8786`` (a dask cluster; needs the extra ``cluster``)."""

    max_upload_bytes: PositiveInt = 100_000_000
    """Largest accepted request body, bytes."""

    queue_limit: PositiveInt = 10_000
    """Analyses that may wait; beyond it submissions are answered 503 with ``Retry-After``."""

    log_format: Literal["json", "console"] = "json"
    """``json`` writes one object a line for machines, ``console`` writes for people."""

    log_level: Literal["debug", "info", "warning", "error"] = "info"
    """Least severe messages that are written."""
