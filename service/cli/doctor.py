"""``mrsquant doctor``: check that this machine meets the requirements of the service."""

from __future__ import annotations

import sys
from typing import Annotated

import typer

from service.cli.exit_codes import ExitCode
from service.cli.operator_settings import load_settings


def doctor(
    deep: Annotated[bool, typer.Option("--deep", help="Also read every stored file and result; takes longer.")] = False,
) -> int:
    """Check settings, folders, database, files and workers; changes nothing. Exit code 1 on a failure."""
    from service.cli.check_result import CheckResult
    from service.cli.checks import CHECKS, DEEP_CHECKS

    settings = load_settings()
    failed = False
    for name, check in (CHECKS | DEEP_CHECKS if deep else CHECKS).items():
        try:
            finding = check(settings)
        except Exception as error:  # a check that raises is a failed check
            finding = CheckResult("failure", f"the check broke: {type(error).__name__}")
        failed |= finding.level == "failure"
        sys.stdout.write(f"{finding.level:<8} {name}: {finding.sentence}\n")
    return ExitCode.FAILURE if failed else ExitCode.ANALYSED
