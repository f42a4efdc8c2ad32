"""Who teaches a scanner's macromolecules, and what is said of those who do not."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from fitting.analysis import Analysis
from fitting.model.background_evidence import BackgroundEvidence
from fitting.model.site_background import RejectedControl, SiteBackground, learned
from fitting.reason import Reason
from fitting.run.learning import FEWEST, LARGEST_BASELINE_SHARE, LEAST_SNR, Learned, learn, unfit
from tests.data.analysis_factory import make_analysis

SIZE = 3
GOOD = make_analysis()


def _analysis(**quality: Any) -> Analysis:
    sound = {"snr": LEAST_SNR, "baseline_share": LARGEST_BASELINE_SHARE}
    verdict = replace(GOOD.verdict, usable="yes", reasons=())
    return replace(GOOD, verdict=verdict, quality=replace(GOOD.quality, **{**sound, **quality}))


def test_a_spectrum_at_the_limits_teaches() -> None:
    """Signal-to-noise ratio and baseline share that are just allowed."""
    assert unfit(_analysis()) is None


@pytest.mark.parametrize(
    ("analysis", "code"),
    [
        (_analysis(snr=LEAST_SNR - 0.1), "snr-too-low-to-teach"),
        (_analysis(baseline_share=LARGEST_BASELINE_SHARE + 0.01), "baseline-too-large-to-teach"),
        (_analysis(baseline_share=None), "baseline-too-large-to-teach"),
        (replace(_analysis(), verdict=replace(GOOD.verdict, usable="limited")), "verdict"),
        (replace(_analysis(), outcome=replace(GOOD.outcome, code="stopped_early")), "verdict"),
    ],
)
def test_a_poor_spectrum_does_not_teach(analysis: Analysis, code: str) -> None:
    """Each limit by itself, with its own reason."""
    found = unfit(analysis)

    assert found is not None
    assert found.code == code


def _said(number: int) -> BackgroundEvidence:
    generator = np.random.default_rng(number)
    root = generator.normal(size=(SIZE, SIZE))
    return BackgroundEvidence(root @ root.T, root @ generator.normal(size=SIZE))


class RecordedEvidence:
    """Hears items by their number; a negative one says nothing, and one of a hundred or more nothing a second time."""

    def __init__(self) -> None:
        self.rounds: list[tuple[int, bool]] = []

    def __call__(self, pair: tuple[Any, SiteBackground | None]) -> BackgroundEvidence | Reason:
        number, background = pair
        self.rounds.append((number, background is not None))
        if number < 0 or (number >= 100 and background is not None):
            return Reason("own-macromolecules", "It has its own.")
        return _said(number)


def _items(numbers: Sequence[int]) -> list[tuple[str, int]]:
    return [(f"ctl-{number}", number) for number in numbers]


def test_teaching_spectra_are_fitted_twice_and_the_others_named() -> None:
    """The second time from the first background; those who say nothing are left out with the reason, in order."""
    evidence_of = RecordedEvidence()
    before = RejectedControl("ctl-9", "verdict", "It is of limited use.")
    found = learn(_items([1, -2, 3, 4, 100]), evidence_of, left_out=[before])

    assert isinstance(found, Learned)
    assert evidence_of.rounds == [(n, False) for n in (1, -2, 3, 4, 100)] + [(n, True) for n in (1, 3, 4, 100)]
    assert [name for name, _ in found.taught] == ["ctl-1", "ctl-3", "ctl-4"]
    assert [(item.id, item.code) for item in found.background.left_out] == [
        ("ctl-9", "verdict"),
        ("ctl--2", "own-macromolecules"),
        ("ctl-100", "own-macromolecules"),
    ]
    assert found.background.spectra == 3


@pytest.mark.parametrize("numbers", [[1, 2], [1, 2, -3], [1, 2, 100]])
def test_fewer_than_three_teachers_are_too_few(numbers: list[int]) -> None:
    """In either round; the reason says how many there were."""
    found = learn(_items(numbers), RecordedEvidence())

    assert isinstance(found, Reason)
    assert found.code == "background-not-learned"
    assert found.sentence.startswith(f"{FEWEST - 1} of")


def test_all_spectra_of_a_person_are_left_out_together() -> None:
    """Two regions of one person teach as one; somebody who taught nothing has the whole background."""
    taught = (("ctl-1", _said(1)), ("ctl-1", _said(2)), ("ctl-3", _said(3)), ("ctl-4", _said(4)))
    whole = learned([evidence for _, evidence in taught], "grid", 0.1)
    found = Learned(whole, taught)

    assert found.without("ctl-1").id == learned([_said(3), _said(4)], "grid", 0.1).id
    assert found.without("ctl-9") is whole
