"""``mrsquant doctor``: does the service have what it needs on this machine?"""

from __future__ import annotations

import sys

from service.cli.configuration import load_settings
from service.cli.failures import ExitCode


def doctor() -> int:
    """Check settings, folders, database, workers and what is installed; changes nothing. Exit code 1 on a failure."""
    from service.cli.checks import CHECKS, CheckResult

    settings = load_settings()
    failed = False
    for name, check in CHECKS.items():
        try:
            finding = check(settings)
        except Exception as error:  # a check that breaks is itself what is wrong
            finding = CheckResult("failure", f"the check broke: {type(error).__name__}")
        failed |= finding.level == "failure"
        sys.stdout.write(f"{finding.level:<8} {name}: {finding.sentence}\n")
    return ExitCode.FAILURE if failed else ExitCode.ANALYSED
