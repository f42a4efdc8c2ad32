"""Every refusal has a status, a description and a stable code, and survives the way back from a worker."""

from __future__ import annotations

import pickle
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

import fitting
from fitting.errors import PROBLEMS, FittingError
from service.api.problems import describe
from service.errors import BY_CODE, STATUS, ServiceProblem
from service.problem_documents import problem_of


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


def test_problems_are_the_leaves_and_bases_are_never_raised() -> None:
    """``PROBLEMS`` is every refusal there is: a base only groups them, and no code raises one."""
    bases = [kind for kind in FITTING if kind.__subclasses__()]
    package = Path(fitting.__file__).parent
    raised = {name for path in package.rglob("*.py") for name in re.findall(r"raise (\w+)\(", path.read_text())}

    assert set(PROBLEMS) == {kind for kind in FITTING if not kind.__subclasses__()}
    assert {kind.__name__ for kind in PROBLEMS} <= raised
    assert not raised & {kind.__name__ for kind in bases}


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
