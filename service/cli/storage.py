"""Open the service's storage for a command, or end the command with one line."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

from service.cli.exit_codes import CommandFailure, ExitCode

if TYPE_CHECKING:
    from service.settings import Settings
    from service.storage.binding import Storage


@contextmanager
def usable_storage(settings: Settings, code: str) -> Iterator[Storage]:
    """The storage of these settings; if it cannot be used, the command fails with this ``code``."""
    from sqlalchemy.exc import SQLAlchemyError

    from service.storage.binding import Storage, UnusableStorage

    storage = Storage(settings.database_url, settings.data_dir)
    try:
        yield storage
    except UnusableStorage as error:
        raise CommandFailure(ExitCode.FAILURE, code, str(settings.data_dir), f"{error}") from error
    except SQLAlchemyError as error:
        detail = f"the database does not answer ({type(error).__name__})."
        raise CommandFailure(ExitCode.FAILURE, code, storage.database.shown, detail) from error
    finally:
        storage.database.close()
