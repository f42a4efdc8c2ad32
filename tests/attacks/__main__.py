"""``python -m tests.attacks [--page docs/threat-model.md]``: every attack on a service on loopback, and the table."""

from __future__ import annotations

import argparse
import re
import sys
import tempfile
from collections.abc import Mapping
from pathlib import Path

from service.cli.signals import terminated_like_interrupted
from tests.attacks.attack import Attack, attempt
from tests.attacks.registry import ATTACKS
from tests.attacks.target import running

BEGIN, END = "<!-- generated: attacks -->", "<!-- end: attacks -->"


def main() -> int:
    """Exit code 1 when something did not hold."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--page", type=Path, help="page whose table between the markers is replaced")
    parser.add_argument("--only", default="", help="attacks with this in their name")
    given = parser.parse_args()
    failures: dict[Attack, list[str]] = {}
    with terminated_like_interrupted(), tempfile.TemporaryDirectory() as folder, running(Path(folder)) as target:
        for attack in (attack for attack in ATTACKS if given.only in attack.name):
            found = {name: attempt(variant, target) for name, variant in attack.variants.items()}
            failures[attack] = [f"{name}: {why}" for name, why in found.items() if why is not None]
            held = len(found) - len(failures[attack])
            sys.stdout.write(f"{held} of {len(found)} held: {attack.name}\n")
            sys.stdout.writelines(f"  {line}\n" for line in failures[attack])
            sys.stdout.flush()
    if given.page is not None:
        text = given.page.read_text("utf-8")
        between = re.compile(re.escape(BEGIN) + ".*?" + re.escape(END), re.DOTALL)
        given.page.write_text(between.sub(lambda _: f"{BEGIN}\n\n{table(failures)}\n{END}", text), "utf-8")
    return int(any(failures.values()))


def table(failures: Mapping[Attack, list[str]]) -> str:
    """One row for each kind: how many variants were tried, and how many held."""
    tried = sum(len(attack.variants) for attack in failures)
    held = tried - sum(len(lines) for lines in failures.values())
    rows = [
        f"| {attack.name} | {attack.holds} | {len(attack.variants)} | {len(attack.variants) - len(lines)} |"
        for attack, lines in failures.items()
    ]
    head = "| attack | what must hold | tried | held |\n| --- | --- | --- | --- |\n"
    return f"{len(failures)} kinds of attack in {tried} variants; {held} held.\n\n{head}" + "\n".join(rows) + "\n"


if __name__ == "__main__":
    sys.exit(main())
