"""Dependencies of endpoints: the composition root's objects, by type."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, cast

from fastapi import Depends, Request

from service.access.audit_writer import AuditWriter
from service.access.authentication import Authenticator, address_of
from service.access.principal import Principal
from service.jobs.calibration_runner import CalibrationRunner
from service.jobs.cohort_runner import CohortRunner
from service.jobs.dispatcher import Dispatcher
from service.metrics import Metrics
from service.settings import Settings
from service.storage.audit import Actor
from service.storage.binding import Storage
from service.storage.calibrations import CalibrationRepository
from service.storage.cohorts import CohortRepository
from service.storage.database import Database
from service.storage.queue import JobQueue
from service.storage.repositories import AnalysisRepository
from service.storage.shared_norms import SharedNormRepository
from service.storage.sign_offs import SignOffRepository
from service.storage.site_norms import SiteNormRepository
from service.storage.sites import SiteRepository


@dataclass(frozen=True, slots=True)
class Services:
    """Everything the composition root opened; lives as long as the application runs."""

    settings: Settings
    storage: Storage
    queue: JobQueue
    repository: AnalysisRepository
    sign_offs: SignOffRepository
    site_norms: SiteNormRepository
    shared_norms: SharedNormRepository
    sites: SiteRepository
    cohorts: CohortRepository
    calibrations: CalibrationRepository
    dispatcher: Dispatcher
    cohort_runner: CohortRunner
    calibration_runner: CalibrationRunner
    metrics: Metrics
    authenticator: Authenticator
    audit_writer: AuditWriter

    @property
    def database(self) -> Database:
        """The storage's."""
        return self.storage.database


def services_of(request: Request) -> Services:
    """Everything the composition root opened."""
    return cast("Services", request.state.services)


# what follows does nothing that waits, and is `async` so that no call goes to a thread and back for it


async def _services(request: Request) -> Services:
    return services_of(request)


async def _request_id(request: Request) -> str:
    return cast("str", request.state.request_id)


ServicesDep = Annotated[Services, Depends(_services)]
RequestId = Annotated[str, Depends(_request_id)]


async def _principal(request: Request) -> Principal:
    # set by `service.access.route_access.Access`, which every route declares; without it this fails rather than lets in
    return cast("Principal", request.state.principal)


Caller = Annotated[Principal, Depends(_principal)]
"""The caller; ``Caller.project`` owns what the caller stores."""


async def _actor(request: Request, caller: Caller) -> Actor:
    return Actor(caller.name, cast("str", request.state.request_id), address_of(request) or None)


CurrentActor = Annotated[Actor, Depends(_actor)]


async def _repository(services: ServicesDep, caller: Caller, actor: CurrentActor) -> AnalysisRepository:
    return services.repository.of(caller.project, actor)


async def _sign_offs(services: ServicesDep) -> SignOffRepository:
    return services.sign_offs


async def _site_norms(services: ServicesDep) -> SiteNormRepository:
    return services.site_norms


async def _shared_norms(services: ServicesDep) -> SharedNormRepository:
    return services.shared_norms


async def _sites(services: ServicesDep) -> SiteRepository:
    return services.sites


async def _cohorts(services: ServicesDep) -> CohortRepository:
    return services.cohorts


async def _calibrations(services: ServicesDep) -> CalibrationRepository:
    return services.calibrations


async def _dispatcher(services: ServicesDep) -> Dispatcher:
    return services.dispatcher


async def _settings(services: ServicesDep) -> Settings:
    return services.settings


Repository = Annotated[AnalysisRepository, Depends(_repository)]
SignOffs = Annotated[SignOffRepository, Depends(_sign_offs)]
SiteNorms = Annotated[SiteNormRepository, Depends(_site_norms)]
SharedNorms = Annotated[SharedNormRepository, Depends(_shared_norms)]
Sites = Annotated[SiteRepository, Depends(_sites)]
Cohorts = Annotated[CohortRepository, Depends(_cohorts)]
Calibrations = Annotated[CalibrationRepository, Depends(_calibrations)]
Dispatch = Annotated[Dispatcher, Depends(_dispatcher)]
CurrentSettings = Annotated[Settings, Depends(_settings)]
