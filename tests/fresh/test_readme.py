"""The README in a new clone: what it says of the first start, the next one, and its commands."""

from __future__ import annotations

from tests import readme
from tests.fresh.checkout import Checkout

ADDRESS = "http://127.0.0.1:8000"


def test_first_start_installs_and_serves(checkout: Checkout) -> None:
    """``make serve`` in a clone that has nothing else installs, and names the address and the folder of the data."""
    said = checkout.log.read_text()

    assert "Installing mrsquant into .venv" in said
    assert "Successfully installed" in said
    assert f"mrsquant serves {checkout.address}/" in said
    assert "starts with the data in build/data" in said
    assert (checkout.folder / "build" / "data" / "mrsquant.sqlite3").is_file()


def test_later_start_takes_seconds(checkout: Checkout) -> None:
    """Nothing is installed a second time."""
    checkout.stop()
    installed = checkout.log.read_text().count("Successfully installed")

    assert checkout.serve() < 30
    assert checkout.log.read_text().count("Successfully installed") == installed


def test_commands_run_as_written(checkout: Checkout) -> None:
    """Those after ``make serve``, with the port of this service; ``batch`` in a folder that holds a manifest."""
    request, analyse, batch = (command for command in readme.commands() if not command.startswith("make "))
    answer = checkout.run(request.replace(ADDRESS, checkout.address))
    checkout.run(analyse)
    checkout.run(".venv/bin/python examples/make_people.py build/manifest 3")
    study = checkout.folder / "build" / "manifest"
    checkout.run(batch.replace(".venv/bin/", f"{checkout.folder}/.venv/bin/"), study)

    assert '"state":"succeeded"' in answer.replace(" ", "")
    assert (checkout.folder / "report.pdf").read_bytes().startswith(b"%PDF")
    assert (study / "RESULTS.csv").is_file()
    assert (study / "STUDY.html").is_file()
