"""Ten thousand spectra stream through a batch: what is in flight is bounded, and so is the memory."""

from __future__ import annotations

import tracemalloc
from collections.abc import Iterator

from service.cli.ordered_map import IN_FLIGHT_PER_WORKER, Crashed, map_in_order

SPECTRA = 10_000
WORKERS = 2
ANSWER_BYTES = 20_000
"""About what the rows of one spectrum take."""


def answer(number: int) -> bytes:
    return number.to_bytes(4, "big") * (ANSWER_BYTES // 4)


def test_ten_thousand_spectra() -> None:
    """Every answer arrives, in order, and no more than a few dozen are held at any time."""
    taken = 0

    def numbers() -> Iterator[int]:
        nonlocal taken
        for number in range(SPECTRA):
            taken += 1
            yield number

    most_in_flight = 0
    tracemalloc.start()
    for expected, (number, outcome) in enumerate(map_in_order(answer, numbers(), WORKERS)):
        assert not isinstance(outcome, Crashed)
        assert number == expected == int.from_bytes(outcome[:4], "big")
        most_in_flight = max(most_in_flight, taken - expected)
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()

    assert most_in_flight <= IN_FLIGHT_PER_WORKER * WORKERS + 1
    assert peak < 100 * ANSWER_BYTES < SPECTRA * ANSWER_BYTES / 50
