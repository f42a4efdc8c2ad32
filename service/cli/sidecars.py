"""Files that record the outcome of a scan: beside it, or in another folder when that of the scans is read-only."""

from __future__ import annotations

import json
import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

DONE, ERROR = ".done", ".error.json"
_REPORT = ".report."


@dataclass(frozen=True, slots=True)
class Sidecars:
    """Outcomes of the files of one folder."""

    folder: Path
    out: Path | None = None
    """Where they stand, in the same subfolders; None means beside the files."""

    def of(self, file: Path, suffix: str) -> Path:
        """Place of the sidecar of a file."""
        folder = file.parent if self.out is None else self.out / file.parent.relative_to(self.folder)
        return folder / (file.name + suffix)

    def has_ended(self, file: Path) -> bool:
        """Whether the outcome of a file is recorded."""
        return self.of(file, DONE).exists() or self.of(file, ERROR).exists()

    def names_reference(self, file: Path, reference: Sequence[Path]) -> bool:
        """Whether the recorded outcome of a spectrum names one of these files as its water reference."""
        for suffix in (DONE, ERROR):
            try:
                document = json.loads(self.of(file, suffix).read_text(encoding="utf-8"))
            except (OSError, ValueError):
                continue
            if isinstance(document, dict) and document.get("water_reference") in {item.name for item in reference}:
                return True
        return False

    def write(self, file: Path, suffix: str, content: bytes) -> Path:
        """Write a sidecar, whole or not at all.

        Raises
        ------
        OSError
            When it cannot be written.
        """
        path = self.of(file, suffix)
        path.parent.mkdir(parents=True, exist_ok=True)
        temporary = path.with_name(f".{path.name}.new")
        temporary.write_bytes(content)
        os.replace(temporary, path)
        return path

    def record(self, file: Path, suffix: str, document: Mapping[str, Any]) -> Path:
        """Write a sidecar of JSON, as ``write``."""
        return self.write(file, suffix, (json.dumps(document, indent=1) + "\n").encode())

    def report(self, file: Path, format: str, content: bytes) -> Path:
        """Write a report, as ``write``: ``scan.rda.report.pdf``."""
        return self.write(file, f"{_REPORT}{format}", content)


def is_sidecar(file: Path) -> bool:
    """Whether the file is one of ours."""
    return file.name.endswith((DONE, ERROR)) or _REPORT in file.name
