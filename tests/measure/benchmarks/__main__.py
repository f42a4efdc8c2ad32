"""``make bench``: run the benchmark, print its page and write it to docs/benchmark.md."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from tests.measure.benchmarks.page import FAST, FULL, page

PAGE = Path(__file__).parents[3] / "docs" / "benchmark.md"


def main(arguments: list[str]) -> None:
    """Run and write; ``--fast`` takes a few seconds and only prints unless a file is named."""
    parser = argparse.ArgumentParser(prog="python -m tests.measure.benchmarks", description=__doc__)
    parser.add_argument("--fast", action="store_true", help="a few spectra only: proves that the benchmark runs")
    parser.add_argument("--output", type=Path, help="file to write; default: docs/benchmark.md, none with --fast")
    chosen = parser.parse_args(arguments)
    text = page(FAST if chosen.fast else FULL)
    output = chosen.output or (None if chosen.fast else PAGE)
    if output is not None:
        output.write_text(text, encoding="utf-8")
    sys.stdout.write(text)


if __name__ == "__main__":
    main(sys.argv[1:])
