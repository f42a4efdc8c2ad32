"""The table of commands, and the conversion of their failures to exit codes."""

from __future__ import annotations

import sys
from collections.abc import Sequence

import typer
from typer.exceptions import Abort, TyperException

import fitting
from service.cli import audit, cohort, keys
from service.cli.analyse import analyse
from service.cli.backup import backup
from service.cli.batch import batch
from service.cli.bids import BidsApp, bids
from service.cli.calibrate import calibrate
from service.cli.demo import demo
from service.cli.dicom_gateway import dicom_gateway
from service.cli.dicom_report import dicom_report
from service.cli.doctor import doctor
from service.cli.exit_codes import CommandFailure, ExitCode
from service.cli.inspect import inspect
from service.cli.mrd_server import mrd_server
from service.cli.openapi import openapi
from service.cli.score import score
from service.cli.serve import serve
from service.cli.submit import submit
from service.cli.sweep import sweep
from service.cli.watch import watch

COMMANDS = (
    *(analyse, batch, calibrate, inspect, score),
    *(serve, demo, submit, dicom_report, dicom_gateway, mrd_server, watch),
    *(openapi, doctor, backup, sweep),
)
"""In the order of the help text."""

app = typer.Typer(
    name="mrsquant",
    help="Quantify single-voxel brain 1H-MRS and compare it with matched control norms. "
    "Research use only; not a medical device. Quantities are SI: seconds and hertz.",
    epilog="Exit codes: 0 analysed; 2 analysed, not interpretable; 3 input refused; "
    "4 server unreachable or failed; 1 anything else.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
)
for command in COMMANDS:
    app.command()(command)
app.command(cls=BidsApp)(bids)
app.add_typer(keys.app, name="keys")
app.add_typer(audit.app, name="audit")
app.add_typer(cohort.app, name="cohort")


def _version(wanted: bool) -> None:
    if wanted:
        sys.stdout.write(f"mrsquant {fitting.__version__}\n")
        raise typer.Exit


@app.callback()
def _options(
    version: bool = typer.Option(False, "--version", callback=_version, is_eager=True, help="Print the version."),
) -> None:
    pass


def run(arguments: Sequence[str]) -> int:
    """Run one command line and return its exit code; bad input never ends in a traceback."""
    try:
        code = app(args=list(arguments), prog_name="mrsquant", standalone_mode=False)
    except CommandFailure as failure:
        sys.stderr.write(failure.line + "\n")
        return failure.exit_code
    except TyperException as error:
        message = " ".join(error.format_message().split())
        if message:
            sys.stderr.write(f"mrsquant: usage: {message.rstrip('.')}. Try 'mrsquant --help'.\n")
        return ExitCode.FAILURE
    except Abort:
        return ExitCode.FAILURE
    except Exception as error:
        sys.stderr.write(_defect(error))
        return ExitCode.FAILURE
    return ExitCode(code or 0) if code in {None, *ExitCode} else ExitCode.FAILURE


def _defect(error: Exception) -> str:
    """Kind and places of an unexpected exception; its message is omitted because it may quote the input."""
    from service.logs import frames_of

    lines = [f"mrsquant: internal-error: {type(error).__name__}: a defect of mrsquant; please report these lines."]
    return "\n".join([*lines, *(f"  {frame}" for frame in frames_of(error))]) + "\n"
