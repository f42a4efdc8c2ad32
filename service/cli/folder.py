"""A folder for scanner exports: new, complete files are sent, and a sidecar file records the outcome.

``scan.rda`` gets ``scan.rda.done`` (where its analysis is) or ``scan.rda.error.json`` (the problem). Whatever has one
of them is left alone; removing it has the file sent again. Inputs are read and never changed, moved or deleted.
"""

from __future__ import annotations

import json
import os
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from fitting.errors import FittingError
from fitting.io.companions import source_files
from service.cli.client import uploads
from service.client import UNFINISHED, Client, Refused

DONE, ERROR = ".done", ".error.json"
_FOLLOWERS = {".spar": ".sdat"}
"""Suffixes of companion files, which are sent with the main file of the same name."""

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
    seen: dict[Path, tuple[Size, float]] = field(default_factory=dict)
    """Size and modification time of a file, and the time since which they are stable."""
    sent: dict[Path, str] = field(default_factory=dict)
    """Address of the analysis of each file that has not ended yet."""

    def look(self) -> None:
        """Send stable files, and record the analyses that have ended.

        Raises
        ------
        ClientError
            When the service fails or cannot be reached; the next scan tries again.
        """
        for file in self._settled():
            self._send(file)
        for file, analysis in list(self.sent.items()):
            self._follow(file, analysis)

    def _settled(self) -> Iterator[Path]:
        """Files unchanged for the settle time, without a sidecar and not sent yet."""
        now, present = self.clock(), set()
        for file in sorted(self.path.rglob("*")):
            if not self._is_candidate(file):
                continue
            present.add(file)
            size = _size(file)
            if size is None:
                continue
            before, since = self.seen.get(file, (None, now))
            since = since if before == size else now
            self.seen[file] = (size, since)
            if now - since >= self.settle_seconds and size[0] > 0:
                yield file
        for gone in self.seen.keys() - present:
            del self.seen[gone]

    def _is_candidate(self, file: Path) -> bool:
        hidden = any(part.startswith(".") for part in file.relative_to(self.path).parts)
        if hidden or file in self.sent or file.name.endswith((DONE, ERROR)) or not file.is_file():
            return False
        if _sidecar(file, DONE).exists() or _sidecar(file, ERROR).exists():
            return False
        leader = _FOLLOWERS.get(file.suffix.lower())
        return leader is None or not any(
            other.suffix.lower() == leader and other.stem.lower() == file.stem.lower()
            for other in file.parent.iterdir()
        )

    def _send(self, file: Path) -> None:
        try:
            self.sent[file] = self.client.submit(uploads({"metabolite": source_files(file)}), self.request)
        except (FittingError, Refused) as error:
            self._end(file, ERROR, {"code": error.code, "detail": error.detail})

    def _follow(self, file: Path, analysis: str) -> None:
        document = self.client.look(analysis)
        if document["state"] in UNFINISHED:
            return
        if document["state"] == "succeeded":
            verdict = document["verdict"]["usable"]
            self._end(file, DONE, {"analysis": analysis, "state": document["state"], "usable": verdict})
            return
        problem = document["problem"] or {"code": "cancelled", "detail": "The analysis was cancelled."}
        self._end(file, ERROR, {"analysis": analysis, "code": problem["code"], "detail": problem["detail"]})

    def _end(self, file: Path, suffix: str, document: Mapping[str, Any]) -> None:
        path = _sidecar(file, suffix)
        temporary = path.with_name(f".{path.name}.new")
        temporary.write_text(json.dumps(document, indent=1) + "\n", encoding="utf-8")
        os.replace(temporary, path)
        self.sent.pop(file, None)
        self.seen.pop(file, None)
        self.tell(f"{path.name}: {document.get('code', 'analysed')}")


def _sidecar(file: Path, suffix: str) -> Path:
    return file.with_name(file.name + suffix)


def _size(file: Path) -> Size | None:
    try:
        status = file.stat()
    except OSError:  # gone meanwhile
        return None
    return status.st_size, status.st_mtime_ns
