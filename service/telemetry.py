"""OpenTelemetry spans of analyses and their stages, when an operator names a collector; else nothing."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, cast

from fastapi.telemetry import TelemetryConfig

from fitting import __version__

if TYPE_CHECKING:
    from opentelemetry.sdk.trace import Span, SpanProcessor, TracerProvider

_NANOSECONDS = 1_000_000_000


class _WithoutQuery:
    """Remove the query from the spans of requests: it may hold a pseudonym."""

    def on_start(self, span: Span, parent_context: object = None) -> None:  # noqa: ARG002 (interface)
        if "url.query" in (span.attributes or {}):
            span.set_attribute("url.query", "")

    def on_end(self, span: object) -> None:
        pass

    def _on_ending(self, span: object) -> None:
        pass

    def shutdown(self) -> None:
        pass

    def force_flush(self, timeout_millis: int = 0) -> bool:  # noqa: ARG002 (interface)
        return True


class Tracing:
    """Spans made afterwards from the messages of the workers, which need no telemetry of their own.

    Spans carry ids, durations and stages; no payload, no subject.
    """

    def __init__(self, processor: SpanProcessor) -> None:
        from opentelemetry.sdk.resources import Resource  # noqa: PLC0415 (the extra `telemetry` is optional)
        from opentelemetry.sdk.trace import TracerProvider  # noqa: PLC0415

        resource = Resource.create({"service.name": "mrsquant", "service.version": __version__})
        self.provider: TracerProvider = TracerProvider(resource=resource)
        self.provider.add_span_processor(cast("SpanProcessor", _WithoutQuery()))
        self.provider.add_span_processor(processor)
        self._tracer = self.provider.get_tracer("mrsquant")

    def record(self, analysis_id: str, request_id: str, stages: Sequence[tuple[str, float]], seconds: float) -> None:
        """One span for an analysis that took ``seconds``, and one for each of its (stage, begin)."""
        from opentelemetry.trace import set_span_in_context  # noqa: PLC0415

        if not stages:
            return
        begin = stages[0][1]
        ends = [at for _, at in stages[1:]] + [begin + seconds]
        attributes = {"mrsquant.analysis_id": analysis_id, "mrsquant.request_id": request_id}
        whole = self._tracer.start_span("analysis", start_time=_nanoseconds(begin), attributes=attributes)
        for (stage, at), end in zip(stages, ends, strict=True):
            part = self._tracer.start_span(stage, set_span_in_context(whole), start_time=_nanoseconds(at))
            part.end(_nanoseconds(max(at, end)))
        whole.end(_nanoseconds(begin + seconds))

    def close(self) -> None:
        """Send the remaining spans."""
        self.provider.shutdown()


def of_requests(tracing: Tracing | None) -> TelemetryConfig:
    """Restrict the framework's records: spans of requests when there is a collector, never the text of an error."""
    if tracing is None:
        return {"tracing": False, "metrics": False, "logs": False, "auto_configure": False}
    return {"tracer_provider": tracing.provider, "metrics": False, "logs": False, "auto_configure": False}


def open_tracing(endpoint: str) -> Tracing:
    """Spans to the collector at this base address, in batches, by OTLP over HTTP.

    Raises
    ------
    ImportError
        When the extra ``telemetry`` is not installed.
    """
    from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter  # noqa: PLC0415
    from opentelemetry.sdk.trace.export import BatchSpanProcessor  # noqa: PLC0415

    return Tracing(BatchSpanProcessor(OTLPSpanExporter(f"{endpoint.rstrip('/')}/v1/traces")))


def _nanoseconds(seconds: float) -> int:
    return int(seconds * _NANOSECONDS)
