"""Files that make a folder a BIDS derivative dataset: description, README, citation, names for validators to ignore."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import fitting
from fitting.analysis import NOTICE
from service.cli.bids.dataset import Dataset
from service.cli.bids.outputs import as_json, write

OLDEST_VERSION = "1.10.0"
"""BIDS version that has magnetic resonance spectroscopy."""
IGNORED = (
    *("*.html", "*_mrs.tsv", "*_mrs.json", "*_svs.nii.gz", "*_svs.json", "*_mrsref.nii.gz", "*_mrsref.json", "group*"),
    *("logs", "logs/**"),  # a folder needs both
)
"""BIDS has no derivatives of spectroscopy yet, so its validator does not know these names."""

_README = """# Metabolites by mrsquant

Made by `mrsquant bids` {version} from the dataset that `dataset_description.json` names.

- `sub-*/[ses-*/]mrs/*_desc-mrsquant_mrs.tsv`: one row for each metabolite; the JSON of the same name describes the
  columns and holds verdict, quality, provenance and the minimum reporting standard (MRSinMRS)
- `*_desc-mrsquant_mrs.html`: the report
- `*_desc-preproc_svs.nii.gz`, `desc-fit`, `desc-baseline`, `desc-residual`, and `*_desc-preproc_mrsref.nii.gz` (with
  `--spectra`): the fitted spectrum, its fit and the parts of it, and its water reference, as NIfTI-MRS
- `group_desc-mrsquant_mrs.tsv`, `group.html`: all rows, and who was refused and why (level group)

{notice}
"""
_CITATION = """cff-version: 1.2.0
message: Please cite the software and the data it was applied to.
title: mrsquant
type: software
version: {version}
authors:
  - name: mrsquant developers
license: MIT
"""


def write_derivative(dataset: Dataset, out: Path, tissue_maps: Path | None) -> None:
    """Write the files of the dataset as a whole.

    Raises
    ------
    OSError
        When they cannot be written.
    """
    write(out / "dataset_description.json", as_json(_description(dataset, out, tissue_maps)))
    write(out / "README.md", _README.format(version=fitting.__version__, notice=NOTICE).encode())
    write(out / "CITATION.cff", _CITATION.format(version=fitting.__version__).encode())
    write(out / ".bidsignore", ("\n".join(IGNORED) + "\n").encode())


def _description(dataset: Dataset, out: Path, tissue_maps: Path | None) -> dict[str, Any]:
    source = dataset.description
    links = {"raw": dataset.root, **({} if tissue_maps is None else {"tissue": tissue_maps})}
    described: dict[str, Any] = {
        "Name": "mrsquant",
        "BIDSVersion": max(str(source.get("BIDSVersion", OLDEST_VERSION)), OLDEST_VERSION, key=_version),
        "DatasetType": "derivative",
        "GeneratedBy": [{"Name": "mrsquant", "Version": fitting.__version__}],
        "DatasetLinks": {name: os.path.relpath(path.resolve(), out.resolve()) for name, path in links.items()},
        "SourceDatasets": [_source(dataset)],
    }
    if source.get("License"):
        described["License"] = source["License"]
    return described


def _source(dataset: Dataset) -> dict[str, Any]:
    doi = dataset.description.get("DatasetDOI")
    return {"URL": "bids:raw:", **({"DOI": doi} if doi else {})}


def _version(text: str) -> tuple[int, ...]:
    return tuple(int(part) if part.isdecimal() else 0 for part in text.split("."))
