"""Every refusal has a status, a description and a stable code, and survives the way back from a worker."""

from __future__ import annotations

import pickle
from collections.abc import Iterator

import pytest

from fitting.errors import FittingError
from service.api.problems import describe
from service.errors import BY_CODE, STATUS, ServiceProblem, problem_of


def below(kind: type[Exception]) -> Iterator[type[Exception]]:
    for child in kind.__subclasses__():
        yield child
        yield from below(child)


FITTING = [FittingError, *below(FittingError)]
SERVICE = list(below(ServiceProblem))


@pytest.mark.parametrize("kind", [*FITTING, *SERVICE])
def test_is_mapped_and_described(kind: type[FittingError | ServiceProblem]) -> None:
    """The table holds the class itself, not only a base; its page says more than its title."""
    description = describe(kind.code)

    assert STATUS[kind] == description.status
    assert BY_CODE[kind.code] is kind
    assert kind.title == description.title
    assert len(description.description) > len("too short")
    assert description.description != kind.title
    assert "\n" not in description.description


def test_codes_are_different() -> None:
    """No two kinds of problems share a code."""
    assert len(BY_CODE) == len(STATUS) == len(FITTING) + len(SERVICE)


@pytest.mark.parametrize("kind", FITTING)
def test_refusal_survives_a_process_boundary(kind: type[FittingError]) -> None:
    """Class, sentence and data come back from a worker."""
    error = kind("The sentence.", parameter="echo_time", value=0.3)
    copy = pickle.loads(pickle.dumps(error))

    assert type(copy) is kind
    assert (copy.detail, copy.data) == (error.detail, error.data)


@pytest.mark.parametrize("kind", [*FITTING, *SERVICE])
def test_problem_document(kind: type[FittingError | ServiceProblem]) -> None:
    """The document repeats what the class and the instance say."""
    problem = problem_of(kind("The sentence.", limit=3), "id")

    assert problem.model_dump() == {
        "type": f"/problems/{kind.code}",
        "title": kind.title,
        "status": STATUS[kind],
        "detail": "The sentence.",
        "code": kind.code,
        "request_id": "id",
        "errors": (),
        "data": {"limit": 3},
    }
