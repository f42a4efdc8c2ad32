"""The options by which a command takes a request and its files, derived from the declaration in ``fitting.request``."""

from __future__ import annotations

import functools
import inspect
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any, Literal

import typer

from fitting.errors import ImplausibleParameter
from fitting.request import (
    BY_PATH,
    PARTS,
    SECTIONS,
    TISSUE_MAPS,
    Declared,
    Document,
    Part,
    Section,
    declared,
    put,
    words_of,
)
from service.cli.exit_codes import refusing

Paths = dict[str, Path]
"""Files of a request by part."""

_IMAGES = "Images of the same examination (NIfTI)"


@dataclass(frozen=True, slots=True)
class Option:
    """One option of the command line and the destination of its value."""

    name: str
    annotation: Any
    take: Callable[[Document, Paths, Any], None]
    """Writes the value, which is not None, to the document or to the paths."""

    @property
    def parameter(self) -> inspect.Parameter:
        """The option as typer reads it."""
        return inspect.Parameter(self.name, inspect.Parameter.KEYWORD_ONLY, default=None, annotation=self.annotation)


def takes_request(files: Sequence[str] = ()) -> Callable[[Callable[..., int]], Callable[..., int]]:
    """Replace a command's parameters ``document: Document`` and ``paths: Paths`` by one option for each field and file.

    Parameters
    ----------
    files : sequence of str
        Names of the parts that the command takes.
    """
    options = (*_file_options(files), *_field_options())

    def decorate(command: Callable[..., int]) -> Callable[..., int]:
        signature = inspect.signature(command, eval_str=True)
        own = [item for name, item in signature.parameters.items() if name not in ("document", "paths")]

        @functools.wraps(command)
        def flat(**arguments: Any) -> int:
            document: Document = {}
            paths: Paths = {}
            for option in options:
                value = arguments.pop(option.name)
                if value is not None:
                    with refusing(next(item for item in arguments.values() if isinstance(item, Path))):
                        option.take(document, paths, value)
            return command(document=document, paths=paths, **arguments)

        parameters = [item.replace(kind=inspect.Parameter.KEYWORD_ONLY) for item in own]
        flat.__signature__ = signature.replace(  # type: ignore[attr-defined]
            parameters=[*parameters, *(option.parameter for option in options)]
        )
        flat.__annotations__ = {}
        return flat

    return decorate


def _file_options(names: Sequence[str]) -> Iterator[Option]:
    for part in PARTS:
        if part.name in names and part.name not in TISSUE_MAPS:
            yield _file_option(part)
    if set(TISSUE_MAPS) <= set(names):
        text = "Probability maps, which give the tissue fractions unless --tissue does."
        info = typer.Option(metavar="GM WM CSF", help=text, rich_help_panel=_IMAGES)
        yield Option("tissue_maps", Annotated[tuple[Path, Path, Path] | None, info], _take_maps)


def _file_option(part: Part) -> Option:
    panel = _IMAGES if part.is_image else None
    info = typer.Option(metavar=part.metavar, help=part.text, rich_help_panel=panel)

    def take(_: Document, paths: Paths, path: Path) -> None:
        paths[part.name] = path

    return Option(part.name, Annotated[Path | None, info], take)


def _take_maps(_: Document, paths: Paths, maps: tuple[Path, Path, Path]) -> None:
    paths.update(zip(TISSUE_MAPS, maps, strict=True))


def _field_options() -> Iterator[Option]:
    for section in SECTIONS:
        for item in declared(section.noun):
            yield _group_option(section, item) if item.noun is not None else _field_option(section, item)


def _field_option(section: Section, item: Declared) -> Option:
    field = BY_PATH[(*section.path, item.name)]
    kind: Any = Literal[item.said.choices] if item.said.choices else float if item.said.kind == "number" else str

    def take(document: Document, _: Paths, value: Any) -> None:
        put(document, field.path, words_of(value) if item.said.most > 1 else value)

    info = typer.Option(help=_first_sentence(item.said.text), rich_help_panel=section.title)
    return Option(field.option, Annotated[kind | None, info], take)


def _group_option(section: Section, item: Declared) -> Option:
    """Numbers that belong together are one option: ``--tissue gm=0.6,wm=0.3,csf=0.1``."""
    parts = declared(item.noun) if item.noun is not None else ()
    form = ",".join(f"{part.name}={part.said.example}" for part in parts)

    def take(document: Document, _: Paths, text: str) -> None:
        put(document, (*section.path, item.name), _numbers(text, [part.name for part in parts], item.name, form))

    info = typer.Option(metavar=form, help=_first_sentence(item.said.text), rich_help_panel=section.title)
    return Option(item.name, Annotated[str | None, info], take)


def _numbers(text: str, names: Sequence[str], option: str, form: str) -> dict[str, float]:
    pairs = [part.partition("=") for part in text.split(",")]
    try:
        given = {name.strip().lower(): float(value) for name, _, value in pairs}
    except ValueError:
        given = {}
    if given.keys() != set(names) or len(pairs) != len(given):
        raise ImplausibleParameter(
            f"--{option} '{text}' is not of the form {form}; give all of {', '.join(names)}.", parameter=option
        )
    return given


def _first_sentence(text: str) -> str:
    """The text before the first full stop or semicolon, as one sentence."""
    return text.split("; ", maxsplit=1)[0].split(". ", maxsplit=1)[0].rstrip(".") + "."
