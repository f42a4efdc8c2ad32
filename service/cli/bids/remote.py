"""Spectra of a dataset analysed by a running service: submitted ahead, gathered in order."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from fitting.errors import FittingError
from service.cli.bids.dataset import BidsSpectrum
from service.cli.bids.outputs import spectrum_name
from service.cli.bids.run import (
    Prepared,
    SpectrumOutcome,
    Surroundings,
    outcome_that_stands,
    prepare,
    write_refusal,
    write_result,
)
from service.cli.bids.signals import signals_of_service, write_signals
from service.cli.client import uploads
from service.client import Client, Refused
from service.documents import Traces, load_analysis
from service.reports.study.spectrum import analysed_spectrum

AHEAD = 8
"""Submissions that are not gathered yet; the service queues them."""


@dataclass(frozen=True, slots=True)
class _Sent:
    item: BidsSpectrum
    prepared: Prepared | None
    analysis: str | None
    outcome: SpectrumOutcome | None
    """Known without waiting."""


def run_remotely(
    items: Sequence[BidsSpectrum], around: Surroundings, client: Client
) -> Iterator[tuple[BidsSpectrum, SpectrumOutcome]]:
    """Each spectrum with its outcome, in order; its files are written as by ``run_spectrum``.

    Raises
    ------
    ClientError
        When the service fails or cannot be reached.
    """
    waiting: deque[_Sent] = deque()
    for item in items:
        waiting.append(_sent(client, item, around))
        if len(waiting) >= AHEAD:
            yield _gathered(client, waiting.popleft(), around)
    while waiting:
        yield _gathered(client, waiting.popleft(), around)


def _sent(client: Client, item: BidsSpectrum, around: Surroundings) -> _Sent:
    known = None
    try:
        prepared = prepare(item, around)
        known = prepared.fingerprint
        standing = outcome_that_stands(prepared, around)
        if standing is not None:
            return _Sent(item, prepared, None, standing)
        return _Sent(item, prepared, client.submit(uploads(prepared.files), prepared.request), None)
    except FittingError as error:
        return _Sent(item, None, None, write_refusal(item, error.code, error.detail, known, around.out))
    except Refused as error:
        return _Sent(item, None, None, write_refusal(item, error.code, error.detail, known, around.out))


def _traces(document: Mapping[str, Any]) -> Traces:
    """The curves of an answer; components are in its report."""
    curves: dict[str, Any] = {
        name: np.asarray(document[name]) for name in ("ppm", "data", "fit", "baseline", "residual")
    }
    return Traces(**curves, names=(), components=np.empty((0, curves["ppm"].size)))


def _gathered(client: Client, sent: _Sent, around: Surroundings) -> tuple[BidsSpectrum, SpectrumOutcome]:
    if sent.outcome is not None or sent.prepared is None or sent.analysis is None:
        return sent.item, sent.outcome or SpectrumOutcome("failed")
    answer = client.wait(sent.analysis)
    if answer["state"] == "succeeded":
        analysis, page = load_analysis(answer), client.report(sent.analysis, "html")
        traces = _traces(client.traces(sent.analysis))
        spectrum = analysed_spectrum(spectrum_name(sent.item), analysis, traces, sent.prepared.request)
        if around.spectra:
            write_signals(sent.item, signals_of_service(client, sent.analysis), around.out)
        write_result(sent.prepared, analysis, spectrum, page, around.out)
        return sent.item, SpectrumOutcome("analysed")
    problem = answer["problem"]
    if problem is None or problem.get("status", 500) >= 500:
        code, detail = ("cancelled", "it was cancelled") if problem is None else (problem["code"], problem["detail"])
        return sent.item, SpectrumOutcome("failed", f"{code}: {detail}")
    known = sent.prepared.fingerprint
    return sent.item, write_refusal(sent.item, problem["code"], problem["detail"], known, around.out)
