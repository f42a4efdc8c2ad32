"""The commands of the tutorials as one script each, and what each page promises."""

from __future__ import annotations

import re
from pathlib import Path

from tests.servers.cluster import free_port

FOLDER = Path(__file__).parents[1] / "docs" / "tutorials"
PAGES = [page for page in sorted(FOLDER.glob("*.md")) if "```sh" in page.read_text()]
EXPECTED = {
    "calibration": "own controls: a decrease of tNAA",
    "clinician": "Research use only",
    "pipeline": "tNAA",
    "scanner": "\nyes\n",
    "study": "6 analysed: 5 usable, 0 limited, 1 not interpretable",
}
"""Words of the output that each page promises."""


def script(page: Path, checkout: Path) -> str:
    """Every block of the page, each from the folder of the checkout, on a free port; a service is ended at the end."""
    blocks = re.findall(r"^```sh\n(.*?)^```", page.read_text(), re.M | re.S)
    steps = "\n".join(f"cd '{checkout}'\n{block.replace('PORT=8765', f'PORT={free_port()}')}" for block in blocks)
    return f"set -e\ntrap 'kill $SERVER 2> /dev/null || true' EXIT\n{steps}"


def check(page: Path, output: str) -> None:
    """Output and errors of the script hold what the page promises.

    Raises
    ------
    AssertionError
        When they do not.
    """
    assert EXPECTED[page.stem] in output
    if page.stem == "calibration":  # it promises that own controls notice a smaller decrease
        published, own = (int(number) for number in re.findall(r"tNAA by (\d+) %", output))
        assert own < published
