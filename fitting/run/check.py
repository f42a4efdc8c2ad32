"""Validation of a request before any file is read, so that invalid requests are neither uploaded nor queued."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Any

from fitting.basis.macromolecule_templates import templates
from fitting.errors import ImplausibleParameter
from fitting.model.baseline import BASELINES
from fitting.model.optimisers import OPTIMISERS
from fitting.quantification.concentration_prior import concentration_priors
from fitting.quantification.tissue import volume_fractions
from fitting.request import Options, Subject, check_said, request_of
from fitting.run.completion import check_overrides


def method_names() -> Mapping[str, Collection[str]]:
    """Every choice of method an ``Options`` can name, by the option's name."""
    return {
        "optimiser": tuple(OPTIMISERS),
        "baseline": tuple(BASELINES),
        "macromolecules": ("default", *templates()),
        "concentration_prior": tuple(concentration_priors()),
    }


def check_document(document: Mapping[str, Any]) -> None:
    """``check_request`` for a request's document.

    Raises
    ------
    ImplausibleParameter
        When a value of the request is impossible.
    """
    request = request_of(document)
    check_request(request.subject, request.options)


def check_request(subject: Subject, options: Options) -> None:
    """Refuse values that are impossible for a person or a brain 1H-MRS scan, and unknown methods, whatever the files
    hold.

    A region without norms is accepted: the answer states that there are no norms to compare with.

    Raises
    ------
    ImplausibleParameter
        When an age, tissue fractions or an acquisition quantity is impossible, or a sequence or method is unknown.
    """
    check_said(subject)
    check_said(options)
    if subject.tissue is not None:
        volume_fractions(subject.tissue)
    check_overrides(options.overrides)
    for option, known in method_names().items():
        name = getattr(options, option)
        if name is not None and name not in known:
            raise ImplausibleParameter(
                f"There is no {option.replace('_', ' ')} '{name}'; choose {', '.join(known)}.", parameter=option
            )
