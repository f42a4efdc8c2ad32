"""Storage of results of ``fitting``: JSON for numbers, ``.npz`` for arrays, a digest for the request."""

from __future__ import annotations

import hashlib
import io
import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import fields
from typing import Any, NamedTuple

import numpy as np
from pydantic import TypeAdapter

from fitting import __version__
from fitting.analysis import SCHEMA, Analysis
from fitting.model.result import Traces
from fitting.model.signals import Signals
from fitting.norms import norm_version
from fitting.preprocessing.preprocessed import Transients
from fitting.run.pins import data_digest, engine_digest
from service.upgrades import upgraded

__all__ = [
    "PackedAnalysis",
    "PackedCohort",
    "Traces",  # the API takes these from here: it does not reach into the numerics
    "Transients",
    "cohort_fingerprint",
    "dump_analysis",
    "dump_traces",
    "fingerprint",
    "load_analysis",
    "load_traces",
]

_ANALYSIS = TypeAdapter(Analysis)
_SIGNALS = "signals_"
"""Before the names of the complex signals among the arrays."""


class PackedAnalysis(NamedTuple):
    """Result of a worker: JSON of the Analysis, ``.npz`` of the Traces, and the wall time."""

    analysis: bytes
    traces: bytes
    seconds: float


class PackedCohort(NamedTuple):
    """Answer of a worker about a cohort: JSON, and the wall time."""

    answer: bytes
    seconds: float


def dump_analysis(analysis: Analysis) -> bytes:
    """JSON of an analysis; equal analyses give equal bytes.

    Raises
    ------
    pydantic.ValidationError
        When a number is not finite (JSON has no such number) or a field has another type than declared.
    """
    content = _ANALYSIS.dump_json(analysis)  # writes a number that is not finite as null ...
    _ANALYSIS.validate_json(content)  # ... which only the fields that may be absent accept
    return content


def load_analysis(document: Mapping[str, Any]) -> Analysis:
    """The analysis of a stored document, including those of earlier versions.

    Raises
    ------
    UnknownSchema
        When this program does not know the version of the document.
    """
    return _ANALYSIS.validate_python(upgraded(document))


def dump_traces(traces: Traces) -> bytes:
    """``.npz`` of the traces.

    Raises
    ------
    ValueError
        When an array holds a number that is not finite.
    """
    arrays = _arrays(traces)
    if traces.signals is not None:
        arrays |= {_SIGNALS + name: array for name, array in _arrays(traces.signals).items()}
    for name, array in arrays.items():
        if name != "names" and not np.isfinite(array).all():
            raise ValueError(f"trace '{name}' holds a number that is not finite")
    buffer = io.BytesIO()
    np.savez(buffer, allow_pickle=False, **arrays)
    return buffer.getvalue()


def load_traces(content: bytes) -> Traces:
    """The traces of an ``.npz``; arrays it lacks are None."""
    with np.load(io.BytesIO(content), allow_pickle=False) as arrays:
        kept: dict[str, Any] = {item.name: arrays[item.name] for item in fields(Traces) if item.name in arrays}
        of_signals = {item.name: arrays.get(_SIGNALS + item.name) for item in fields(Signals)}
    if of_signals["processed"] is not None:
        plain = {
            name: array.item() if array is not None and array.ndim == 0 else array for name, array in of_signals.items()
        }
        kept["signals"] = Signals(**plain)
    return Traces(**{**kept, "names": tuple(str(name) for name in kept["names"])})


def _arrays(record: Traces | Signals) -> dict[str, np.ndarray[Any, Any]]:
    given = {item.name: getattr(record, item.name) for item in fields(record) if item.name != "signals"}
    return {name: np.asarray(value) for name, value in given.items() if value is not None}


def fingerprint(
    files: Iterable[tuple[str, str, str]], request: Mapping[str, Any], project: str, site_norms: Sequence[str] = ()
) -> str:
    """Digest of (role, name, sha256) of every file, the request and the versions that determine the answer.

    ``site_norms`` are the ids of the project's own norms and sites, which are versions.

    The project is part of it, so that a project cannot learn whether another one sent the same file.
    """
    versions = {
        **{"software": __version__, "schema": SCHEMA, "engine": engine_digest(), "data": data_digest()},
        "norms": [norm_version(), *site_norms],
    }
    asked = {"files": list(files), "request": request, "versions": versions, "project": project}
    return hashlib.sha256(json.dumps(asked, sort_keys=True, separators=(",", ":")).encode()).hexdigest()


def cohort_fingerprint(source: Mapping[str, Any], project: str) -> str:
    """Digest of the tables and the plan of a cohort and of the version that answers them, within a project."""
    versions = {"software": __version__, "engine": engine_digest(), "data": data_digest()}
    asked = {"cohort": source, "versions": versions, "project": project}
    return hashlib.sha256(json.dumps(asked, sort_keys=True, separators=(",", ":")).encode()).hexdigest()
