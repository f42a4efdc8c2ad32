"""The mrsquant command: analyse, batch and inspect without a server; serve, submit and openapi around one."""

from __future__ import annotations


def main() -> None:
    """Run the command and leave with its exit code."""
    import sys

    from service.cli.app import run

    sys.exit(run(sys.argv[1:]))
