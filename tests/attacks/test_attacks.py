"""A few variants of every attack of the registry; ``make attacks`` tries all."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.attacks.attack import Attack, attempt
from tests.attacks.registry import ATTACKS
from tests.attacks.target import Target, running

FEW = 8


@pytest.fixture(scope="module")
def target(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Target]:
    with running(tmp_path_factory.mktemp("attacked")) as started:
        yield started


@pytest.mark.parametrize("attack", ATTACKS, ids=[attack.name for attack in ATTACKS])
def test_the_service_holds(target: Target, attack: Attack) -> None:
    """Variants from all over the attack: the check of each holds, the service answers, no exception was unforeseen."""
    names = list(attack.variants)
    chosen = names[:: max(1, len(names) // FEW)]

    assert {name: why for name in chosen if (why := attempt(attack.variants[name], target)) is not None} == {}


def test_a_service_that_falls_is_noticed(target: Target) -> None:
    """An attack that gets through counts as one that was not held."""

    def through(found: Target) -> None:
        assert found.send("GET", "/v1/analyses", key="admin").status_code == 401, "let in"

    assert attempt(through, target) == "let in"
