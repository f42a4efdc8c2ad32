"""Metrics for operators, in a registry of the application's own."""

from __future__ import annotations

from collections.abc import Sequence

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
        self.stage_seconds = Histogram(
            "mrsquant_stage_seconds",
            "Wall time of one stage of an analysis",
            ["stage"],
            buckets=(0.01, 0.03, 0.1, 0.3, 1, 3, 10, 30, 100),
            registry=self.registry,
        )
        self.basis_cache = Counter(
            "mrsquant_basis_cache",
            "Basis sets by whether they were in the cache or simulated",
            ["result"],
            registry=self.registry,
        )
        self.repeated_submissions = Counter(
            "mrsquant_repeated_submissions", "Submissions answered by an analysis there was", registry=self.registry
        )
        self.cohorts = Counter(
            "mrsquant_cohorts", "Finished cohorts by outcome or problem code", ["outcome"], registry=self.registry
        )
        self.calibrations = Counter(
            "mrsquant_calibrations",
            "Finished calibrations by outcome or problem code",
            ["outcome"],
            registry=self.registry,
        )
        self.held_orphans = Gauge(
            "mrsquant_held_orphaned_files",
            "Files no analysis refers to that the last sweep left because they are more than it may take",
            registry=self.registry,
        )
        self.webhooks = Counter("mrsquant_webhooks", "Webhook calls by result", ["result"], registry=self.registry)
        self.audit_waiting = Gauge(
            "mrsquant_audit_waiting", "Audit entries that are not written yet", registry=self.registry
        )
        self.audit_refused = Counter(
            "mrsquant_audit_refused", "Audit entries the database did not take, set aside", registry=self.registry
        )
        self.audit_intact = Gauge(
            "mrsquant_audit_intact", "1 while the audit log holds what is known of it", registry=self.registry
        )
        self.database_up = Gauge("mrsquant_database_up", "1 while the database answers", registry=self.registry)
        self.requests = Counter(
            "mrsquant_requests", "Answered requests", ["method", "route", "status"], registry=self.registry
        )

    def finished(self, seconds: float, stages: Sequence[tuple[str, float]]) -> None:
        """Count a successful analysis: its duration and the start of each stage."""
        self.outcomes.labels("succeeded").inc()
        self.fit_seconds.observe(seconds)
        if not stages:
            return
        ends = [at for _, at in stages[1:]] + [stages[0][1] + seconds]
        for (stage, at), end in zip(stages, ends, strict=True):
            self.stage_seconds.labels(stage).observe(max(0.0, end - at))
        names = {stage for stage, _ in stages}
        if "basis simulation" in names:
            self.basis_cache.labels("simulated").inc()
        elif "basis" in names:
            self.basis_cache.labels("cached").inc()
