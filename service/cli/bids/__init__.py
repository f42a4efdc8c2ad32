"""``mrsquant bids``: the spectra of a BIDS dataset, as a BIDS App."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Annotated, Any, Literal

import typer
from typer.core import TyperCommand

from service.cli.exit_codes import CommandFailure, ExitCode, refusing, writing
from service.cli.signals import terminated_like_interrupted

LISTS = ("--participant-label", "--participant_label", "--session-label", "--session_label", "--region")
"""Options that take several values."""


class BidsApp(TyperCommand):
    """A command whose list options take their values as BIDS Apps do: ``--participant-label 01 02``."""

    def parse_args(self, ctx: Any, args: list[str]) -> list[str]:
        """Parse, the option repeated before each of its further values."""
        return super().parse_args(ctx, spread(args))


def spread(arguments: list[str]) -> list[str]:
    """Arguments with a list option repeated before each of its further values."""
    done: list[str] = []
    option: str | None = None
    for argument in arguments:
        if argument.startswith("-"):
            option = argument if argument in LISTS else None
        elif option is not None and done[-1] != option:
            done.append(option)
        done.append(argument)
    return done


def bids(
    dataset: Annotated[
        Path, typer.Argument(metavar="DATASET", help="BIDS dataset with sub-*/[ses-*/]mrs/*_svs.nii.gz.")
    ],
    out: Annotated[Path, typer.Argument(metavar="OUT", help="Folder of the derivative dataset.")],
    level: Annotated[
        Literal["participant", "group"],
        typer.Argument(metavar="participant|group", help="Analyse people, or gather what was analysed."),
    ],
    *,
    participant_label: Annotated[
        list[str] | None,
        typer.Option("--participant-label", "--participant_label", metavar="01 02", help="Only these people."),
    ] = None,
    session_label: Annotated[
        list[str] | None,
        typer.Option("--session-label", "--session_label", metavar="pre post", help="Only these sessions."),
    ] = None,
    region: Annotated[
        list[str] | None,
        typer.Option(metavar="VOI=REGION", help="Region of a label of voi, such as acc=ACC; wins over the sidecar."),
    ] = None,
    tissue_maps: Annotated[
        Path | None,
        typer.Option(metavar="DERIVATIVES", help="Derivative dataset with label-{GM,WM,CSF}_probseg maps."),
    ] = None,
    workers: Annotated[int | None, typer.Option(min=1, help="Processes; default: one for each core.")] = None,
    skip_bids_validation: Annotated[
        bool,
        typer.Option(
            "--skip-bids-validation", "--skip_bids_validation", help="Go on without a dataset_description.json."
        ),
    ] = False,
    url: Annotated[
        str | None, typer.Option(metavar="URL", help="Have a running service analyse instead of this machine.")
    ] = None,
    spectra: Annotated[
        bool,
        typer.Option("--spectra", help="Write processed spectrum, fit, baseline and residual as NIfTI-MRS as well."),
    ] = False,
    basis: Annotated[
        Path | None, typer.Option(metavar="PATH", help="LCModel .BASIS file or folder of FSL-MRS JSON files.")
    ] = None,
    macromolecules: Annotated[
        Path | None, typer.Option(metavar="PATH", help="Macromolecules instead of the published, or a SITE.json.")
    ] = None,
    site: Annotated[
        Path | None, typer.Option(metavar="SITE.json", help="Calibration of the scanner, made by mrsquant calibrate.")
    ] = None,
    relaxation: Annotated[
        Path | None, typer.Option(metavar="CSV", help="Relaxation times that replace the shipped ones.")
    ] = None,
) -> int:
    """Analyse the spectra of a BIDS dataset into a derivative dataset, as a BIDS App.

    What is there already with the same input and engine is not analysed again.
    """
    from service.cli.bids.dataset import open_dataset
    from service.cli.bids.derivative import write_derivative
    from service.cli.bids.group_level import write_group
    from service.cli.bids.participant_level import analyse_all, chosen_spectra

    with refusing(dataset):
        opened = open_dataset(dataset, unchecked=skip_bids_validation)
    _check_out(dataset, out)
    if level == "group":
        with refusing(out), writing(out):
            written = write_group(out)
        sys.stderr.write(f"{out}: {written.spectra} spectra of {written.people} people, {written.refused} refused\n")
        return ExitCode.ANALYSED
    parts = {"basis": basis, "macromolecules": macromolecules, "site": site, "relaxation": relaxation}
    shared = {name: path for name, path in parts.items() if path is not None}
    with refusing(dataset):
        items = chosen_spectra(
            opened, participant_label or (), session_label or (), region or (), tissue_maps=tissue_maps
        )
    with writing(out):
        write_derivative(opened, out, tissue_maps)
    with terminated_like_interrupted():
        try:
            done = analyse_all(items, out, shared, workers=workers, url=url, spectra=spectra)
        except KeyboardInterrupt as error:
            raise CommandFailure(
                ExitCode.FAILURE, "interrupted", str(out), "it holds the spectra finished so far."
            ) from error
    sys.stderr.write(f"{out}: {done.results} of {len(items)} spectra have results, {done.kept} of them from before\n")
    return ExitCode.ANALYSED if done.results else ExitCode.REFUSED


def _check_out(dataset: Path, out: Path) -> None:
    """Refuse to write among the data of the source; BIDS has ``derivatives`` for results."""
    source, target = dataset.resolve(), out.resolve()
    inside = target.relative_to(source).parts if target.is_relative_to(source) else None
    if inside is not None and (not inside or inside[0] != "derivatives"):
        raise CommandFailure(
            ExitCode.FAILURE,
            "usage",
            str(out),
            "is among the data of DATASET; name a folder outside, or in derivatives/.",
        )
