"""Ids of stored things."""

from __future__ import annotations

import secrets
import time
import uuid


def uuid7() -> str:
    """A UUID that sorts by time: 48 bits of milliseconds, then random bits (RFC 9562, section 5.7)."""
    value = (time.time_ns() // 1_000_000) << 80 | 0x7 << 76 | secrets.randbits(12) << 64 | 0b10 << 62
    return str(uuid.UUID(int=value | secrets.randbits(62)))
