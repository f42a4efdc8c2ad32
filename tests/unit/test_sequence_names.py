"""Of a typed sequence or protocol name only words that name sequences are passed on."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fitting.errors import UnsupportedData
from fitting.io.sequence_names import localisation, public_name


@pytest.mark.parametrize(
    "name", ["*svs_se_30", "SV_PRESS_35", "STEAM  3 T", "probe-p", "eja_svs_slaser", "semi-laser", "press-30-ms"]
)
def test_names_of_sequences_stay(name: str) -> None:
    """As the scanner wrote them."""
    assert public_name(name) == name


@pytest.mark.parametrize(
    ("name", "shown"),
    [
        ("*svs_se_30 Quillane", "*svs_se_30"),
        ("Quillane^Zzyzx press_35 1980-01-31", "press_35"),
        ("Glaser, Peter P.", None),
        ("31.01.80", None),
        ("P", None),
        ("", None),
        (None, None),
    ],
)
def test_words_typed_beside_a_sequence_name_are_dropped(name: str | None, shown: str | None) -> None:
    """Names, initials and dates."""
    assert public_name(name) == shown


@given(st.lists(st.sampled_from(["svs_se", "PRESS", "3", "T", "30"]) | st.text(max_size=12), max_size=6))
def test_nothing_is_added_or_moved(words: list[str]) -> None:
    """The words that are shown stood in the name, in this order, and showing them again changes nothing."""
    name = " ".join(words)
    shown = public_name(name)
    rest = iter(re.findall(r"[^\W_]+", name))

    assert all(word in rest for word in re.findall(r"[^\W_]+", shown or ""))
    assert public_name(shown) == shown


def test_refusal_quotes_only_words_of_sequences() -> None:
    """An edited scan is refused by the words of its sequence, not by what stands beside them."""
    with pytest.raises(UnsupportedData) as refusal:
        localisation("mega_press Quillane")

    assert "'mega_press'" in refusal.value.detail
    assert "Quillane" not in repr((refusal.value.detail, refusal.value.data))
