"""What a page says, part by part: elements, tables with their headings, and lists of labelled values."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from html.parser import HTMLParser

_EMPTY = frozenset({"area", "base", "br", "col", "hr", "img", "input", "link", "meta", "source", "wbr"})
_APART = frozenset({"td", "th", "small", "dt", "dd", "p", "li", "br", "div", "span"})


@dataclass
class Element:
    """One element with its attributes and what it holds."""

    tag: str
    attributes: dict[str, str]
    children: list[Element | str] = field(default_factory=list)

    def find(self, tag: str, **attributes: str) -> Iterator[Element]:
        """Elements inside, in order; of ``class_`` one of the names must agree."""
        for child in self.children:
            if isinstance(child, Element):
                if child.tag == tag and child._is(attributes):
                    yield child
                yield from child.find(tag, **attributes)

    def first(self, tag: str, **attributes: str) -> Element:
        """The first of ``find``."""
        found = next(self.find(tag, **attributes), None)
        assert found is not None, (tag, attributes)
        return found

    def text(self) -> str:
        """What is read, with single spaces."""
        return re.sub(r"\s+", " ", "".join(self._texts())).strip()

    def table(self) -> list[list[str]]:
        """Rows of the cells' texts, headings included."""
        return [
            [cell.text() for cell in row.children if isinstance(cell, Element) and cell.tag in {"td", "th"}]
            for row in self.find("tr")
        ]

    def labelled(self) -> dict[str, str]:
        """The ``dt`` and ``dd`` inside."""
        return {label.text(): value.text() for label, value in zip(self.find("dt"), self.find("dd"), strict=True)}

    def _is(self, attributes: dict[str, str]) -> bool:
        return all(
            value in self.attributes.get("class", "").split()
            if name == "class_"
            else self.attributes.get(name) == value
            for name, value in attributes.items()
        )

    def _texts(self) -> Iterator[str]:
        for child in self.children:
            if isinstance(child, str):
                yield child
            elif child.tag not in {"svg", "style", "script"}:
                apart = " " if child.tag in _APART else ""
                yield apart
                yield from child._texts()
                yield apart


class _Tree(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.root = Element("", {})
        self._open = [self.root]

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        element = Element(tag, {name: value or "" for name, value in attrs})
        self._open[-1].children.append(element)
        if tag not in _EMPTY:
            self._open.append(element)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self._open[-1].children.append(Element(tag, {name: value or "" for name, value in attrs}))

    def handle_endtag(self, tag: str) -> None:
        if any(element.tag == tag for element in self._open[1:]):
            while self._open.pop().tag != tag:
                pass

    def handle_data(self, data: str) -> None:
        self._open[-1].children.append(data)


def tree(page: str) -> Element:
    """The page as elements."""
    parser = _Tree()
    parser.feed(page)
    return parser.root
