"""Answers about analyses: the envelope of the queue around the document of the analysis."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any, Literal
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field

from fitting.analysis import NOTICE, AcquisitionFacts, Analysis, Anatomy, MetaboliteResult, Multiplicity, Provenance
from fitting.norms.assessment import Finding, NormNotUsed, NormUsed
from fitting.norms.contrasts import Contrast
from fitting.quality import Quality
from fitting.quality.verdict.usable import Verdict
from fitting.reason import Reason
from fitting.sites import SessionContrasts
from fitting.units import FloatArray
from service.documents import Traces, Transients
from service.problem_documents import ProblemDocument
from service.storage.tables import AnalysisRow, State
from service.upgrades import upgraded


class _Output(BaseModel):
    # also for the nested nouns: docstrings of fields are descriptions, and every field is there, if only as null
    model_config = ConfigDict(
        frozen=True, use_attribute_docstrings=True, json_schema_serialization_defaults_required=True
    )


class OutcomeOut(_Output):
    """How the analysis ended."""

    code: Literal["converged", "stopped_early", "failed", "refused"]
    """``refused`` means that the input cannot be used, ``failed`` that no usable fit was found."""
    sentence: str
    """The same for display."""


class AnalysisOut(_Output):
    """One analysis: its state and, when it succeeded, the result; what does not apply is null."""

    id: UUID = Field(examples=["019ab2f0-6f3e-7c51-9a51-0c1f5ad5a1be"])
    """Identifier of the analysis."""
    state: State = Field(examples=["succeeded"])
    """``queued`` and ``running`` go on to ``succeeded``, ``failed`` or ``cancelled``."""
    outcome: OutcomeOut | None
    """How the analysis ended; null until then, and when it was cancelled."""
    created: datetime
    """When it was submitted, UTC."""
    started: datetime | None
    """When it was taken from the queue, UTC."""
    finished: datetime | None
    """When it ended, UTC."""
    seconds: float | None = Field(examples=[2.31])
    """Wall time of the computation, s."""
    subject: str | None = Field(examples=["sub-017"])
    """Pseudonym of the person, from the request."""
    session: str | None = Field(examples=["ses-02"])
    """Pseudonym of the visit, from the request."""
    clinical: dict[str, float] | None = Field(examples=[{"pain_vas": 6.5}])
    """Clinical measures of the visit, from the request; not used in the computation."""
    problem: ProblemDocument | None
    """Why the analysis failed."""
    verdict: Verdict | None
    """Whether the spectrum may be interpreted."""
    acquisition: AcquisitionFacts | None
    """How the spectrum was acquired."""
    quality: Quality | None
    """The numbers behind the verdict."""
    transients: Transients | None
    """Registration of the transients; null when only one is stored."""
    metabolites: tuple[MetaboliteResult, ...] | None
    """One entry for each metabolite and sum."""
    norms: tuple[NormUsed, ...] | None
    """The norms behind the z-scores."""
    norms_not_used: tuple[NormNotUsed, ...] | None
    """Norms of the site for this region that were not applied, with the reason."""
    multiplicity: Multiplicity | None
    """Number of flags expected by chance."""
    contrasts: tuple[Contrast, ...] | None
    """Sides, regions and metabolites of this session against each other: the laboratory's offset cancels. Null unless
    subject and session are stated and the session holds two or more analysed spectra, and in the answer to a
    submission. They are not counted in ``multiplicity``; one in twenty is flagged by chance."""
    contrasts_left_out: tuple[Reason, ...] | None
    """Spectra of the session that are not in ``contrasts``, with the reasons; null when that is."""
    evidence: tuple[Finding, ...] | None
    """Group findings for this region: context, not a diagnosis."""
    anatomy: Anatomy | None
    """The measured volume in the image and tissue maps; null when none were supplied."""
    provenance: Provenance | None
    """What produced the result; with the same versions the same input gives the same result."""
    notice: str = Field(examples=[NOTICE])
    """What this answer must not be used for."""


class AnalysisSummary(_Output):
    """One line of the list of analyses."""

    id: UUID
    """Identifier of the analysis."""
    state: State
    """State of the analysis."""
    created: datetime
    """When it was submitted, UTC."""
    finished: datetime | None
    """When it ended, UTC."""
    subject: str | None
    """Pseudonym of the person."""
    session: str | None
    """Pseudonym of the visit."""
    region: str | None
    """Region of the brain, as the request named it."""
    verdict: Literal["yes", "limited", "no"] | None
    """Whether the spectrum may be interpreted."""
    problem_code: str | None
    """The kind of problem it failed with."""


class AnalysisList(_Output):
    """One page of analyses, newest first."""

    items: tuple[AnalysisSummary, ...]
    """The analyses of this page."""
    next_cursor: str | None
    """``cursor`` of the next page; null on the last one. The ``Link`` header has the whole address."""
    notice: str
    """What these answers must not be used for."""


class ComponentTrace(_Output):
    """One scaled, shifted and broadened basis signal."""

    name: str = Field(examples=["NAA"])
    """Metabolite or macromolecule."""
    values: list[float]
    """Real part of the spectrum, units of ``data``."""


class TracesOut(_Output):
    """Real spectra for plots on one descending axis, all of the same length: data = fit + residual."""

    ppm: list[float]
    """Chemical shift, ppm, descending."""
    data: list[float]
    """The measured spectrum, phased and referenced; arbitrary units."""
    fit: list[float]
    """The fitted spectrum: all components and the baseline."""
    baseline: list[float]
    """The smooth baseline."""
    residual: list[float]
    """``data`` - ``fit``."""
    components: tuple[ComponentTrace, ...]
    """Each basis signal as it was fitted."""
    correlation: list[list[float]] | None
    """Correlation of the errors of the components' amplitudes, a row and a column for each in their order; null in
    analyses made before it was kept."""
    covariance_scan: list[list[float]] | None
    """Covariance of the errors that differ from scan to scan on one scanner, as ``correlation``; in the square of the
    amplitudes' unit."""
    covariance_shared: list[list[float]] | None
    """Covariance of the errors that all scans of one scanner share. Both together are the covariance of the amplitudes;
    a ratio of any two has its standard deviations from them."""


def analysis_out(row: AnalysisRow, session: SessionContrasts | None = None) -> AnalysisOut:
    """The representation of a row that was read with its result, with the contrasts of its session."""
    result: Mapping[str, Any] = {} if row.result is None else upgraded(row.result)
    answered = {name: result.get(name) for name in AnalysisOut.model_fields if name in Analysis.__dataclass_fields__}
    return AnalysisOut.model_validate(
        {
            **answered,
            "id": row.id,
            "state": row.state,
            "outcome": result.get("outcome") or _unsuccessful(row.problem),
            "created": row.created,
            "started": row.started,
            "finished": row.finished,
            "seconds": row.seconds,
            "subject": row.subject,
            "session": row.request.get("session"),
            "clinical": row.request.get("clinical"),
            "problem": row.problem,
            "contrasts": None if session is None else session.items,
            "contrasts_left_out": None if session is None else session.left_out,
            "notice": NOTICE,
        }
    )


def _unsuccessful(problem: Mapping[str, Any] | None) -> dict[str, str] | None:
    if problem is None:
        return None
    return {"code": "refused" if problem["status"] < 500 else "failed", "sentence": problem["detail"]}


def analysis_summary(row: AnalysisRow) -> AnalysisSummary:
    """The row's line in the list."""
    return AnalysisSummary.model_validate(
        {
            "id": row.id,
            "state": row.state,
            "created": row.created,
            "finished": row.finished,
            "subject": row.subject,
            "session": row.request.get("session"),
            "region": row.region,
            "verdict": row.verdict,
            "problem_code": row.problem["code"] if row.problem else None,
        }
    )


def _rows(matrix: FloatArray | None) -> list[list[float]] | None:
    return None if matrix is None else matrix.tolist()


def traces_out(traces: Traces) -> TracesOut:
    """The representation of traces."""
    return TracesOut(
        ppm=traces.ppm.tolist(),
        data=traces.data.tolist(),
        fit=traces.fit.tolist(),
        baseline=traces.baseline.tolist(),
        residual=traces.residual.tolist(),
        components=tuple(
            ComponentTrace(name=name, values=values.tolist())
            for name, values in zip(traces.names, traces.components, strict=True)
        ),
        correlation=_rows(traces.correlation),
        covariance_scan=_rows(traces.covariance_scan),
        covariance_shared=_rows(traces.covariance_shared),
    )
