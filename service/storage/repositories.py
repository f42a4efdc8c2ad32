"""All SQL: submitting, claiming, finishing, listing and removing analyses, each in one transaction."""

from __future__ import annotations

import hashlib
import json
import secrets
import time
import uuid
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any, NamedTuple

from sqlalchemy import ColumnElement, Update, delete, exists, func, or_, select, update
from sqlalchemy.orm import Session, undefer

from service.errors import IdempotencyConflict, QueueFull, UnknownAnalysis
from service.problem_documents import ProblemDocument
from service.storage import webhooks
from service.storage.audit import Actor, append
from service.storage.blobs import BlobStore
from service.storage.database import Database
from service.storage.documents import Answer, fingerprint
from service.storage.events import record
from service.storage.sign_offs import refuse_when_signed
from service.storage.site_norms import newest_ids
from service.storage.tables import DEFAULT_PROJECT, AnalysisRow, FileRow, IdempotencyKeyRow, Role, State

INPUTS: tuple[Role, ...] = (
    *("metabolite", "water_reference", "macromolecules"),
    *("anatomy", "gray_matter", "white_matter", "csf"),
)
UNFINISHED: tuple[State, ...] = ("queued", "running")


@dataclass(frozen=True, slots=True)
class StoredFile:
    """A file with its role, under a neutral name: the name it was uploaded with may hold a patient's."""

    role: Role
    name: str
    content: bytes


@dataclass(frozen=True, slots=True)
class Submission:
    """A new analysis as it arrives."""

    files: tuple[StoredFile, ...]
    request: dict[str, Any]
    request_id: str
    idempotency_key: str | None = None
    callback_url: str | None = None


@dataclass(frozen=True, slots=True)
class Filters:
    """What a list is narrowed to; None does not narrow."""

    subject: str | None = None
    region: str | None = None
    state: State | None = None
    verdict: str | None = None
    created_from: datetime | None = None
    created_before: datetime | None = None

    def conditions(self) -> list[ColumnElement[bool]]:
        """The same in SQL."""
        equal = {"subject": self.subject, "region": self.region, "state": self.state, "verdict": self.verdict}
        conditions = [getattr(AnalysisRow, name) == value for name, value in equal.items() if value is not None]
        if self.created_from is not None:
            conditions.append(AnalysisRow.created >= self.created_from)
        if self.created_before is not None:
            conditions.append(AnalysisRow.created < self.created_before)
        return conditions


class Page(NamedTuple):
    """One page of a list, newest first."""

    rows: Sequence[AnalysisRow]
    next_cursor: str | None


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
        hashed = [(file, hashlib.sha256(file.content).hexdigest()) for file in submission.files]
        project = self._project or DEFAULT_PROJECT
        key = submission.idempotency_key
        key_sha256 = None if key is None else hashlib.sha256(f"{project}/{key}".encode()).hexdigest()
        named = [(file.role, file.name, sha256) for file, sha256 in hashed]
        with self._database.writing_files() as session:
            asked = fingerprint(named, submission.request, project, newest_ids(session, project))
            used = None if key_sha256 is None else session.get(IdempotencyKeyRow, key_sha256)
            if used is not None:
                if used.fingerprint != asked:
                    raise IdempotencyConflict(
                        "This Idempotency-Key was used for another request; use a new key for a new request."
                    )
                self._audit(session, "submit again", 200, project, used.analysis_id)
                return session.get_one(AnalysisRow, used.analysis_id), False
            row = session.scalar(select(AnalysisRow).where(AnalysisRow.fingerprint == asked))
            is_new = row is None
            if row is None:
                _refuse_when_full(session, queue_limit)
                row = _new_row(submission, asked, project)
                session.add(row)
                session.flush()
                positions: dict[str, int] = {}
                for file, sha256 in hashed:
                    position = positions[file.role] = positions.get(file.role, -1) + 1
                    session.add(_file_row(row.id, file.role, position, file.name, sha256))
                    self._blobs.ensure(sha256, file.content)
                record(session, (row.id,))
            if submission.callback_url is not None:
                webhooks.register(session, row.id, submission.callback_url)
            if key_sha256 is not None:
                session.add(IdempotencyKeyRow(key_sha256=key_sha256, fingerprint=asked, analysis_id=row.id))
            self._audit(session, *(("submit", 202) if is_new else ("submit again", 200)), project, row.id)
            return row, is_new

    def get(self, analysis_id: str, *, with_result: bool = False) -> AnalysisRow:
        """One analysis.

        Raises
        ------
        UnknownAnalysis
            When there is none with this id.
        """
        query = select(AnalysisRow).where(AnalysisRow.id == analysis_id, *self._own())
        if with_result:
            query = query.options(undefer(AnalysisRow.result))
        with self._database.reading() as session:
            row = session.scalar(query)
        if row is None:
            raise _unknown()
        return row

    def content(self, analysis_id: str, *roles: Role) -> list[StoredFile]:
        """Files of an analysis in these roles, in the order of upload.

        Raises
        ------
        FileNotFoundError
            When the analysis was removed meanwhile.
        """
        query = select(FileRow).where(FileRow.analysis_id == analysis_id, FileRow.role.in_(roles))
        if self._project is not None:
            query = query.join(AnalysisRow, AnalysisRow.id == FileRow.analysis_id).where(*self._own())
        with self._database.reading() as session:
            rows = session.scalars(query.order_by(FileRow.role, FileRow.position)).all()
        return [StoredFile(row.role, row.name, self._blobs.get(row.sha256)) for row in rows]

    def page(self, filters: Filters, cursor: str | None, limit: int) -> Page:
        """Analyses older than the one named by ``cursor``, newest first."""
        query = select(AnalysisRow).where(*self._own(), *filters.conditions())
        query = query.order_by(AnalysisRow.id.desc()).limit(limit + 1)
        if cursor is not None:
            query = query.where(AnalysisRow.id < cursor)
        with self._database.reading() as session:
            rows = session.scalars(query).all()
        return Page(rows[:limit], rows[limit - 1].id if len(rows) > limit else None)

    def depths(self) -> dict[str, int]:
        """Number of unfinished analyses by state."""
        query = select(AnalysisRow.state, func.count()).where(AnalysisRow.state.in_(UNFINISHED))
        with self._database.reading() as session:
            found = {state: count for state, count in session.execute(query.group_by(AnalysisRow.state))}
        return {state: found.get(state, 0) for state in UNFINISHED}

    def claim(self, claimant: str, limit: int, *, retried: bool | None = None) -> list[AnalysisRow]:
        """Take up to ``limit`` queued analyses, oldest first; only first attempts or retried ones when that is said."""
        waiting = select(AnalysisRow.id).where(AnalysisRow.state == "queued").order_by(AnalysisRow.id)
        if retried is not None:
            waiting = waiting.where(AnalysisRow.attempts > 0 if retried else AnalysisRow.attempts == 0)
        with self._database.reading() as session:
            if session.scalar(waiting.limit(1)) is None:
                return []  # without keeping others from writing
        with self._database.writing() as session:
            # on PostgreSQL two claimants pass each other's rows; SQLite has one writer and ignores the lock clause
            ids = session.scalars(waiting.limit(limit).with_for_update(skip_locked=True)).all()
            if not ids:
                return []
            now = datetime.now(UTC)
            taken = (
                update(AnalysisRow)
                .where(AnalysisRow.id.in_(ids), AnalysisRow.state == "queued")
                .values(
                    state="running",
                    started=now,
                    heartbeat_at=now,
                    claimed_by=claimant,
                    attempts=AnalysisRow.attempts + 1,
                )
                .returning(AnalysisRow)
            )
            rows = sorted(session.scalars(taken), key=lambda row: row.id)
            record(session, ids)
            return rows

    def has_retries(self) -> bool:
        """Does an analysis wait for another attempt?"""
        query = select(exists().where(AnalysisRow.state == "queued", AnalysisRow.attempts > 0))
        with self._database.reading() as session:
            return bool(session.scalar(query))

    def beat(self, claimant: str, analysis_ids: Collection[str]) -> None:
        """Say that these running analyses of the claimant are still being worked on."""
        with self._database.writing() as session:
            session.execute(
                _claimed(claimant).where(AnalysisRow.id.in_(analysis_ids)).values(heartbeat_at=datetime.now(UTC))
            )

    def succeed(self, analysis_id: str, claimant: str, answer: Answer) -> bool:
        """Keep an answer; False when the analysis is no longer the claimant's (cancelled, removed, taken over)."""
        document = json.loads(answer.analysis)
        with self._database.writing_files() as session:
            values = {
                "state": "succeeded",
                "finished": datetime.now(UTC),
                "seconds": answer.seconds,
                "verdict": document["verdict"]["usable"],
                "result": document,
            }
            if not _finish(session, analysis_id, claimant, values):
                return False
            sha256 = hashlib.sha256(answer.traces).hexdigest()
            session.add(_file_row(analysis_id, "traces", 0, "traces.npz", sha256))
            self._blobs.ensure(sha256, answer.traces)
            inputs = self._inputs_taken(session, analysis_id)
        self._forget(inputs)
        return True

    def fail(self, analysis_id: str, claimant: str, problem: ProblemDocument, *, final: bool) -> bool:
        """Keep the reason why there is no answer; only a ``final`` one also answers the same request next time."""
        values: dict[str, Any] = {
            "state": "failed",
            "finished": datetime.now(UTC),
            "problem": problem.model_dump(mode="json"),
        }
        if not final:
            values["fingerprint"] = None
        with self._database.writing() as session:
            if not _finish(session, analysis_id, claimant, values):
                return False
            inputs = self._inputs_taken(session, analysis_id)
        self._forget(inputs)
        return True

    def release(self, claimant: str, analysis_id: str | None = None, *, count_attempt: bool) -> None:
        """Put one running analysis of the claimant, or all of them, back into the queue."""
        values: dict[str, Any] = {"state": "queued", "claimed_by": None, "heartbeat_at": None, "started": None}
        if not count_attempt:
            values["attempts"] = AnalysisRow.attempts - 1
        released = _claimed(claimant).values(values).returning(AnalysisRow.id)
        with self._database.writing() as session:
            mine = released if analysis_id is None else released.where(AnalysisRow.id == analysis_id)
            record(session, session.scalars(mine).all())

    def claimants(self) -> set[str]:
        """Everybody who has taken an analysis and not brought it back."""
        query = select(AnalysisRow.claimed_by).where(AnalysisRow.state == "running").distinct()
        with self._database.reading() as session:
            return {name for name in session.scalars(query) if name is not None}

    def abandoned(self, silence: timedelta, dead: Collection[str] = ()) -> list[AnalysisRow]:
        """Running analyses whose claimant is among the ``dead`` or has been silent this long."""
        latest = datetime.now(UTC) - silence
        is_silent = or_(AnalysisRow.heartbeat_at < latest, AnalysisRow.claimed_by.in_(dead))
        query = select(AnalysisRow).where(AnalysisRow.state == "running", is_silent)
        with self._database.reading() as session:
            return list(session.scalars(query))

    def delete(self, analysis_id: str, *, even_signed: bool = False) -> State | None:
        """Cancel an unfinished analysis (answers ``cancelled``) or remove a finished one with its files (None).

        Raises
        ------
        UnknownAnalysis
            When there is none with this id.
        SignedAnalysis
            When a report of it was signed, unless ``even_signed``.
        """
        with self._database.writing_files() as session:
            row = session.get(AnalysisRow, analysis_id, with_for_update=True)
            if row is None or self._project not in (None, row.project):
                raise _unknown()
            if row.state in UNFINISHED:
                row.state, row.finished, row.fingerprint = "cancelled", datetime.now(UTC), None
                session.flush()
                _note_end(session, (analysis_id,))
                self._audit(session, "cancel", 200, row.project, analysis_id)
                inputs = self._inputs_taken(session, analysis_id)
            else:
                self._remove(session, row, even_signed=even_signed)
                return None
        self._forget(inputs)
        return "cancelled"

    def _remove(self, session: Session, row: AnalysisRow, *, even_signed: bool) -> None:
        if not even_signed:
            refuse_when_signed(session, row.id)
        own = set(session.scalars(select(FileRow.sha256).where(FileRow.analysis_id == row.id)))
        self._audit(session, "remove", 204, row.project, row.id)
        session.execute(delete(AnalysisRow).where(AnalysisRow.id == row.id))
        # before the commit: should we die in between, the row is still there to be deleted again
        self._remove_unreferred(session, own)

    def _inputs_taken(self, session: Session, analysis_id: str) -> set[str]:
        """Take the uploaded files, whose headers may name a person, from an analysis that has ended."""
        if self._keep_inputs:
            return set()
        inputs = delete(FileRow).where(FileRow.analysis_id == analysis_id, FileRow.role.in_(INPUTS))
        return set(session.scalars(inputs.returning(FileRow.sha256)))

    def _forget(self, digests: set[str]) -> None:
        """Remove what was taken, after that is certain; should we die before, the next sweep finds it."""
        if digests:
            with self._database.writing_files() as session:
                self._remove_unreferred(session, digests)

    def _remove_unreferred(self, session: Session, digests: set[str]) -> None:
        referred = set(session.scalars(select(FileRow.sha256).where(FileRow.sha256.in_(digests))))
        for sha256 in digests - referred:
            self._blobs.remove(sha256)

    def _audit(self, session: Session, action: str, status: int, project: str, analysis_id: str) -> None:
        if self._actor is not None:
            append(session, [self._actor.entry(action, status, project, analysis_id)])

    def _own(self) -> list[ColumnElement[bool]]:
        return [] if self._project is None else [AnalysisRow.project == self._project]


def _new_row(submission: Submission, asked: str, project: str) -> AnalysisRow:
    return AnalysisRow(
        id=_uuid7(),
        project=project,
        state="queued",
        created=datetime.now(UTC),
        attempts=0,
        request_id=submission.request_id,
        fingerprint=asked,
        request=submission.request,
        subject=submission.request.get("subject"),
        region=submission.request.get("region"),
        result=None,
        problem=None,
    )


def _file_row(analysis_id: str, role: Role, position: int, name: str, sha256: str) -> FileRow:
    return FileRow(analysis_id=analysis_id, role=role, position=position, name=name, sha256=sha256)


def _refuse_when_full(session: Session, queue_limit: int) -> None:
    waiting = session.scalar(select(func.count()).where(AnalysisRow.state == "queued")) or 0
    if waiting >= queue_limit:
        raise QueueFull(f"{waiting} analyses wait already; submit again later.", headers={"Retry-After": "30"})


def _claimed(claimant: str) -> Update:
    return update(AnalysisRow).where(AnalysisRow.state == "running", AnalysisRow.claimed_by == claimant)


def _finish(session: Session, analysis_id: str, claimant: str, values: dict[str, Any]) -> bool:
    finished = _claimed(claimant).where(AnalysisRow.id == analysis_id).values(values).returning(AnalysisRow.id)
    ended = session.scalars(finished).all()
    _note_end(session, ended)
    return bool(ended)


def _note_end(session: Session, analysis_ids: Sequence[str]) -> None:
    record(session, analysis_ids)
    webhooks.make_due(session, analysis_ids)


def _unknown() -> UnknownAnalysis:
    return UnknownAnalysis("There is no analysis with this id; it may have been deleted.")


def _uuid7() -> str:
    """A UUID that sorts by time: 48 bits of milliseconds, then random bits (RFC 9562, section 5.7)."""
    value = (time.time_ns() // 1_000_000) << 80 | 0x7 << 76 | secrets.randbits(12) << 64 | 0b10 << 62
    return str(uuid.UUID(int=value | secrets.randbits(62)))
