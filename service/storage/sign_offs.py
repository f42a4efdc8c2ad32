"""The journal of sign-offs: draft, reviewed, signed; signed versions are immutable, an amendment begins a new one."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from sqlalchemy import func, select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from service.errors import DamagedSignedReport, DamagedStorage, SignedAnalysis, SignOffConflict
from service.storage.blobs import BlobStore
from service.storage.database import Database
from service.storage.tables import FileRow, SignOffAction, SignOffRow, SignOffState

TRANSITIONS: Mapping[SignOffState, Mapping[SignOffAction, SignOffState]] = {
    "draft": {"review": "reviewed"},
    "reviewed": {"return": "draft", "sign": "signed"},
    "signed": {"amend": "draft"},
}
"""Allowed actions in each state, and the state they lead to; an amendment's is that of the next version."""

SIGNED_FORMATS: tuple[Literal["html", "pdf", "csv", "json"], ...] = ("html", "pdf", "csv", "json")
"""Formats of the report that are kept when it is signed; the position of its file tells version and format."""


@dataclass(frozen=True, slots=True)
class SignOff:
    """Sign-off state of the report of one analysis, with its history."""

    version: int
    state: SignOffState
    entries: tuple[SignOffRow, ...]

    @property
    def position(self) -> int:
        """Number of steps so far; a step states the number it expects, so that a changed report is not signed."""
        return len(self.entries)

    @property
    def allowed(self) -> tuple[SignOffAction, ...]:
        """Actions allowed now."""
        return tuple(TRANSITIONS[self.state])

    @property
    def signatures(self) -> tuple[SignOffRow, ...]:
        """The signatures, one for each signed version."""
        return tuple(entry for entry in self.entries if entry.action == "sign")

    @property
    def impression(self) -> SignOffRow | None:
        """The step with the impression that holds: the newest one of this version that was not taken back."""
        held: SignOffRow | None = None
        for entry in self.entries:
            if entry.action in ("return", "amend"):
                held = None
            elif entry.impression:
                held = entry
        return held

    @property
    def amendments(self) -> tuple[SignOffRow, ...]:
        """Text that each later version adds to the first."""
        return tuple(entry for entry in self.entries if entry.action == "amend")


DRAFT = SignOff(1, "draft", ())
"""The state of a report without steps."""


@dataclass(frozen=True, slots=True)
class RequestedStep:
    """One step as it is asked for."""

    action: SignOffAction
    position: int
    """Number of steps the asker has seen."""
    reviewer: str
    account: str
    at: datetime
    comment: str | None = None
    impression: str | None = None
    amendment: str | None = None


@dataclass(frozen=True, slots=True)
class SignedReport:
    """Data stored with a signature."""

    content_sha256: str
    files: Mapping[str, bytes]
    """Rendered reports by format; ``html`` is always there."""


def next_state(current: SignOff, step: RequestedStep) -> SignOffState:
    """The state after ``step``.

    Raises
    ------
    SignOffConflict
        When the step is not possible in this state, or the asker has seen another one.
    """
    if step.position != current.position:
        raise SignOffConflict(
            "The sign-off was changed meanwhile; read it again.",
            state=current.state,
            version=current.version,
        )
    following = TRANSITIONS[current.state].get(step.action)
    if following is None:
        allowed = " or ".join(current.allowed)
        raise SignOffConflict(
            f"'{step.action}' is not possible while version {current.version} is {current.state}; {allowed} is.",
            state=current.state,
            version=current.version,
        )
    return following


class SignOffRepository:
    """Sign-offs of one database and one blob store."""

    def __init__(self, database: Database, blobs: BlobStore) -> None:
        self._database = database
        self._blobs = blobs

    def get(self, analysis_id: str) -> SignOff:
        """State of the sign-off; an analysis without steps is a draft."""
        with self._database.reading() as session:
            return _read(session, analysis_id)

    def states(self, analysis_ids: Iterable[str]) -> dict[str, tuple[int, SignOffState]]:
        """Version and state of those reports that have left the first draft."""
        ids = tuple(analysis_ids)
        latest = (
            select(SignOffRow.analysis_id, func.max(SignOffRow.position).label("position"))
            .where(SignOffRow.analysis_id.in_(ids))
            .group_by(SignOffRow.analysis_id)
            .subquery()
        )
        query = select(SignOffRow).join(
            latest, (SignOffRow.analysis_id == latest.c.analysis_id) & (SignOffRow.position == latest.c.position)
        )
        with self._database.reading() as session:
            return {row.analysis_id: (row.version, row.state) for row in session.scalars(query)}

    def add(self, analysis_id: str, step: RequestedStep, signed: SignedReport | None = None) -> SignOff:
        """Take one step; a signature comes with what is signed.

        Raises
        ------
        SignOffConflict
            When it is not possible, or another step was taken meanwhile.
        """
        try:
            with self._database.writing_files() as session:
                current = _read(session, analysis_id)
                state = next_state(current, step)
                version = current.version + (step.action == "amend")
                row = SignOffRow(
                    analysis_id=analysis_id,
                    position=current.position,
                    version=version,
                    action=step.action,
                    state=state,
                    reviewer=step.reviewer,
                    account=step.account,
                    at=step.at,
                    comment=step.comment,
                    impression=step.impression,
                    amendment=step.amendment,
                    content_sha256=None if signed is None else signed.content_sha256,
                    report_sha256=None if signed is None else _sha256(signed.files["html"]),
                )
                session.add(row)
                if signed is not None:
                    self._keep(session, analysis_id, version, signed.files)
                return SignOff(version, state, (*current.entries, row))
        except IntegrityError as error:
            raise SignOffConflict("The sign-off was changed meanwhile; read it again.") from error

    def _keep(self, session: Session, analysis_id: str, version: int, files: Mapping[str, bytes]) -> None:
        for format, content in files.items():
            sha256 = _sha256(content)
            name = f"signed-{version}.{format}"
            session.add(
                FileRow(
                    analysis_id=analysis_id,
                    role="signed_report",
                    position=_position(version, format),
                    name=name,
                    sha256=sha256,
                )
            )
            self._blobs.ensure(sha256, content)

    def signed_report(self, analysis_id: str, version: int, format: str) -> bytes | None:
        """A signed version exactly as it was rendered when it was signed; None when it was not kept.

        Raises
        ------
        DamagedSignedReport
            When the stored report differs from the signed one.
        """
        with self._database.reading() as session:
            row = session.get(FileRow, (analysis_id, "signed_report", _position(version, format)))
            entry = session.scalar(
                select(SignOffRow).where(
                    SignOffRow.analysis_id == analysis_id, SignOffRow.version == version, SignOffRow.action == "sign"
                )
            )
        if row is None or entry is None:
            return None
        try:
            content = self._blobs.get(row.sha256)
        except DamagedStorage as error:
            raise _damaged(version) from error
        if format == "html" and row.sha256 != entry.report_sha256:
            raise _damaged(version)
        return content


def _damaged(version: int) -> DamagedSignedReport:
    detail = f"Version {version} of the report is missing or not what was signed: restore it from a backup."
    return DamagedSignedReport(detail, version=version)


def refuse_when_signed(session: Session, analysis_id: str) -> None:
    """Called within the transaction that would remove an analysis.

    Raises
    ------
    SignedAnalysis
        When a version of its report was signed.
    """
    if is_signed(session, analysis_id):
        raise SignedAnalysis("A report of this analysis was signed, so only an administrator can remove it.")


def is_signed(session: Session, analysis_id: str) -> bool:
    """Whether any version of the report was signed."""
    query = select(SignOffRow.position).where(SignOffRow.analysis_id == analysis_id, SignOffRow.action == "sign")
    return session.scalar(query.limit(1)) is not None


def _read(session: Session, analysis_id: str) -> SignOff:
    query = select(SignOffRow).where(SignOffRow.analysis_id == analysis_id).order_by(SignOffRow.position)
    entries: Sequence[SignOffRow] = session.scalars(query).all()
    if not entries:
        return DRAFT
    return SignOff(entries[-1].version, entries[-1].state, tuple(entries))


def _position(version: int, format: str) -> int:
    return version * len(SIGNED_FORMATS) + SIGNED_FORMATS.index(format)


def _sha256(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()
