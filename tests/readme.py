"""Commands, sentences and generated parts of the README, for the tests that prove them."""

from __future__ import annotations

import re
from pathlib import Path

README = Path(__file__).parents[1] / "README.md"
_GENERATED = re.compile(r"<!-- generated: (\w+) -->.*?<!-- end: \1 -->", re.DOTALL)
_END = re.compile(r"(?<=[.!?)])\s+(?=[A-Z*`\[<¹])")


def generated() -> list[str]:
    """Names of the parts that ``make docs`` writes."""
    return _GENERATED.findall(README.read_text(encoding="utf-8"))


def commands() -> list[str]:
    """Every command of the code blocks, each as it would be pasted."""
    blocks = re.findall(r"(?:^ {4}.*\n)+", _prose(), re.MULTILINE)
    lines = "".join(blocks).replace("\\\n", "").splitlines()
    return [re.sub(r"\s+", " ", re.sub(r"\s{2,}# .*", "", line)).strip() for line in lines]


def claims() -> list[str]:
    """Every sentence outside of code, headings and generated parts; a link counts by its words."""
    text = re.sub(r"^(?: {4}.*|#.*|!\[.*)\n", "\n", _prose(), flags=re.MULTILINE)
    text = re.sub(r"\[([^]]+)\]\([^)]+\)", r"\1", text)
    text = re.sub(r"^(?:> ?|\* |\d\. | +)", "", re.sub(r"^(\* |\d\. )", r"\n\1", text, flags=re.M), flags=re.M)
    parts = [" ".join(part.split()) for part in re.split(r"\n\s*\n", text)]
    return [sentence for part in parts if part for sentence in _END.split(part)]


def _prose() -> str:
    return _GENERATED.sub("", README.read_text(encoding="utf-8"))
