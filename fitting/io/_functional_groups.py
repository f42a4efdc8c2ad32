"""Functional groups and private elements of enhanced DICOM objects."""

from __future__ import annotations

from collections.abc import Sequence

from pydicom.dataset import Dataset

from fitting.io._dicom import text


def of_frames(dataset: Dataset, group: str, keyword: str) -> list[str | None]:
    """A value of every frame's own functional groups, where they have it."""
    return [
        text(macro.get(keyword))
        for item in dataset.get("PerFrameFunctionalGroupsSequence") or []
        for macro in (item.get(group) or [])[:1]
        if keyword in macro
    ]


def shared(dataset: Dataset, group: str, keyword: str) -> object:
    """A value from the functional groups shared by all frames or from those of the first frame."""
    for functional_groups in ("SharedFunctionalGroupsSequence", "PerFrameFunctionalGroupsSequence"):
        for item in (dataset.get(functional_groups) or [])[:1]:
            for macro in (item.get(group) or [])[:1]:
                if keyword in macro:
                    return macro.get(keyword)
    return None


def texts(value: object) -> list[str | None]:
    """The members of a header value that has several."""
    return [text(member) for member in value] if isinstance(value, Sequence) else []


def shared_item(dataset: Dataset, group: str) -> Dataset:
    """The first item of a functional group shared by all frames; empty where there is none."""
    for item in (dataset.get("SharedFunctionalGroupsSequence") or [])[:1]:
        for macro in (item.get(group) or [])[:1]:
            if isinstance(macro, Dataset):
                return macro
    return Dataset()


def private(dataset: Dataset, group: int, creator: str, element: int) -> object:
    """A value of a private block; None where the block or the element is missing."""
    try:
        return dataset.private_block(group, creator)[element].value
    except KeyError:
        return None
