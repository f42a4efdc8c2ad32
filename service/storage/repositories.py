"""Analyses as their owners see them: submitted, found, listed and removed, each in one transaction."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import Connection, bindparam, delete, func, insert, select, update
from sqlalchemy.orm import Session, undefer

from service.documents import fingerprint
from service.errors import IdempotencyConflict, QueueFull, UnknownAnalysis
from service.storage import webhooks
from service.storage.audit import Actor, append
from service.storage.blobs import BlobStore
from service.storage.cohorts import forget_values
from service.storage.database import Database
from service.storage.events import record
from service.storage.files import Digested, FileRepository, StoredFile, digested
from service.storage.identifiers import uuid7
from service.storage.lists import Cursor, Filters, Order, Page, listed, of_project
from service.storage.queue import note_end
from service.storage.shared_norms import newest_share_ids
from service.storage.sign_offs import refuse_when_signed
from service.storage.site_norms import newest_ids
from service.storage.sites import forget_control, newest_site_ids
from service.storage.tables import (
    ANALYSES,
    ANALYSIS_TAGS,
    DEFAULT_PROJECT,
    IDEMPOTENCY_KEYS,
    UNFINISHED,
    AnalysisRow,
    Role,
    State,
)
from service.storage.worklist import Worklist

_A = ANALYSES.c
_PROJECT = select(_A.project).where(_A.id == bindparam("of"))
_SAME = select(_A.id).where(_A.fingerprint == bindparam("asked"))
_QUEUED = select(func.count()).where(_A.state == "queued")
_USED = select(IDEMPOTENCY_KEYS).where(IDEMPOTENCY_KEYS.c.key_sha256 == bindparam("key"))
_ADD, _USE, _TAG = insert(ANALYSES), insert(IDEMPOTENCY_KEYS), insert(ANALYSIS_TAGS)
_REMOVE = delete(ANALYSES).where(_A.id == bindparam("of"))
_GIVE_UP = update(ANALYSES).where(_A.id == bindparam("of")).values(fingerprint=None)


@dataclass(frozen=True, slots=True)
class Submission:
    """A new analysis as it arrives."""

    files: tuple[StoredFile, ...]
    request: dict[str, Any]
    request_id: str
    idempotency_key: str | None = None
    callback_url: str | None = None


class AnalysisRepository:
    """The analyses of one database and one blob store. Rows it returns are detached: read-only values.

    With a ``project`` it submits to, finds and removes analyses of that project only; others do not exist for it.
    """

    def __init__(
        self,
        database: Database,
        blobs: BlobStore,
        project: str | None = None,
        actor: Actor | None = None,
        keep_inputs: bool = False,
    ) -> None:
        self._database = database
        self._blobs = blobs
        self._project = project
        self._actor = actor
        self._keep_inputs = keep_inputs
        self._files = FileRepository(database, blobs, keep_inputs=keep_inputs)

    def of(self, project: str, actor: Actor | None = None) -> AnalysisRepository:
        """The analyses of one project; what ``actor`` changes is written to the audit log in the same transaction."""
        return AnalysisRepository(self._database, self._blobs, project, actor, self._keep_inputs)

    def submit(self, submission: Submission, queue_limit: int) -> tuple[AnalysisRow, bool]:
        """The analysis that answers the submission, and whether it is new.

        Raises
        ------
        IdempotencyConflict
            When the idempotency key was used for another request.
        QueueFull
            When ``queue_limit`` analyses wait already.
        """
        files = digested(submission.files)
        project = self._project or DEFAULT_PROJECT
        key = submission.idempotency_key
        key_sha256 = None if key is None else hashlib.sha256(f"{project}/{key}".encode()).hexdigest()
        named = [(file.role, file.name, sha256) for file, sha256 in files]
        with self._database.changing_files() as connection:
            own = [
                *newest_ids(connection, project),
                *newest_site_ids(connection, project),
                *newest_share_ids(connection, project),
            ]
            asked = fingerprint(named, submission.request, project, own)
            used = None if key_sha256 is None else connection.execute(_USED, {"key": key_sha256}).first()
            if used is not None:
                if used.fingerprint != asked:
                    raise IdempotencyConflict(
                        "This Idempotency-Key was used for another request; use a new key for a new request."
                    )
                self._files.heal(connection, used.analysis_id, files)
                self._audit(connection, "submit again", 200, project, used.analysis_id)
                return _found(connection, used.analysis_id), False
            same = self._whole(connection, connection.scalar(_SAME, {"asked": asked}), files)
            if same is None:
                _refuse_when_full(connection, queue_limit)
                row = _added(connection, submission, asked, project)
                self._files.add(connection, row.id, files)
                record(connection, (row.id,))
            else:
                row = _found(connection, same)
            if submission.callback_url is not None:
                webhooks.register(connection, row.id, submission.callback_url)
            if key_sha256 is not None:
                connection.execute(_USE, {"key_sha256": key_sha256, "fingerprint": asked, "analysis_id": row.id})
            action, status = ("submit", 202) if same is None else ("submit again", 200)
            self._audit(connection, action, status, project, row.id)
            return row, same is None

    def _whole(self, connection: Connection, same: str | None, files: Sequence[Digested]) -> str | None:
        """The analysis that has the same request, or None when it has lost files that ``files`` cannot replace.

        It then no longer answers for the request; the new analysis computes those files again, for both.
        """
        if same is None:
            return None
        self._files.heal(connection, same, files)
        if self._files.are_intact(connection, same):
            return same
        connection.execute(_GIVE_UP, {"of": same})
        return None

    def get(self, analysis_id: str, *, with_result: bool = False) -> AnalysisRow:
        """One analysis.

        Raises
        ------
        UnknownAnalysis
            When there is none with this id.
        """
        query = select(AnalysisRow).where(AnalysisRow.id == analysis_id, *of_project(self._project))
        if with_result:
            query = query.options(undefer(AnalysisRow.result))
        with self._database.reading() as session:
            row = session.scalar(query)
        if row is None:
            raise _unknown()
        return row

    def content(self, analysis_id: str, *roles: Role) -> list[StoredFile]:
        """Files of an analysis in these roles, in the order of upload; none when it is another project's or removed.

        Raises
        ------
        DamagedStorage
            When one of them is missing or is not what was stored.
        """
        if self._project is not None:
            with self._database.asking() as connection:
                if connection.scalar(_PROJECT, {"of": analysis_id}) != self._project:
                    return []
        return self._files.content(analysis_id, *roles)

    def kept_spectra(self, analysis_ids: Sequence[str]) -> set[str]:
        """Those of these analyses whose files are still stored."""
        return self._files.with_spectrum(analysis_ids)

    def page(
        self,
        filters: Filters,
        cursor: Cursor | None,
        limit: int,
        *,
        with_result: bool = False,
        order: Order = "newest",
    ) -> Page:
        """Analyses after ``cursor`` in an order; without their results only what a list shows is read."""
        query = listed(filters, cursor, limit + 1, with_result=with_result, order=order)
        query = query.where(*of_project(self._project, chosen=bool(filters.ids)))
        with self._database.reading() as session:
            rows: Sequence[AnalysisRow] = session.scalars(query).all()
        last = rows[limit - 1] if len(rows) > limit else None
        return Page(rows[:limit], None if last is None else Cursor(last.created, last.id))

    def worklist(self) -> Worklist:
        """What orders and doubts the list of these analyses."""
        return Worklist(self._database, self._project)

    def exported(self, filters: Filters, cursor: Cursor | None, limit: int) -> Page:
        """Analyses with their results as ``page`` finds them; each is in the audit log before it is handed out."""
        found = self.page(filters, cursor, limit, with_result=True)
        if self._actor is not None and found.rows:
            with self._database.changing() as connection:
                append(connection, [self._actor.entry("export", 200, row.project, row.id) for row in found.rows])
        return found

    def delete(self, analysis_id: str, *, even_signed: bool = False, has_expired: bool = False) -> State | None:
        """Cancel an unfinished analysis (answers ``cancelled``) or remove a finished one with its files (None).

        A person whose analysis is removed is taken out of calibrations and cohorts. One that ``has_expired`` leaves its
        values there, and its caller overwrites what was removed after many.

        Raises
        ------
        UnknownAnalysis
            When there is none with this id.
        SignedAnalysis
            When a report of it was signed, unless ``even_signed``.
        """
        inputs: set[str] | None = None
        with self._database.writing_files() as session:
            row = session.get(AnalysisRow, analysis_id, with_for_update=True)
            if row is None or self._project not in (None, row.project):
                raise _unknown()
            if row.state in UNFINISHED:
                row.state, row.finished, row.fingerprint = "cancelled", datetime.now(UTC), None
                session.flush()
                connection = session.connection()
                note_end(connection, (analysis_id,))
                self._audit(connection, "cancel", 200, row.project, analysis_id)
                inputs = self._files.take_inputs(connection, analysis_id)
            else:
                self._remove(session, row, even_signed=even_signed, has_expired=has_expired)
        if inputs is None:
            if not has_expired:
                self._database.erase()
            return None
        self._files.forget(inputs)
        return "cancelled"

    def _remove(self, session: Session, row: AnalysisRow, *, even_signed: bool, has_expired: bool) -> None:
        if not even_signed:
            refuse_when_signed(session, row.id)
        connection = session.connection()
        own = self._files.digests(connection, row.id)
        self._audit(connection, "remove", 204, row.project, row.id)
        forget_control(connection, row.id, keeps_values=has_expired)
        forget_values(connection, row.id, keeps_values=has_expired)
        connection.execute(_REMOVE, {"of": row.id})
        # before the commit: should we die in between, the row is still there to be deleted again
        self._files.remove_unreferred(connection, own)

    def _audit(self, connection: Connection, action: str, status: int, project: str, analysis_id: str) -> None:
        if self._actor is not None:
            append(connection, [self._actor.entry(action, status, project, analysis_id)])


def _added(connection: Connection, submission: Submission, asked: str, project: str) -> AnalysisRow:
    values: dict[str, Any] = {
        "id": uuid7(),
        "project": project,
        "state": "queued",
        "created": datetime.now(UTC),
        "attempts": 0,
        "request_id": submission.request_id,
        "fingerprint": asked,
        "request": submission.request,
        "subject": submission.request.get("subject"),
        "region": submission.request.get("region"),
        "study_group": submission.request.get("group"),
    }
    connection.execute(_ADD, values)
    tags = dict.fromkeys(submission.request.get("tags") or ())
    if tags:
        of = {"analysis_id": values["id"], "project": project, "created": values["created"]}
        connection.execute(_TAG, [{**of, "tag": tag} for tag in tags])
    return AnalysisRow(**values, result=None, problem=None)


def _found(connection: Connection, analysis_id: str) -> AnalysisRow:
    with Session(connection, expire_on_commit=False) as session:
        return session.get_one(AnalysisRow, analysis_id)


def _refuse_when_full(connection: Connection, queue_limit: int) -> None:
    waiting = connection.scalar(_QUEUED) or 0
    if waiting >= queue_limit:
        raise QueueFull(f"{waiting} analyses wait already; submit again later.", headers={"Retry-After": "30"})


def _unknown() -> UnknownAnalysis:
    return UnknownAnalysis("There is no analysis with this id; it may have been deleted.")
