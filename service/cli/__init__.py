"""The mrsquant command: analyse, batch and inspect locally; serve, submit and openapi for the HTTP service."""

from __future__ import annotations


def main() -> None:
    """Run the command and leave with its exit code."""
    import sys

    from service.cli.app import run

    sys.exit(run(sys.argv[1:]))
