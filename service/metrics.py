"""What operators watch: five measures in a registry of the application's own."""

from __future__ import annotations

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram


class Metrics:
    """Measures of one application; no globals, so two applications in one process do not mix."""

    def __init__(self) -> None:
        self.registry = CollectorRegistry()
        self.queue_depth = Gauge(
            "mrsquant_queue_depth", "Unfinished analyses by state", ["state"], registry=self.registry
        )
        self.in_flight = Gauge("mrsquant_in_flight", "Analyses handed to workers", registry=self.registry)
        self.fit_seconds = Histogram(
            "mrsquant_analysis_seconds",
            "Wall time of an analysis in its worker",
            buckets=(0.1, 0.2, 0.5, 1, 2, 5, 10, 30, 60, 120, 300),
            registry=self.registry,
        )
        self.outcomes = Counter(
            "mrsquant_analyses", "Finished analyses by outcome or problem code", ["outcome"], registry=self.registry
        )
        self.requests = Counter(
            "mrsquant_requests", "Answered requests", ["method", "route", "status"], registry=self.registry
        )
