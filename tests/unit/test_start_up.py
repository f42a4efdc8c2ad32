"""What an analysis does not need is not imported before it is needed."""

from __future__ import annotations

import subprocess
import sys

import pytest

SLOW = ("suspect", "lmfit", "scipy.signal", "scipy.stats", "matplotlib", "pandas")
"""Modules that take a quarter of a second or more to import."""
HERE = "import sys; print(*(name for name in {slow} if name in sys.modules))"


@pytest.mark.parametrize("statement", ["import fitting", "from fitting import analyse", "import service.cli"])
def test_slow_libraries_wait_for_their_first_use(statement: str) -> None:
    """A new process has none of them after the import."""
    code = f"{statement}; {HERE.format(slow=SLOW)}"
    found = subprocess.run([sys.executable, "-c", code], check=True, capture_output=True, text=True)

    assert found.stdout.split() == []
