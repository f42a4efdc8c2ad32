"""Counts of the layout that docs/architecture.md states, made by ``tests.measure.house``, do not grow unnoticed."""

from __future__ import annotations

import pytest

from tests.measure import house


@pytest.mark.parametrize("package", ["fitting", "service"])
def test_layers_are_few(package: str) -> None:
    """Modules that import neither each other nor their neighbours share a layer."""
    assert len(house.layers(package)) <= 14


def test_noise_is_estimated_once_for_each_kind() -> None:
    """Of the spectrum as recorded, with and without residual water; of the water with and without its phase."""
    assert house.noise_searches() == 5


def test_name_of_a_class_means_one_thing() -> None:
    """A reader who knows what a class is need not ask which one is meant."""
    assert house.classes_of_one_name() == []
