"""The database's clock, which all services with one database share; clocks of the machines may be wrong."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Float, literal
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.sql.compiler import SQLCompiler
from sqlalchemy.sql.functions import FunctionElement

from service.storage.tables import UtcDateTime


class _Now(FunctionElement[datetime]):
    """The time by the database's clock, so many seconds from now."""

    type = UtcDateTime()
    inherit_cache = True


def now(after: timedelta = timedelta(0)) -> _Now:
    """The present time, or the time ``after`` it (before it, when negative), in SQL."""
    return _Now(literal(after.total_seconds(), Float))


@compiles(_Now, "sqlite")
def _sqlite(element: _Now, compiler: SQLCompiler, **options: Any) -> str:
    seconds = compiler.process(element.clauses, **options)
    # as SQLAlchemy writes times: with six decimals and in UTC
    return f"(strftime('%Y-%m-%d %H:%M:%f', 'now', {seconds} || ' seconds') || '000')"


@compiles(_Now, "postgresql")
def _postgresql(element: _Now, compiler: SQLCompiler, **options: Any) -> str:
    seconds = compiler.process(element.clauses, **options)
    # constant within a statement, so that an index can be searched with it
    return f"(statement_timestamp() + make_interval(secs => {seconds}))"
