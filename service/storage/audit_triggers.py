"""Check and restore the triggers that refuse to change or remove rows of the audit log."""

from __future__ import annotations

from sqlalchemy import Connection, text

_REFUSAL = "audit_log is append-only"
_FUNCTION = "refuse_audit_log_change"

_SQLITE = {
    f"audit_log_no_{change.lower()}": f"CREATE TRIGGER audit_log_no_{change.lower()} BEFORE {change} ON audit_log "
    f"BEGIN SELECT RAISE(ABORT, '{_REFUSAL}'); END"
    for change in ("UPDATE", "DELETE")
}
_POSTGRESQL = {
    f"audit_log_no_{name}": f"CREATE TRIGGER audit_log_no_{name} BEFORE {change} ON audit_log "
    f"FOR EACH {level} EXECUTE FUNCTION {_FUNCTION}()"
    for name, change, level in (("update", "UPDATE OR DELETE", "ROW"), ("truncate", "TRUNCATE", "STATEMENT"))
}
_BODY = f" BEGIN RAISE EXCEPTION '{_REFUSAL}'; END "

_MADE_ON_SQLITE = text("SELECT name, sql FROM sqlite_master WHERE type = 'trigger' AND tbl_name = 'audit_log'")
# bits of tgtype: 1 row, 2 before, 8 delete, 16 update, 32 truncate (PostgreSQL, catalog/pg_trigger.h)
_TYPES = {"audit_log_no_update": 1 | 2 | 8 | 16, "audit_log_no_truncate": 2 | 32}
_MADE_ON_POSTGRESQL = text(
    "SELECT tgname, tgtype, prosrc FROM pg_trigger JOIN pg_proc ON pg_proc.oid = tgfoid "
    "WHERE tgrelid = to_regclass('audit_log') AND tgenabled IN ('O', 'A') AND tgqual IS NULL"
)


def missing(connection: Connection) -> tuple[str, ...]:
    """Names of the triggers that are absent, switched off or not what they were."""
    if connection.dialect.name == "sqlite":
        made = {row[0]: row[1] for row in connection.execute(_MADE_ON_SQLITE)}
        return tuple(name for name, wanted in _SQLITE.items() if made.get(name) != wanted)
    found = {row[0]: (row[1], row[2]) for row in connection.execute(_MADE_ON_POSTGRESQL)}
    return tuple(name for name in _POSTGRESQL if found.get(name) != (_TYPES[name], _BODY))


def restore(connection: Connection) -> None:
    """Make those that are missing anew, in the caller's transaction."""
    is_sqlite = connection.dialect.name == "sqlite"
    wanted = missing(connection)
    if wanted and not is_sqlite:
        body = f"CREATE OR REPLACE FUNCTION {_FUNCTION}() RETURNS trigger LANGUAGE plpgsql AS $${_BODY}$$"
        connection.execute(text(body))
    for name in wanted:
        connection.execute(text(f"DROP TRIGGER IF EXISTS {name}" + ("" if is_sqlite else " ON audit_log")))
        connection.execute(text((_SQLITE if is_sqlite else _POSTGRESQL)[name]))
