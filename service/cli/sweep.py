"""``mrsquant sweep``: move files that belong to no analysis to the trash."""

from __future__ import annotations

import sys
from typing import Annotated

import typer

from service.cli.exit_codes import ExitCode
from service.cli.operator_settings import load_settings
from service.cli.storage import usable_storage


def sweep(
    whole: Annotated[
        bool, typer.Option("--all", help="Also when they exceed the share that the service moves; check them first.")
    ] = False,
) -> int:
    """Move files that belong to no analysis to the trash, as the service does daily; they stay there for 7 days."""
    from service.storage.sweep import Sweep

    settings = load_settings()
    with usable_storage(settings, "damaged-storage") as storage:
        swept = Sweep(storage).run(whole=whole)
    held = f"; {swept.held} left, more than a sweep takes (--all)" if swept.held else ""
    sys.stderr.write(f"{settings.data_dir}: {swept.moved} files moved to the trash, {swept.removed} removed{held}\n")
    return ExitCode.ANALYSED
