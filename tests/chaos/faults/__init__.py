"""The registry of faults: one module for each, one row of docs/chaos.md for each."""

from __future__ import annotations

from tests.chaos.fault import Fault
from tests.chaos.faults import full_disk, worker_memory

FAULTS: tuple[Fault, ...] = (full_disk.FAULT, worker_memory.FAULT)
"""In the order of the page; each fault is tried on a service, a disk and a database of its own."""
