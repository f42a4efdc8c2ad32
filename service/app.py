"""The composition root: the only place that chooses concrete things and ties them together."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, suppress
from typing import TypedDict

import structlog
from anyio.to_thread import run_sync
from fastapi import FastAPI
from sqlalchemy.exc import SQLAlchemyError

from fitting import __version__, run
from service import logs
from service.access.audit_writer import AuditWriter
from service.access.authentication import Authenticator
from service.api.dependencies import Services
from service.jobs.calibration_runner import CalibrationRunner
from service.jobs.cohort_runner import CohortRunner
from service.jobs.dispatcher import Dispatcher
from service.jobs.maintenance import Maintenance
from service.jobs.pool_supervisor import Limits
from service.jobs.tasks import Analyse, Inspect
from service.metrics import Metrics
from service.pages.frame import refusal
from service.routes import mount
from service.schemas.norm_folder import read_norm_folder, read_shares
from service.schemas.site_folder import read_site_folder
from service.settings import Settings
from service.storage.audit import AuditLog
from service.storage.audit_folder import AuditFolder
from service.storage.binding import Storage
from service.storage.calibration_queue import CalibrationQueue
from service.storage.calibrations import CalibrationRepository
from service.storage.cohort_queue import CohortQueue
from service.storage.cohorts import CohortRepository
from service.storage.database import Database
from service.storage.events import EventRepository
from service.storage.queue import JobQueue
from service.storage.repositories import AnalysisRepository
from service.storage.shared_norms import SharedNormRepository
from service.storage.sign_offs import SignOffRepository
from service.storage.site_norms import SiteNormRepository
from service.storage.sites import SiteRepository
from service.storage.webhooks import WebhookRepository
from service.telemetry import of_requests, open_tracing
from service.web import responses
from service.web.audit_notes import AuditNotes
from service.web.body_limit import BodyLimit
from service.web.csrf_guard import CsrfGuard
from service.web.request_context import RequestContext
from service.web.security_headers import SecurityHeaders
from service.web.trusted_host import TrustedHost
from service.web.trusted_proxies import TrustedProxies
from service.webhooks.sender import WebhookSender

log = structlog.get_logger()


def _started(settings: Settings, storage: Storage, metrics: Metrics) -> Iterator[Maintenance | WebhookSender]:
    """What goes on beside requests and analyses, begun."""
    maintenance = Maintenance(storage, settings.retention_days, metrics, settings.queue_limit)
    maintenance.start()
    yield maintenance
    if settings.webhook_hosts:
        sender = WebhookSender(WebhookRepository(storage.database), settings, metrics)
        sender.start()
        yield sender


def _audit(settings: Settings, storage: Storage, metrics: Metrics) -> AuditWriter:
    """The writer of the audit log, begun."""
    audit_log = AuditLog(storage.database)
    audit_writer = AuditWriter(audit_log, AuditFolder(settings.data_dir), metrics)
    audit_writer.start()
    log.info("audit log", **audit_log.head()._asdict())
    return audit_writer


class _State(TypedDict):
    services: Services


def create_app(settings: Settings, *, analyse: Analyse = run.analyse, inspect: Inspect = run.inspect) -> FastAPI:
    """The service, ready for an ASGI server.

    ``analyse`` and ``inspect`` are sent to the workers, so they are functions of a module. Creating the
    application opens nothing; that happens when it starts.
    """
    logs.configure(settings)
    metrics = Metrics()
    helpers: list[Maintenance | WebhookSender] = []
    tracing = None if settings.otlp_endpoint is None else open_tracing(settings.otlp_endpoint)

    @asynccontextmanager
    async def lifespan(_: FastAPI) -> AsyncIterator[_State]:
        services = await run_sync(open_services)
        log.info("started", version=__version__, executor=settings.executor)
        try:
            yield {"services": services}
        finally:
            await run_sync(close_services, services)
            log.info("stopped")

    def open_services() -> Services:
        storage = Storage(settings.database_url, settings.data_dir)
        storage.open()
        database, blobs = storage.database, storage.blobs
        authenticator = Authenticator(settings, database)
        authenticator.check()
        audit_writer = _audit(settings, storage, metrics)
        repository = AnalysisRepository(database, blobs, keep_inputs=settings.keep_inputs)
        site_norms, shared_norms, sites = _norms_of(settings, database)
        queue = JobQueue(database, blobs, keep_inputs=settings.keep_inputs)
        dispatcher = Dispatcher(
            queue,
            EventRepository(database),
            site_norms=site_norms.newest_at,
            sites=sites.newest_at,
            laboratories=shared_norms.newest_at,
            executor=settings.executor,
            limits=Limits(settings.deadline_seconds, settings.grace_seconds, settings.worker_memory_bytes),
            cache_dir=settings.cache_dir,
            instances_dir=settings.data_dir / "claimants",
            metrics=metrics,
            has_storage=storage.has_its_folder,
            tracing=tracing,
            analyse=analyse,
            inspect=inspect,
        )
        dispatcher.start()
        cohort_runner = CohortRunner(CohortQueue(database), dispatcher, metrics)
        cohort_runner.start()
        calibration_runner = CalibrationRunner(
            CalibrationQueue(database, blobs), dispatcher, metrics, settings.cache_dir
        )
        calibration_runner.start()
        helpers.extend(_started(settings, storage, metrics))
        sign_offs = SignOffRepository(database, blobs)
        return Services(
            settings,
            storage,
            queue,
            repository,
            sign_offs,
            site_norms,
            shared_norms,
            sites,
            CohortRepository(database),
            CalibrationRepository(database),
            dispatcher,
            cohort_runner,
            calibration_runner,
            metrics,
            authenticator,
            audit_writer,
        )

    def close_services(services: Services) -> None:
        while helpers:
            helpers.pop().stop()
        services.calibration_runner.stop()
        services.cohort_runner.stop()
        services.dispatcher.stop()
        services.audit_writer.stop()
        with suppress(SQLAlchemyError):  # a database that is gone does not keep the service from ending
            log.info("audit log", **AuditLog(services.database).head()._asdict())
        services.database.close()
        if tracing is not None:
            tracing.close()

    # the framework's own pages load scripts from the network; ours do not
    app = FastAPI(
        title="mrsquant",
        lifespan=lifespan,
        docs_url=None,
        redoc_url=None,
        redirect_slashes=False,
        telemetry=of_requests(tracing),
    )
    mount(app)
    responses.install(app, as_page=refusal)
    _surround(app, settings, metrics)
    return app


def _norms_of(
    settings: Settings, database: Database
) -> tuple[SiteNormRepository, SharedNormRepository, SiteRepository]:
    """What analyses are compared with, after the folders of the settings were imported."""
    found = SiteNormRepository(database), SharedNormRepository(database), SiteRepository(database)
    if settings.norms_path is not None:
        found[0].add_all(read_norm_folder(settings.norms_path))
        found[1].add_all(read_shares(settings.norms_path))
    if settings.sites_path is not None:
        found[2].add_all(reversed(read_site_folder(settings.sites_path)))
    return found


def _surround(app: FastAPI, settings: Settings, metrics: Metrics) -> None:
    """Put around every request what all of them need; the last one is asked first."""
    app.add_middleware(BodyLimit, max_bytes=settings.max_upload_bytes, max_json_bytes=settings.max_json_bytes)
    app.add_middleware(AuditNotes)
    app.add_middleware(CsrfGuard)
    app.add_middleware(TrustedHost, settings=settings)
    app.add_middleware(TrustedProxies, proxies=settings.trusted_proxies)
    app.add_middleware(RequestContext, metrics=metrics)
    app.add_middleware(SecurityHeaders)
