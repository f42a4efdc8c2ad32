"""Stored analyses as the controls of a calibration."""

from __future__ import annotations

from collections.abc import Sequence

from fitting.reason import Reason
from fitting.sites import Candidate, Site, site_of
from service.documents import load_analysis
from service.storage.tables import AnalysisRow


def site_of_analyses(name: str, rows: Sequence[AnalysisRow]) -> tuple[Site, dict[str, str]]:
    """The site of analyses that were read with their results, and the digests of their spectra by analysis.

    Raises
    ------
    UnusableSite, UnusableControls
        As :func:`fitting.sites.site_of`.
    """
    candidates = [_candidate(row) for row in rows]
    sources = {
        row.id: item.analysis.provenance.input_sha256
        for row, item in zip(rows, candidates, strict=True)
        if item.analysis is not None
    }
    return site_of(name, candidates), sources


def _candidate(row: AnalysisRow) -> Candidate:
    person, group = row.subject or row.id, row.request.get("group")
    if row.state != "succeeded" or row.result is None:
        return Candidate(person, person, None, group, Reason("not-analysed", f"The analysis is {row.state}."))
    return Candidate(person, person, load_analysis(row.result), group)
