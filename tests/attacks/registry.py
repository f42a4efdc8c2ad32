"""Every attack there is; a new one is tried by being listed."""

from __future__ import annotations

from tests.attacks import access, content, requests
from tests.attacks.attack import Attack

ATTACKS: tuple[Attack, ...] = (*access.ATTACKS, *requests.ATTACKS, *content.ATTACKS)
