"""Choices of method that commands share."""

from __future__ import annotations

from typing import Annotated

import typer

PriorOption = Annotated[
    str | None,
    typer.Option(
        metavar="NAME",
        help="Draw values toward expected concentrations ('adult-brain'); off by default, needs a water reference.",
    ),
]
"""A table of ``fitting.quantification.concentration_prior``."""
