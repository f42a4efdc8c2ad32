"""What a request can be refused for before any file is read, so that nobody queues or uploads in vain."""

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
        When something that is said cannot be.
    """
    request = request_of(document)
    check_request(request.subject, request.options)


def check_request(subject: Subject, options: Options) -> None:
    """Refuse what no person, no brain 1H-MRS scan and no method of ours can be, whatever the files hold.

    A region without norms is no error: the answer says that there is nothing to compare with.

    Raises
    ------
    ImplausibleParameter
        When an age, tissue fractions or an acquisition quantity cannot be, or a sequence or method is unknown.
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
