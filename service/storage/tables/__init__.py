"""The tables: columns for what is queried, JSON documents for the rest (a new result field is no migration)."""

from __future__ import annotations

from typing import cast

from sqlalchemy import Table

from service.storage.tables.analyses import (
    LISTS,
    AnalysisRow,
    AnalysisTagRow,
    EventRow,
    FileRow,
    IdempotencyKeyRow,
    SignOffRow,
    WebhookDeliveryRow,
)
from service.storage.tables.base import (
    DEFAULT_PROJECT,
    UNFINISHED,
    Base,
    ImageRole,
    Role,
    SignOffAction,
    SignOffState,
    State,
    UtcDateTime,
)
from service.storage.tables.calibrations import CalibrationRow
from service.storage.tables.cohorts import CohortRow, CohortSourceRow
from service.storage.tables.operation import AuditRow, EndedSessionRow, StorageIdRow
from service.storage.tables.sites import SharedNormRow, SiteNormRow, SiteRow, SiteSourceRow


def _table(rows: type[Base]) -> Table:
    return cast("Table", rows.__table__)


ANALYSES, FILES, EVENTS = _table(AnalysisRow), _table(FileRow), _table(EventRow)
ANALYSIS_TAGS = _table(AnalysisTagRow)
IDEMPOTENCY_KEYS, SITE_NORMS = _table(IdempotencyKeyRow), _table(SiteNormRow)
WEBHOOK_DELIVERIES, AUDIT_LOG = _table(WebhookDeliveryRow), _table(AuditRow)
STORAGE_ID = _table(StorageIdRow)
SITES, SITE_SOURCES = _table(SiteRow), _table(SiteSourceRow)
SHARED_NORMS = _table(SharedNormRow)
CALIBRATIONS = _table(CalibrationRow)
COHORTS, COHORT_SOURCES = _table(CohortRow), _table(CohortSourceRow)
"""The tables for plain statements, which frequent operations use."""

__all__ = [
    "ANALYSES",
    "ANALYSIS_TAGS",
    "AUDIT_LOG",
    "CALIBRATIONS",
    "COHORTS",
    "COHORT_SOURCES",
    "DEFAULT_PROJECT",
    "EVENTS",
    "FILES",
    "IDEMPOTENCY_KEYS",
    "LISTS",
    "SHARED_NORMS",
    "SITES",
    "SITE_NORMS",
    "SITE_SOURCES",
    "STORAGE_ID",
    "UNFINISHED",
    "WEBHOOK_DELIVERIES",
    "AnalysisRow",
    "AnalysisTagRow",
    "AuditRow",
    "Base",
    "CalibrationRow",
    "CohortRow",
    "CohortSourceRow",
    "EndedSessionRow",
    "EventRow",
    "FileRow",
    "IdempotencyKeyRow",
    "ImageRole",
    "Role",
    "SharedNormRow",
    "SignOffAction",
    "SignOffRow",
    "SignOffState",
    "SiteNormRow",
    "SiteRow",
    "SiteSourceRow",
    "State",
    "StorageIdRow",
    "UtcDateTime",
    "WebhookDeliveryRow",
]
