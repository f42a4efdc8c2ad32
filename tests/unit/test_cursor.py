"""The cursor of a list: what its description allows is understood, and what is given out fits the description."""

from __future__ import annotations

import uuid
from datetime import UTC, datetime

from hypothesis import given
from hypothesis import strategies as st

from service.api.analysis_list import CURSOR, decoded_cursor, encoded_cursor
from service.storage.lists import Cursor


@given(st.from_regex(CURSOR["pattern"], fullmatch=True))
def test_every_described_cursor_is_understood(word: str) -> None:
    """A client that keeps to the description is never refused."""
    assert encoded_cursor(decoded_cursor(word)) == word


@given(st.datetimes(datetime(1970, 1, 1), datetime(6535, 12, 31), timezones=st.just(UTC)), st.uuids())
def test_a_cursor_comes_back(created: datetime, analysis_id: uuid.UUID) -> None:
    """Time and id are those that were put in, and the word has the described form."""
    cursor = Cursor(created, str(analysis_id))

    assert decoded_cursor(encoded_cursor(cursor)) == cursor
