"""The operator's settings, with a bad one reported in one line."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from service.cli.exit_codes import CommandFailure, ExitCode

if TYPE_CHECKING:
    from service.settings import Settings


def load_settings(data_dir: Path | None = None) -> Settings:
    """Read the environment; a data folder of the command line goes before its variable.

    Raises
    ------
    CommandFailure
        When a variable has a value that cannot be used; the message names it.
    """
    from pydantic import ValidationError

    from service.settings import Settings

    try:
        return Settings() if data_dir is None else Settings(data_dir=data_dir)
    except ValidationError as error:
        first = error.errors(include_input=False)[0]
        name = "_".join(["MRSQUANT", *(str(step) for step in first["loc"])]).upper()
        raise CommandFailure(ExitCode.FAILURE, "invalid-setting", name, f"{first['msg']}.") from error
