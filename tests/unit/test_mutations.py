"""The list of small faults stays true to the code."""

from __future__ import annotations

import re

import pytest

from tests.measure.mutations import MUTATIONS, ROOT, Mutation, places


@pytest.mark.parametrize("mutation", MUTATIONS, ids=lambda mutation: mutation.name)
def test_the_text_of_a_fault_stands_once(mutation: Mutation) -> None:
    """Otherwise the fault would not be made, or somewhere else; its tests are there, and golden is none of them."""
    found = places(mutation.before)

    assert len(found) == 1, (mutation.before, found)
    assert mutation.after != mutation.before
    files = mutation.tests.partition(" -k ")[0].split()
    assert all((ROOT / file).is_file() for file in files)
    assert not any("golden" in file for file in files)


def test_faults_are_of_every_kind() -> None:
    """Numerics, assembly, renderers and policy, thirty or more, each with a name of its own."""
    assert len(MUTATIONS) >= 30
    assert len({mutation.name for mutation in MUTATIONS}) == len(MUTATIONS)
    assert {mutation.kind for mutation in MUTATIONS} == {"numerics", "assembly", "renderers", "policy"}


@pytest.mark.parametrize("mutation", MUTATIONS, ids=lambda mutation: mutation.name)
def test_the_expression_of_a_fault_selects_a_test(mutation: Mutation) -> None:
    """A renamed test would leave the fault without any."""
    files, _, expression = mutation.tests.partition(" -k ")
    names = [name for file in files.split() for name in re.findall(r"def (test_\w+)", (ROOT / file).read_text())]
    alternatives = [branch.split(" and ") for branch in expression.strip("'").split(" or ")]

    assert any(all(word.strip() in name for word in branch) for branch in alternatives for name in names)
