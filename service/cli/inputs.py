"""Paths on disk become the Job that the pipeline analyses."""

from __future__ import annotations

from pathlib import Path

from fitting.errors import FittingError, UnusableBasis, UnusableTable
from fitting.io import Files, SourceFile
from fitting.io.companions import source_files
from fitting.norms import Controls
from fitting.pipeline import Job
from fitting.request import check_request
from fitting.subject import Options, Subject
from service.cli.images import read_images


def read_job(
    metabolite: Path,
    *,
    water_reference: Path | None = None,
    subject: Subject | None = None,
    options: Options | None = None,
    basis: Path | None = None,
    relaxation: Path | None = None,
    macromolecules: Path | None = None,
    anatomy: Path | None = None,
    tissue_maps: tuple[Path, Path, Path] | None = None,
    site_norms: tuple[Controls, ...] = (),
) -> Job:
    """Read every file of one analysis, with the companions of two-file formats, if what was asked is possible.

    Raises
    ------
    FittingError
        When a parameter cannot be, or a file cannot be what it is given as.
    """
    check_request(subject or Subject(), options or Options())
    return Job(
        metabolite=source_files(metabolite),
        water_reference=() if water_reference is None else source_files(water_reference),
        subject=subject or Subject(),
        options=options or Options(),
        basis=() if basis is None else basis_files(basis),
        relaxation=None if relaxation is None else _content(relaxation, UnusableTable),
        site_norms=site_norms,
        macromolecules=() if macromolecules is None else source_files(macromolecules),
        images=read_images(anatomy, tissue_maps),
    )


def basis_files(path: Path) -> Files:
    """An LCModel ``.BASIS`` file, or every ``.json`` file of an FSL-MRS basis folder.

    Raises
    ------
    UnusableBasis
        When nothing can be read there, or the folder holds no ``.json`` file.
    """
    if not path.is_dir():
        return (SourceFile(path.name, _content(path, UnusableBasis)),)
    members = sorted(member for member in path.iterdir() if member.suffix.lower() == ".json")
    if not members:
        raise UnusableBasis(
            f"Folder '{path.name}' holds no .json file; name a .BASIS file or an FSL-MRS basis folder.", file=path.name
        )
    return tuple(SourceFile(member.name, _content(member, UnusableBasis)) for member in members)


def _content(path: Path, refusal: type[FittingError]) -> bytes:
    try:
        return path.read_bytes()
    except OSError as error:
        reason = error.strerror or "input/output error"
        raise refusal(f"'{path.name}' cannot be opened: {reason}; check the path.", file=path.name) from error
