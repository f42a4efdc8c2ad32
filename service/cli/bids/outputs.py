"""Files of a derivative dataset: their names, their contents, and which of them are there already."""

from __future__ import annotations

import json
import os
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict
from pathlib import Path, PurePosixPath
from typing import Any

from fitting.analysis import NOTICE, Analysis
from service.cli.bids.dataset import BidsSpectrum
from service.documents import dump_analysis
from service.reports import minimum_reporting
from service.reports.columns import column_descriptions
from service.reports.results_csv import COLUMNS as RESULT_COLUMNS
from service.reports.study.spectrum import StudySpectrum, unanalysed_spectrum

COLUMNS = tuple(name for name in RESULT_COLUMNS if name not in ("id", "seconds"))
"""Those of RESULTS.csv without what differs from run to run."""
MISSING = "n/a"
LABEL = "mrsquant"


def stem_of(item: BidsSpectrum, label: str | None = None) -> str:
    """Name of a spectrum's files without suffix: every entity of the source, and ``desc``.

    Spectra that are refused by their suffix have a label of their own: a spectrum of equal entities may stand beside.
    """
    suffix = "" if item.name.suffix == "svs" else item.name.suffix.capitalize()
    return f"{item.name.stem}_desc-{label or LABEL + suffix}"


def spectrum_name(item: BidsSpectrum) -> str:
    """Name of a spectrum in tables: that of its source without ending."""
    return item.path.name.removesuffix(".gz").removesuffix(".nii")


def folder_of(item: BidsSpectrum) -> PurePosixPath:
    """Folder of a spectrum's files, relative to the derivative dataset."""
    return item.path.parent


def analysis_sidecar(
    item: BidsSpectrum, analysis: Analysis, spectrum: StudySpectrum, fingerprint: str
) -> dict[str, Any]:
    """The JSON beside the table of an analysed spectrum; ``Spectrum`` is its part of the group's page."""
    document = json.loads(dump_analysis(analysis))
    return {
        **_common(item, fingerprint),
        "Outcome": document["outcome"],
        "Spectrum": asdict(spectrum),
        "Verdict": document["verdict"],
        "Acquisition": document["acquisition"],
        "Quality": document["quality"],
        "Norms": document["norms"],
        "Multiplicity": document["multiplicity"],
        "Provenance": document["provenance"],
        "MRSinMRS": {
            section.heading: {line.label: line.value for line in section.items}
            for section in minimum_reporting.sections(analysis)
        },
        **_columns(),
    }


def refusal_sidecar(item: BidsSpectrum, code: str, detail: str, fingerprint: str | None) -> dict[str, Any]:
    """The JSON beside the one row of a spectrum that was refused."""
    refused = {"code": "refused", "sentence": f"{code}: {detail}"}
    spectrum = asdict(unanalysed_spectrum(spectrum_name(item), code, detail, item.document))
    return {**_common(item, fingerprint), "Outcome": refused, "Spectrum": spectrum, **_columns()}


def _common(item: BidsSpectrum, fingerprint: str | None) -> dict[str, Any]:
    return {
        "Description": "Metabolites of one single-voxel 1H-MR spectrum, one row each",
        "Sources": sources_of(item),
        "Fingerprint": fingerprint,
        "Request": dict(item.document),
        "Notes": list(item.notes),
        "Notice": NOTICE,
    }


def sources_of(item: BidsSpectrum) -> list[str]:
    """BIDS URIs of the spectrum and its water reference."""
    return [f"bids:raw:{item.path}", *_water_source(item)]


def _water_source(item: BidsSpectrum) -> list[str]:
    water = item.paths.get("water_reference")
    if water is None:
        return []
    depth = len(item.path.parts)
    root = item.paths["metabolite"].parents[depth - 1]
    return [f"bids:raw:{water.relative_to(root).as_posix()}"]


def _columns() -> dict[str, dict[str, str]]:
    return {name: column_descriptions()[name] for name in COLUMNS}


def table(rows: Iterable[Mapping[str, str]], columns: Sequence[str]) -> bytes:
    """TSV of BIDS: a cell without a value is ``n/a``; tabs and line ends in texts become spaces."""
    lines = ["\t".join(columns)]
    lines += ["\t".join(" ".join(row.get(name, "").split()) or MISSING for name in columns) for row in rows]
    return ("\n".join(lines) + "\n").encode()


def as_json(document: Mapping[str, Any]) -> bytes:
    """A JSON file as BIDS datasets have them."""
    return (json.dumps(document, indent=2, ensure_ascii=False) + "\n").encode()


def write(path: Path, content: bytes) -> bool:
    """Write a file whole or not at all; whether it had another content, else it is left as it is.

    Raises
    ------
    OSError
        When it cannot be written.
    """
    if path.is_file() and path.read_bytes() == content:
        return False
    path.parent.mkdir(parents=True, exist_ok=True)
    temporary = path.with_name(f".{path.name}.{os.getpid()}.new")
    temporary.write_bytes(content)
    os.replace(temporary, path)
    return True


def fingerprint_of(path: Path) -> str | None:
    """The fingerprint that a table's JSON records; None when it is not there or not ours."""
    try:
        content = json.loads(path.read_bytes())
    except (OSError, ValueError):
        return None
    found = content.get("Fingerprint") if isinstance(content, dict) else None
    return found if isinstance(found, str) else None
