"""The site's own norms for commands that need no server: the folder ``MRSQUANT_NORMS_PATH``."""

from __future__ import annotations

from typing import TYPE_CHECKING

from service.cli.exit_codes import refusing
from service.cli.operator_settings import load_settings

if TYPE_CHECKING:
    from fitting.norms import Controls, FurtherLaboratory


def own_norms() -> tuple[Controls, ...]:
    """Every norm of the folder; none without the setting.

    Raises
    ------
    CommandFailure
        When a file in it is not a valid norm.
    """
    folder = load_settings().norms_path
    if folder is None:
        return ()
    from service.schemas.norm_folder import read_norm_folder

    with refusing(folder):
        return tuple(read_norm_folder(folder).values())


def other_laboratories() -> tuple[FurtherLaboratory, ...]:
    """Every laboratory of the folder that shared its summaries; none without the setting.

    Raises
    ------
    CommandFailure
        When such a file is damaged, was altered or holds single people.
    """
    folder = load_settings().norms_path
    if folder is None:
        return ()
    from fitting.sites import laboratory_of
    from service.schemas.norm_folder import read_shares

    with refusing(folder):
        return tuple(laboratory_of(share) for share in read_shares(folder))
