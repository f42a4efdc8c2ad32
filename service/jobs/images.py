"""The images among the files of an analysis, as the pipeline takes them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import get_args

from fitting.anatomy import Images
from fitting.io import SourceFile
from service.storage.files import StoredFile
from service.storage.tables import ImageRole

IMAGE_ROLES: tuple[ImageRole, ...] = get_args(ImageRole)


def images_of(files: Sequence[StoredFile]) -> Images:
    """The image and the tissue maps; None for what is not there."""
    return Images(**{file.role: SourceFile(file.name, file.content) for file in files if file.role in IMAGE_ROLES})
