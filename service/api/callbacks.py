"""The callback URL of a request, checked before anything is accepted."""

from __future__ import annotations

from typing import Any

from service.errors import CallbackNotAllowed
from service.settings import Settings
from service.webhooks.destinations import ForbiddenAddress, check_url


def take_callback_url(document: dict[str, Any], settings: Settings) -> str | None:
    """Take ``callback_url`` out of a request: it is no part of what identifies the analysis.

    Raises
    ------
    CallbackNotAllowed
        When the operator has not allowed the address.
    """
    url = document.pop("callback_url", None)
    if url is None:
        return None
    try:
        check_url(url, settings)
    except ForbiddenAddress as error:
        raise CallbackNotAllowed(f"callback_url is not called: {error}.") from error
    return str(url)
