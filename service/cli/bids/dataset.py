"""The spectra of a BIDS dataset: ``sub-*/[ses-*/]mrs/*_svs.nii[.gz]`` with what the dataset says of them."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path, PurePosixPath
from typing import Any

from fitting.errors import FittingError, InaccessibleFile, UnsupportedData, UnusableTable
from service.cli.bids.bids_names import BidsName, bids_name, is_ignored
from service.cli.bids.people import age_unit, person_of, read_people
from service.cli.bids.place import place_of
from service.cli.bids.sidecar import sidecar_of
from service.cli.bids.tissue import TISSUES, tissue_maps_of
from service.cli.bids.water import reference_of

REFUSED_SUFFIXES = {
    "mrsi": "spectroscopic imaging (MRSI)",
    "unloc": "spectroscopy without localisation",
}
MOST_SPECTRA = 100_000
"""A dataset with more is refused: it is more likely a mistaken folder."""


@dataclass(frozen=True, slots=True)
class BidsSpectrum:
    """One spectrum of a dataset, or the reason why it is none that can be analysed."""

    path: PurePosixPath
    """Relative to the dataset."""
    name: BidsName
    paths: Mapping[str, Path] = field(default_factory=dict)
    """Files by part."""
    sidecars: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    """What JSON files say of the spectrum and its water, by part."""
    document: Mapping[str, Any] = field(default_factory=dict)
    """The request."""
    notes: tuple[str, ...] = ()
    problem: FittingError | None = None

    @property
    def participant(self) -> str:
        """Label of the person."""
        return self.name.get("sub") or ""

    @property
    def session(self) -> str | None:
        """Label of the visit."""
        return self.name.get("ses")


@dataclass(frozen=True, slots=True)
class Dataset:
    """One dataset on disk."""

    root: Path
    description: Mapping[str, Any]
    ignored: tuple[str, ...]
    participants: tuple[str, ...]
    """Labels of the folders ``sub-*``."""


def open_dataset(root: Path, *, unchecked: bool = False) -> Dataset:
    """The dataset in a folder.

    Parameters
    ----------
    root : Path
    unchecked : bool
        Whether a folder without a usable ``dataset_description.json`` is read too.

    Raises
    ------
    InaccessibleFile
        When there is no such folder.
    UnusableTable
        When its description is missing or unusable, or two people have one label.
    """
    if not root.is_dir():
        raise InaccessibleFile(f"There is no folder '{root.name}'; check the path.", file=root.name)
    description = {} if unchecked and not (root / "dataset_description.json").is_file() else _description(root)
    try:
        lines = (root / ".bidsignore").read_text(encoding="utf-8").splitlines()
    except (OSError, UnicodeDecodeError):
        lines = []
    ignored = tuple(line.strip() for line in lines if line.strip() and not line.startswith("#"))
    folders = sorted(item.name for item in root.glob("sub-*") if item.is_dir())
    labels = tuple(name.removeprefix("sub-") for name in folders)
    by_case: dict[str, str] = {}
    for label in labels:
        if by_case.setdefault(label.casefold(), label) != label:
            raise UnusableTable(
                f"'sub-{by_case[label.casefold()]}' and 'sub-{label}' differ in capitals only, so their results cannot "
                "be told apart on every file system; rename one.",
                file=root.name,
            )
    return Dataset(root, description, ignored, labels)


def spectra_of(
    dataset: Dataset,
    *,
    participants: Sequence[str],
    sessions: Sequence[str],
    regions: Mapping[str, str],
    tissue_maps: Path | None,
    request: Mapping[str, Any],
) -> list[BidsSpectrum]:
    """Every spectrum of some people and sessions, in the order of the paths.

    Parameters
    ----------
    dataset : Dataset
    participants, sessions : sequence of str
        Labels; none means all.
    regions : mapping
        Regions by label of ``voi``.
    tissue_maps : Path or None
        Derivative dataset with tissue probability maps.
    request : mapping
        What holds for every spectrum where the dataset says nothing.

    Raises
    ------
    UnusableTable
        When ``participants.tsv`` or a ``sessions.tsv`` cannot be used.
    """
    people = read_people(dataset.root / "participants.tsv", "participant_id")
    unit = age_unit(dataset.root / "participants.json")
    found: list[BidsSpectrum] = []
    for label in participants or dataset.participants:
        visits = read_people(dataset.root / f"sub-{label}" / f"sub-{label}_sessions.tsv", "session_id")
        for item in _of_person(dataset, label, sessions):
            # values of the visit win over those of the person
            row = {**people.get(f"sub-{label}", {}), **_given(visits.get(f"ses-{item.session}", {}))}
            said, notes = person_of(row, unit)
            known = replace(item, document={**request, **said}, notes=notes)
            found.append(known if item.problem else _completed(dataset, known, regions, tissue_maps))
        if len(found) > MOST_SPECTRA:
            raise UnusableTable(f"There are more than {MOST_SPECTRA} spectra; name some with --participant-label.")
    return found


def _given(row: Mapping[str, str]) -> dict[str, str]:
    return {name: value for name, value in row.items() if value.lower() not in ("", "n/a")}


def _of_person(dataset: Dataset, label: str, sessions: Sequence[str]) -> Iterator[BidsSpectrum]:
    root = dataset.root / f"sub-{label}"
    folders: list[tuple[str | None, Path]] = [] if sessions else [(None, root)]
    folders += [
        (item.name.removeprefix("ses-"), item)
        for item in sorted(root.glob("ses-*"))
        if item.is_dir() and (not sessions or item.name.removeprefix("ses-") in sessions)
    ]
    for session, folder in folders:
        for file in sorted((folder / "mrs").glob("*.nii*")):
            path = PurePosixPath(file.relative_to(dataset.root).as_posix())
            if file.name.endswith((".nii", ".nii.gz")) and not is_ignored(path, dataset.ignored):
                item = _spectrum(dataset, path, label, session)
                if item is not None:
                    yield item


def _spectrum(dataset: Dataset, path: PurePosixPath, label: str, session: str | None) -> BidsSpectrum | None:
    """The spectrum of a file, refused where it is of another kind, misnamed or not there; None for other suffixes."""
    name = bids_name(path.name)
    if name is None:
        unnamed = BidsName((("sub", label), *((("ses", session),) if session else ())), "svs", "")
        detail = f"'{path.name}' has no name of BIDS (sub-{label}[_ses-…][_acq-…][_voi-…]_svs.nii.gz); rename it."
        return BidsSpectrum(path, unnamed, problem=UnusableTable(detail, file=path.name))
    if name.suffix in REFUSED_SUFFIXES:
        kind = REFUSED_SUFFIXES[name.suffix]
        detail = f"'{path.name}' is {kind}; only single-voxel spectra (_svs) can be analysed."
        return BidsSpectrum(path, name, problem=UnsupportedData(detail, file=path.name))
    if name.suffix != "svs":
        return None
    problem: FittingError | None = None
    if (name.get("sub"), name.get("ses")) != (label, session):
        detail = f"'{path.name}' is named otherwise than its folder '{path.parent}'; rename it or move it."
        problem = UnusableTable(detail, file=path.name)
    else:
        problem = _absence(dataset.root, dataset.root / path)
    return BidsSpectrum(path, name, problem=problem)


def _absence(root: Path, file: Path) -> FittingError | None:
    """Why a file of the dataset is not there: links that lead out of it, or to content that was not fetched."""
    if not file.resolve().is_relative_to(root.resolve()):
        detail = f"'{file.name}' is a link to a file outside of the dataset, which is not read."
        return InaccessibleFile(detail, file=file.name)
    if not file.is_file():
        detail = f"The content of '{file.name}' is not there; fetch it (datalad get, git annex get)."
        return InaccessibleFile(detail, file=file.name)
    return None


def _completed(
    dataset: Dataset, item: BidsSpectrum, regions: Mapping[str, str], tissue_maps: Path | None
) -> BidsSpectrum:
    """The spectrum with its sidecar, water reference, region and tissue maps."""
    file = dataset.root / item.path
    paths, notes = {"metabolite": file}, list(item.notes)
    try:
        sidecars: dict[str, Mapping[str, Any]] = {"metabolite": sidecar_of(item.name, file, dataset.root)}
        reference = reference_of(item.name, file, sidecars["metabolite"], dataset.root)
        if reference is not None:
            problem = _absence(dataset.root, reference.file)
            if problem is not None:
                raise problem
            paths["water_reference"] = reference.file
            sidecars["water_reference"] = sidecar_of(reference.name, reference.file, dataset.root)
            notes += [] if reference.note is None else [reference.note]
    except FittingError as error:
        return replace(item, paths=paths, problem=error)
    if not sidecars["metabolite"]:
        notes.append("No sidecar: what is known of the scan is that of the header extension.")
    place, note = place_of(item.name, sidecars["metabolite"], regions)
    notes += [] if note is None else [note]
    if tissue_maps is not None:
        maps, note = tissue_maps_of(item.name, sidecars["metabolite"], tissue_maps)
        paths |= dict(zip(TISSUES, maps, strict=True)) if maps else {}
        notes += [] if note is None else [note]
    return replace(item, paths=paths, sidecars=sidecars, document={**item.document, **place}, notes=tuple(notes))


def _description(root: Path) -> Mapping[str, Any]:
    path = root / "dataset_description.json"
    try:
        content = json.loads(path.read_bytes())
    except OSError:
        detail = f"'{root.name}' has no dataset_description.json, so it is no BIDS dataset; name its top folder"
    except (ValueError, RecursionError):
        detail = "dataset_description.json is no JSON; write it again"
    else:
        lacking = [key for key in ("Name", "BIDSVersion") if not (isinstance(content, dict) and content.get(key))]
        if not lacking:
            return dict(content)
        detail = f"dataset_description.json does not say {' and '.join(lacking)}; add it"
    raise UnusableTable(f"{detail}, or give --skip-bids-validation.", file=root.name)
