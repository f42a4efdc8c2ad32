"""Calibrations in the making as their owners see them: submitted, found, cancelled and removed."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence
from datetime import UTC, datetime

from sqlalchemy import bindparam, delete, func, insert, select

from service.errors import QueueFull, UnknownCalibration
from service.storage.database import Database
from service.storage.identifiers import uuid7
from service.storage.tables import CALIBRATIONS, DEFAULT_PROJECT, UNFINISHED, CalibrationRow, State

MOST_WAITING = 20
"""Calibrations of all projects that may wait; each takes workers for seconds to minutes."""
_C = CALIBRATIONS.c
_ADD = insert(CALIBRATIONS)
_SAME = select(_C.id).where(_C.fingerprint == bindparam("asked"))
_WAITING = select(func.count()).where(_C.state.in_(UNFINISHED))


class CalibrationRepository:
    """The calibrations of one database; every call names the project, others do not exist for it."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def submit(
        self, name: str, analyses: Sequence[str], request_id: str, project: str = DEFAULT_PROJECT
    ) -> CalibrationRow:
        """Queue a calibration with the spectra of these analyses; the same one is answered while it is unfinished.

        Raises
        ------
        QueueFull
            When too many calibrations wait.
        """
        asked = hashlib.sha256(json.dumps([project, name, *analyses]).encode()).hexdigest()
        with self._database.changing_files() as connection:  # one at a time
            same = connection.scalar(_SAME, {"asked": asked})
            if same is None:
                waiting = connection.scalar(_WAITING) or 0
                if waiting >= MOST_WAITING:
                    raise QueueFull(
                        f"{waiting} calibrations wait already; calibrate again later.", headers={"Retry-After": "60"}
                    )
                same = uuid7()
                made = {
                    "id": same,
                    "project": project,
                    "name": name,
                    "analyses": list(analyses),
                    "state": "queued",
                    "created": datetime.now(UTC),
                    "attempts": 0,
                    "request_id": request_id,
                    "fingerprint": asked,
                }
                connection.execute(_ADD, made)
        return self.get(str(same), project)

    def get(self, calibration_id: str, project: str = DEFAULT_PROJECT) -> CalibrationRow:
        """One calibration.

        Raises
        ------
        UnknownCalibration
            When there is none with this id.
        """
        query = select(CalibrationRow).where(CalibrationRow.id == calibration_id, CalibrationRow.project == project)
        with self._database.reading() as session:
            row = session.scalar(query)
        if row is None:
            raise _unknown()
        return row

    def newest(self, limit: int, project: str = DEFAULT_PROJECT) -> Sequence[CalibrationRow]:
        """The newest calibrations, newest first."""
        query = select(CalibrationRow).where(CalibrationRow.project == project)
        with self._database.reading() as session:
            return session.scalars(
                query.order_by(CalibrationRow.created.desc(), CalibrationRow.id.desc()).limit(limit)
            ).all()

    def delete(self, calibration_id: str, project: str = DEFAULT_PROJECT) -> State | None:
        """Cancel an unfinished calibration (answers ``cancelled``) or remove a finished one (None); its site stays.

        Raises
        ------
        UnknownCalibration
            When there is none with this id.
        """
        with self._database.writing() as session:
            row = session.get(CalibrationRow, calibration_id, with_for_update=True)
            if row is None or row.project != project:
                raise _unknown()
            if row.state in UNFINISHED:
                row.state, row.finished, row.fingerprint = "cancelled", datetime.now(UTC), None
                return "cancelled"
            session.delete(row)
        return None

    def expire(self, before: datetime) -> int:
        """Remove calibrations that ended earlier than this; their sites stay. Returns how many."""
        ended = delete(CALIBRATIONS).where(_C.finished < before, _C.state.not_in(UNFINISHED))
        with self._database.changing() as connection:
            return connection.execute(ended).rowcount


def _unknown() -> UnknownCalibration:
    return UnknownCalibration("There is no calibration in the making with this id; GET /v1/calibrations lists them.")
