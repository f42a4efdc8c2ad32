"""The images a spectrum may come with, from paths."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from fitting.errors import UnusableImage

if TYPE_CHECKING:
    from fitting.anatomy import Images
    from fitting.io import SourceFile

_PANEL = "Images of the same examination (NIfTI)"

AnatomyOption = Annotated[
    Path | None,
    typer.Option(metavar="FILE", help="T1-weighted image: the report shows the volume in it.", rich_help_panel=_PANEL),
]
TissueMapsOption = Annotated[
    tuple[Path, Path, Path] | None,
    typer.Option(
        metavar="GM WM CSF",
        help="Probability maps, which give the tissue fractions unless --tissue does.",
        rich_help_panel=_PANEL,
    ),
]


def read_images(anatomy: Path | None, tissue_maps: tuple[Path, Path, Path] | None) -> Images:
    """The images there are.

    Raises
    ------
    UnusableImage
        When one cannot be opened.
    """
    from fitting.anatomy import Images

    return Images(
        None if anatomy is None else _file(anatomy, "anatomy"),
        *(
            _file(path, part)
            for path, part in zip(tissue_maps or (), ("gray_matter", "white_matter", "csf"), strict=False)
        ),
    )


def _file(path: Path, part: str) -> SourceFile:
    from fitting.io import SourceFile

    try:
        return SourceFile(path.name, path.read_bytes())
    except OSError as error:
        reason = error.strerror or "input/output error"
        raise UnusableImage(f"'{path.name}' cannot be opened: {reason}; check the path.", part=part) from error
