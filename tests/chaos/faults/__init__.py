"""The registry of faults: one module for each, one row of docs/chaos.md for each."""

from __future__ import annotations

from tests.chaos.fault import Fault
from tests.chaos.faults import (
    clock_ahead,
    database_away,
    full_disk,
    lost_blob,
    other_database,
    poison_header,
    worker_memory,
    zeroed_page,
)

FAULTS: tuple[Fault, ...] = (
    full_disk.FAULT,
    other_database.FAULT,
    zeroed_page.FAULT,
    lost_blob.REMOVED,
    lost_blob.TRUNCATED,
    worker_memory.FAULT,
    poison_header.FAULT,
    database_away.FAULT,
    database_away.FROZEN,
    clock_ahead.FAULT,
)
"""In the order of the page; each fault is tried on a service, a disk and a database of its own."""
