"""Many finished analyses, written to a database directly: a service would take days for a million."""

from __future__ import annotations

import json
import random
import uuid
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime, timedelta
from functools import cache
from typing import Any

from sqlalchemy import Connection, create_engine, insert

from service.documents import dump_analysis
from service.storage.audit import AuditEntry, append
from service.storage.tables import ANALYSES, EVENTS, FILES, Base, SignOffRow
from tests.fake_pipeline import example_analysis

PROJECT = "default"
EACH_SUBJECT = 20
"""Analyses of one person."""
REGIONS = {"ACC": 40, "PCC": 30, "DLPFC": 15, "Insula": 10, "Hippocampus": 4, "Pons": 1}
"""Region: share in per cent. ``Pons`` has no verdict ``no``, so those two together match nothing."""
VERDICTS = {"yes": 70, "limited": 25, "no": 5}
STATES = {"succeeded": 96, "failed": 3, "cancelled": 1}
SIGNED_OF_TEN = 3
FIRST = datetime(2016, 1, 1, tzinfo=UTC)
APART = timedelta(minutes=5)
"""Between two submissions: a million take nine and a half years."""

_AT_ONCE = 2000
_PROBLEM = {"code": "damaged-file", "title": "Damaged file", "detail": "The file ends early.", "status": 400}

Row = dict[str, Any]


def subject_of(number: int, rows: int) -> str:
    """The pseudonym of one analysis out of so many; a person's analyses are spread over the whole time."""
    return f"sub-{_person(number, rows)}"


def _person(number: int, rows: int) -> int:
    return number % max(rows // EACH_SUBJECT, 1)


def _project_of(number: int, rows: int) -> str:
    return "trial" if _person(number, rows) % 10 == 9 else PROJECT


def created_of(number: int) -> datetime:
    """When it was submitted."""
    return FIRST + number * APART


def fill(url: str, numbers: range, rows: int, *, with_results: bool = True) -> None:
    """Add the analyses with these numbers, of ``rows`` in the end, with everything that the service keeps of them."""
    engine = create_engine(url, json_serializer=_dumped)
    with engine.connect() as connection:
        if engine.dialect.name == "sqlite":
            connection.exec_driver_sql("PRAGMA synchronous = OFF")
            connection.exec_driver_sql("PRAGMA cache_size = -500000")
        for first in range(numbers.start, numbers.stop, _AT_ONCE):
            _add(connection, range(first, min(first + _AT_ONCE, numbers.stop)), rows, with_results)
            connection.commit()
    engine.dispose()


def _add(connection: Connection, numbers: range, rows: int, with_results: bool) -> None:
    analyses = [_analysis(number, rows, with_results) for number in numbers]
    connection.execute(insert(ANALYSES), analyses)
    ended = [row for row in analyses if row["state"] == "succeeded"]
    connection.execute(insert(FILES), [_traces(row) for row in ended])
    connection.execute(insert(EVENTS), [event for row in analyses for event in _events(row)])
    append(connection, [_audit(row) for row in analyses])
    signed = [row for number, row in zip(numbers, analyses, strict=True) if number % 10 < SIGNED_OF_TEN]
    steps = [step for row in signed if row["state"] == "succeeded" for step in _sign_off(row)]
    if steps:
        connection.execute(insert(Base.metadata.tables[SignOffRow.__tablename__]), steps)


def _analysis(number: int, rows: int, with_results: bool) -> Row:
    chance = random.Random(number)
    created = created_of(number)
    state, region = _chosen(chance, STATES), _chosen(chance, REGIONS)
    verdict = _chosen(chance, VERDICTS) if state == "succeeded" else None
    subject = subject_of(number, rows)
    return {
        "id": _uuid7(created, chance),
        "project": _project_of(number, rows),
        "state": state,
        "created": created,
        "started": created,
        "finished": created + timedelta(seconds=2),
        "seconds": 2.0,
        "attempts": 1,
        "request_id": f"request-{number}",
        "fingerprint": f"{chance.getrandbits(256):064x}",
        "request": {"subject": subject, "region": region, "session": f"ses-{number}", "options": {}},
        "subject": subject,
        "region": region,
        "verdict": "limited" if region == "Pons" and verdict == "no" else verdict,
        "result": _result() if state == "succeeded" and with_results else None,
        "problem": _PROBLEM if state == "failed" else None,
    }


@cache
def _result() -> Row:
    found: Row = json.loads(_result_text())
    return found


@cache
def _result_text() -> str:
    return dump_analysis(example_analysis()).decode()


def _dumped(value: object) -> str:
    return _result_text() if value is _result() else json.dumps(value)


def _traces(row: Row) -> Row:
    sha256 = row["fingerprint"][::-1]  # as random, and another one
    return {"analysis_id": row["id"], "role": "traces", "position": 0, "name": "traces.npz", "sha256": sha256}


def _events(row: Row) -> Iterator[Row]:
    for number, state in enumerate(("queued", "running", row["state"]), 1):
        yield {"analysis_id": row["id"], "number": number, "at": row["created"], "state": state, "attempt": 1}


def _audit(row: Row) -> AuditEntry:
    return AuditEntry("scanner", row["project"], "submit", 202, row["request_id"], row["id"])


def _sign_off(row: Row) -> Iterator[Row]:
    for position, (action, state) in enumerate((("review", "reviewed"), ("sign", "signed"))):
        who = {"reviewer": "Dr A", "account": "reader", "at": row["finished"]}
        of = {"analysis_id": row["id"], "position": position, "version": 1}
        yield {**of, "action": action, "state": state, **who}


def _chosen(chance: random.Random, shares: Mapping[str, int]) -> str:
    return chance.choices(tuple(shares), tuple(shares.values()))[0]


def _uuid7(created: datetime, chance: random.Random) -> str:
    milliseconds = int(created.timestamp() * 1000)
    return str(uuid.UUID(int=milliseconds << 80 | 0x7 << 76 | 0b10 << 62 | chance.getrandbits(62)))
