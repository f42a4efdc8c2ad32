"""A folder for scanner exports: new, complete scans are sent, and sidecar files record the outcome.

``scan.rda`` gets ``scan.rda.done`` (where its analysis is) or ``scan.rda.error.json`` (the problem). Whatever has one
of them is left alone; removing it has the scan sent again. Inputs are read and never changed, moved or deleted.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from fitting.errors import FittingError, InaccessibleFile
from fitting.io import Files
from fitting.io.companions import file_content
from service.cli.client import uploads
from service.cli.scans import FolderScan, ScanFolder
from service.cli.sidecars import DONE, ERROR, Sidecars, is_sidecar
from service.client import UNFINISHED, Client, Refused
from service.client.exchanges import ReportFormat
from service.schemas.region_rules import RegionRule, said_of

NO_SPECTRA = (
    *(".txt", ".pdf", ".png", ".jpg", ".jpeg", ".gif", ".bmp", ".xml", ".log", ".html", ".htm", ".tmp", ".part"),
    *(".doc", ".docx", ".xls", ".xlsx", ".csv", ".tsv", ".md", ".lock"),
)
"""Endings of files that are not looked into."""
ALONE = (
    "Nearly all of its signal is in one line, as without water suppression, and no spectrum in the folder belongs to "
    "it; it is used once one does. If it is a spectrum, send it with 'mrsquant submit'."
)

Size = tuple[int, int]


@dataclass(slots=True)
class Folder:
    """One watched folder and the state of its files between two scans."""

    path: Path
    client: Client
    request: Mapping[str, Any]
    settle_seconds: float
    tell: Callable[[str], None]
    clock: Callable[[], float] = time.monotonic
    rules: tuple[RegionRule, ...] = ()
    reports: tuple[ReportFormat, ...] = ()
    out: Path | None = None
    water_pattern: str | None = None
    seen: dict[Path, tuple[Size, float]] = field(default_factory=dict)
    """Size and modification time of a file, and the time since which they are stable."""
    sent: dict[Path, tuple[str, FolderScan]] = field(default_factory=dict)
    """Address of the analysis of each scan that has not ended yet, by its first file."""
    _folders: dict[Path, ScanFolder] = field(default_factory=dict)
    _looked_at: dict[Path, frozenset[tuple[Path, Size, bool]]] = field(default_factory=dict)
    """What stood in a folder when its scans were last sorted, and which outcomes were recorded."""
    _restless: set[Path] = field(default_factory=set)
    """Folders with something new that is not settled yet."""

    @property
    def is_waiting(self) -> bool:
        """Whether anything is left to do: files that may still grow, or analyses that have not ended."""
        return bool(self._restless or self.sent)

    def look(self) -> None:
        """Send whole scans, and record the analyses that have ended.

        Raises
        ------
        ClientError
            When the service fails or cannot be reached; the next look tries again.
        OSError
            When a sidecar cannot be written.
        """
        for folder, files in self._quiet():
            self._sort(folder, files)
        for file, (analysis, scan) in list(self.sent.items()):
            self._follow(file, analysis, scan)

    def _quiet(self) -> Iterator[tuple[Path, list[Path]]]:
        """Folders with something new in which nothing changed for the settle time: scans and pairs arrive in bursts."""
        now, present = self.clock(), set()
        by_folder: dict[Path, list[Path]] = {}
        for file in sorted(self.path.rglob("*")):
            size = _size(file) if self._is_candidate(file) else None
            if size is None or size[0] == 0:
                continue
            present.add(file)
            before, since = self.seen.get(file, (None, now))
            self.seen[file] = (size, since if before == size else now)
            by_folder.setdefault(file.parent, []).append(file)
        for gone in self.seen.keys() - present:
            del self.seen[gone]
        self._restless = set()
        for folder, files in by_folder.items():
            content = frozenset((file, self.seen[file][0], self.sidecars.has_ended(file)) for file in files)
            if self._looked_at.get(folder) == content:
                continue
            if all(now - self.seen[file][1] >= self.settle_seconds for file in files):
                yield folder, files
                self._looked_at[folder] = content
            else:
                self._restless.add(folder)

    @property
    def sidecars(self) -> Sidecars:
        """Where outcomes are recorded."""
        return Sidecars(self.path, self.out)

    def _is_candidate(self, file: Path) -> bool:
        hidden = any(part.startswith(".") for part in file.relative_to(self.path).parts)
        if hidden or is_sidecar(file) or file.suffix.lower() in NO_SPECTRA or not file.is_file():
            return False
        return self.out is None or not file.is_relative_to(self.out)

    def _sort(self, folder: Path, files: Sequence[Path]) -> None:
        """Send the scans of a folder that are new, and record those that are nothing to analyse."""
        within = self._folders.setdefault(folder, ScanFolder(folder, self.water_pattern))
        before = within.strangers
        scans = within.scans(files)
        if within.strangers > before:
            self.tell(f"{folder.name}: {within.strangers} files are no spectra and are left alone")
        for scan in scans:
            new = [file for file in scan.mains if not self.sidecars.has_ended(file)]
            if not new or scan.mains[0] in self.sent:
                continue
            if scan.is_water:
                self._end_reference(scan, [other for other in scans if other.reference == scan.files])
            elif len(new) < len(scan.mains):
                self._end_late_parts(scan, new)
            else:
                self._send(scan)

    def _send(self, scan: FolderScan) -> None:
        first = scan.mains[0]
        parts = {"metabolite": scan.files, "water_reference": scan.reference}
        if scan.note is not None:
            self.tell(f"{first.name}: {scan.note}")
        try:
            files = {name: _contents(paths) for name, paths in parts.items() if paths}
            self.sent[first] = self.client.submit(uploads(files), self._request_for(first)), scan
        except (FittingError, Refused) as error:
            self._end(scan, ERROR, {"code": error.code, "detail": error.detail})

    def _request_for(self, file: Path) -> Mapping[str, Any]:
        """The request, with what the rules say of a file's name or, where that says nothing, of its folder."""
        said = said_of(self.rules, (file.name, file.parent.relative_to(self.path.parent).as_posix()))
        overrides = {**self.request.get("overrides", {}), **said.get("overrides", {})}
        return {**self.request, **said, **({"overrides": overrides} if overrides else {})}

    def _follow(self, file: Path, analysis: str, scan: FolderScan) -> None:
        document = self.client.look(analysis)
        if document["state"] in UNFINISHED:
            return
        if document["state"] == "succeeded":
            for format in self.reports:
                self._fetch(file, analysis, format)
            verdict = document["verdict"]["usable"]
            self._end(scan, DONE, {"analysis": analysis, "state": document["state"], "usable": verdict})
            return
        problem = document["problem"] or {"code": "cancelled", "detail": "The analysis was cancelled."}
        self._end(scan, ERROR, {"analysis": analysis, "code": problem["code"], "detail": problem["detail"]})

    def _fetch(self, file: Path, analysis: str, format: ReportFormat) -> None:
        try:
            self.sidecars.report(file, format, self.client.report(analysis, format))
        except Refused as error:
            self.tell(f"{file.name}: no {format} report: {error.detail}")

    def _end(self, scan: FolderScan, suffix: str, document: Mapping[str, Any]) -> None:
        """Record the outcome of a scan: at its first file in full, at its other files and its reference in short."""
        first = scan.mains[0]
        pairing = {"water_reference": scan.reference[0].name} if scan.reference else {}
        noted = {} if scan.note is None else {"note": scan.note}
        path = self.sidecars.record(first, suffix, {**document, **pairing, **noted})
        for part in scan.mains[1:]:
            self.sidecars.record(part, suffix, {**document, "part_of": first.name})
        for file in scan.reference:
            self._end_used(file, first)
        self.sent.pop(first, None)
        self.tell(f"{path.name}: {document.get('code', 'analysed')}")

    def _end_used(self, reference: Path, spectrum: Path) -> None:
        self.sidecars.record(reference, DONE, {"used_by": spectrum.name})
        self.sidecars.of(reference, ERROR).unlink(missing_ok=True)

    def _end_reference(self, scan: FolderScan, users: Sequence[FolderScan]) -> None:
        """Record why a water reference was not analysed: it is alone, or its spectrum was analysed before it came."""
        if not users:
            self._end(scan, ERROR, {"code": "water-reference-alone", "detail": ALONE})
            return
        for user in users:
            first = user.mains[0]
            if first in self.sent or not self.sidecars.has_ended(first):
                continue  # recorded when that ends
            if self.sidecars.names_reference(first, scan.files):
                for file in scan.mains:
                    self._end_used(file, first)
                continue
            detail = f"{first.name} was analysed before it came; remove {first.name}{DONE} to have both analysed."
            self._end(scan, ERROR, {"code": "reference-came-late", "detail": detail})

    def _end_late_parts(self, scan: FolderScan, new: Sequence[Path]) -> None:
        """Record that files of a scan came after its analysis, which is not repeated unasked."""
        detail = (
            f"This file belongs to a scan of {len(scan.mains)} files that was analysed before it came; remove the "
            f"{DONE} files of all of them to have it analysed again, and give --settle more seconds."
        )
        for file in new:
            path = self.sidecars.record(file, ERROR, {"code": "part-came-late", "detail": detail})
            self.tell(f"{path.name}: part-came-late")


def _contents(paths: Sequence[Path]) -> Files:
    return tuple(file_content(path, InaccessibleFile) for path in paths)


def _size(file: Path) -> Size | None:
    try:
        status = file.stat()
    except OSError:  # gone meanwhile
        return None
    return status.st_size, status.st_mtime_ns
