"""Spans say how long an analysis and its stages took, and nothing about whose it was."""

from __future__ import annotations

from pathlib import Path

import pytest
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter

from service import app as app_module
from service.settings import Settings
from service.telemetry import Tracing
from tests import fake_pipeline
from tests.clients import on_this_machine
from tests.fake_pipeline import spectrum


def test_an_analysis_is_a_span_with_its_stages() -> None:
    """Each stage ends where the next begins; the last one with the analysis."""
    exporter = InMemorySpanExporter()
    tracing = Tracing(SimpleSpanProcessor(exporter))
    tracing.record("an-id", "a-request", [("started", 100.0), ("reading", 100.5), ("fitting", 102.0)], 3.0)
    spans = {span.name: span for span in exporter.get_finished_spans()}
    whole = spans["analysis"]

    assert set(spans) == {"analysis", "started", "reading", "fitting"}
    assert dict(whole.attributes) == {"mrsquant.analysis_id": "an-id", "mrsquant.request_id": "a-request"}
    assert (whole.start_time, whole.end_time) == (100 * 10**9, 103 * 10**9)
    assert spans["reading"].end_time == spans["fitting"].start_time
    assert spans["fitting"].end_time == whole.end_time
    assert {spans[name].parent.span_id for name in ("started", "reading", "fitting")} == {whole.context.span_id}


def test_requests_are_spans_without_their_query(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """With a collector both kinds are recorded; what a client asked for by pseudonym is not."""
    exporter = InMemorySpanExporter()
    tracing = Tracing(SimpleSpanProcessor(exporter))
    monkeypatch.setattr(app_module, "open_tracing", lambda _: tracing)
    settings = Settings(data_dir=tmp_path, executor="inline:", otlp_endpoint="http://127.0.0.1:4318")
    with on_this_machine(app_module.create_app(settings, analyse=fake_pipeline.analyse)) as client:
        files = {"metabolite": ("x.json", spectrum("stages"))}
        client.post("/v1/analyses", files=files, headers={"Prefer": "wait=20"})
        client.get("/v1/analyses", params={"subject": "sub-PLANTED"})
        client.get("/v1/analyses")
    spans = exporter.get_finished_spans()

    assert "analysis" in {span.name for span in spans}
    assert any("/v1/analyses" in str(dict(span.attributes or {}).get("http.route")) for span in spans)
    assert "PLANTED" not in "".join(span.to_json() for span in spans)
