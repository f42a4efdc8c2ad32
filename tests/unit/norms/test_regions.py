"""Names of regions as people write them."""

from __future__ import annotations

import pytest

from fitting.norms.regions import find_region, regions


@pytest.mark.parametrize(
    ("text", "region", "subregion"),
    [
        ("ACC", "ACC", None),
        ("anterior_cingulate_cortex", "ACC", None),
        ("Anterior Cingulate", "ACC", None),
        ("dACC", "ACC", "dorsal/aMCC"),
        ("subgenual ACC", "ACC", "subgenual/ventral"),
        ("left dlPFC", "dlPFC", None),
        ("dorsolateral prefrontal", "dlPFC", None),
        ("posterior-cingulate", "PCC", None),
        ("M1_R", "M1", None),
        ("primary somatosensory cortex", "S1", None),
        ("THALAMUS", "thalamus", None),
        ("left anterior insula", "insula", "anterior insula"),
        ("ventral striatum", "basal_ganglia", "nucleus accumbens"),
        ("periaqueductal gray", "PAG", None),
        ("pgACC", "ACC", "pregenual/rostral"),
    ],
)
def test_names_in_use_are_understood(text: str, region: str, subregion: str | None) -> None:
    """Case, separators, sides and synonyms lead to the canonical region."""
    place = find_region(text)

    assert place is not None
    assert place.region.name == region
    assert (place.subregion.name if place.subregion else None) == subregion


@pytest.mark.parametrize(
    "text", ["", "left", "cortex", "midcingulate", "cerebellum", "brainstem", "prefrontal", "posterior"]
)
def test_unknown_region_names_are_not_guessed(text: str) -> None:
    """An unlisted or ambiguous name is no region."""
    assert find_region(text) is None


def test_the_regions() -> None:
    """The catalogue of regions is the agreed one."""
    assert [region.name for region in regions()] == [
        *("ACC", "dlPFC", "insula", "thalamus", "M1", "S1", "OFC", "mPFC", "PCC", "hippocampus", "occipital"),
        *("basal_ganglia", "PAG", "amygdala"),
    ]
