"""The job: complete input of one analysis, and its construction from requests and files."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from pathlib import Path
from typing import Any, Self

from fitting.errors import UnusableBasis, UnusableImage, UnusableSite, UnusableTable
from fitting.io import Files
from fitting.io.companions import file_content, source_files
from fitting.model.site_background import SiteBackground
from fitting.norms import Controls, FurtherLaboratory
from fitting.request import FIELDS, PARTS, Document, Options, PersonVisit, Subject, TissueFractions, put, request_of
from fitting.run.check import check_request
from fitting.run.placement import Images
from fitting.sites import Site, read_site

_IMAGES = {part.name for part in PARTS if part.is_image}


@dataclass(frozen=True, slots=True)
class Job:
    """Complete input of one analysis; picklable, so any worker can run it.

    ``basis`` holds an LCModel ``.BASIS`` file or the JSON files of an FSL-MRS basis folder; empty means simulate.
    ``relaxation`` is the CSV that overrides shipped relaxation times, or None. ``site_norms`` are the newest versions
    of the site's own controls. ``macromolecules`` is a measured macromolecular spectrum that replaces the published
    ones. ``images`` are the T1-weighted image and the tissue maps of the same examination. ``visit`` names the person
    by a pseudonym; it changes no number. ``site`` is the calibration of the scanner; ``sites`` are those that may hold,
    newest first. ``laboratories`` are others that shared their summaries.
    """

    metabolite: Files
    water_reference: Files = ()
    subject: Subject = field(default_factory=Subject)
    options: Options = field(default_factory=Options)
    basis: Files = ()
    relaxation: bytes | None = None
    site_norms: tuple[Controls, ...] = ()
    macromolecules: Files = ()
    images: Images = field(default_factory=Images)
    visit: PersonVisit = field(default_factory=PersonVisit)
    site: Site | None = None
    sites: tuple[Site, ...] = ()
    laboratories: tuple[FurtherLaboratory, ...] = ()
    background: SiteBackground | None = None
    """Learned macromolecules in place of the site's, with which a control is fitted: without what it taught itself."""

    @classmethod
    def of(
        cls,
        document: Mapping[str, Any],
        files: Mapping[str, Files],
        site_norms: tuple[Controls, ...] = (),
        sites: tuple[Site, ...] = (),
        laboratories: tuple[FurtherLaboratory, ...] = (),
    ) -> Self:
        """The job of a request's document and its files by part.

        Raises
        ------
        ImplausibleParameter
            When a value of the request is impossible.
        """
        request = request_of(document)
        relaxation, site = files.get("relaxation", ()), files.get("site", ())
        return cls(
            metabolite=files["metabolite"],
            water_reference=files.get("water_reference", ()),
            subject=request.subject,
            options=request.options,
            basis=files.get("basis", ()),
            relaxation=relaxation[0].content if relaxation else None,
            site_norms=site_norms,
            macromolecules=files.get("macromolecules", ()),
            images=Images(**{name: found[0] for name, found in files.items() if name in _IMAGES and found}),
            visit=request.visit,
            site=_site(site[0].content, site[0].name) if site else None,
            sites=sites,
            laboratories=laboratories,
        )

    @classmethod
    def from_files(
        cls,
        metabolite: Path | str,
        *,
        water_reference: Path | str | None = None,
        macromolecules: Path | str | None = None,
        anatomy: Path | str | None = None,
        gray_matter: Path | str | None = None,
        white_matter: Path | str | None = None,
        csf: Path | str | None = None,
        basis: Path | str | None = None,
        relaxation: Path | str | None = None,
        site: Path | str | None = None,
        site_norms: tuple[Controls, ...] = (),
        **said: float | str | TissueFractions | Mapping[str, float] | None,
    ) -> Self:
        """The job of a spectrum on disk, with its other files and the fields of the request.

        Parameters
        ----------
        metabolite : path
            Spectrum in any supported format; the second file of two-file formats is found beside it.
        water_reference, macromolecules, anatomy, gray_matter, white_matter, csf : path, optional
            See ``fitting.request.parts``.
        basis, relaxation, site : path, optional
            See ``fitting.request.parts``.
        site_norms : tuple of Controls
            The site's own controls.
        **said
            Any field of ``fitting.request.nouns`` by its column's name, such as ``region="ACC"``, ``age_years=44`` or
            ``echo_time=0.030`` (SI units); ``tissue`` as TissueFractions or a mapping of gm, wm and csf.

        Raises
        ------
        FittingError
            When a value of the request is impossible, or a file cannot be read.
        TypeError
            When there is no such field.
        """
        paths = {
            "metabolite": metabolite,
            "water_reference": water_reference,
            "macromolecules": macromolecules,
            "anatomy": anatomy,
            "gray_matter": gray_matter,
            "white_matter": white_matter,
            "csf": csf,
            "basis": basis,
            "relaxation": relaxation,
            "site": site,
        }
        return cls.read(
            said_document(said), {name: Path(path) for name, path in paths.items() if path is not None}, site_norms
        )

    @classmethod
    def read(
        cls,
        document: Document,
        paths: Mapping[str, Path],
        site_norms: tuple[Controls, ...] = (),
        sites: tuple[Site, ...] = (),
    ) -> Self:
        """The job of a request's document and of files on disk, by part.

        Raises
        ------
        FittingError
            When a value of the request is impossible, which is checked before any file is read, or a file cannot be
            read.
        """
        request = request_of(document)
        check_request(request.subject, request.options)
        return cls.of(document, {name: read_part(name, path) for name, path in paths.items()}, site_norms, sites)


def said_document(said: Mapping[str, Any]) -> Document:
    """The document of fields by the names of their columns; None means not given.

    Raises
    ------
    TypeError
        When there is no such field.
    """
    document: Document = {}
    by_column = {item.column: item for item in FIELDS}
    for name, value in said.items():
        if name == "tissue":
            parts = value if isinstance(value, Mapping | None) else {k: getattr(value, k) for k in ("gm", "wm", "csf")}
            if parts is not None:
                document["tissue"] = dict(parts)
        elif name not in by_column:
            raise TypeError(f"a request has no field '{name}'; its fields are {', '.join(by_column)} and tissue")
        elif value is not None:
            put(document, by_column[name].path, list(value) if isinstance(value, tuple) else value)
    return document


def read_part(name: str, path: Path) -> Files:
    """The files of one part at a path.

    Raises
    ------
    FittingError
        When there is no readable file; the class depends on the part.
    """
    if name == "basis":
        return _basis_files(path)
    if name == "relaxation":
        return (file_content(path, UnusableTable),)
    if name == "site":
        return (file_content(path, UnusableSite),)
    if name in _IMAGES:
        return (file_content(path, UnusableImage, part=name),)
    return source_files(path)


@lru_cache(maxsize=4)
def _site(content: bytes, name: str) -> Site:
    """The site of a profile; batches send the same file with every spectrum."""
    return read_site(content, name)


def _basis_files(path: Path) -> Files:
    """An LCModel ``.BASIS`` file, or every ``.json`` file of an FSL-MRS basis folder."""
    if not path.is_dir():
        return (file_content(path, UnusableBasis),)
    members = sorted(member for member in path.iterdir() if member.suffix.lower() == ".json")
    if not members:
        raise UnusableBasis(
            f"Folder '{path.name}' holds no .json file; name a .BASIS file or an FSL-MRS basis folder.", file=path.name
        )
    return tuple(file_content(member, UnusableBasis) for member in members)
