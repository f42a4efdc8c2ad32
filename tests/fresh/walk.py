"""The walk of docs/walk.md: from the README to a signed report, a calibrated scanner and a cohort's report.

``python -m tests.fresh.walk --page docs/walk.md`` walks in a new clone with a real browser and writes the table.
"""

from __future__ import annotations

import argparse
import re
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from playwright.sync_api import sync_playwright

from tests.acceptance.conftest import CHROMIUM
from tests.fresh.checkout import Checkout

KEYSTROKE_SECONDS, POINT_SECONDS, PRESS_SECONDS, THINK_SECONDS = 0.28, 1.10, 0.20, 1.35
"""Keystroke-level model of Card, Moran and Newell 1980, doi:10.1145/358886.358895: average typist."""
PEOPLE = 18
BEGIN, END = "<!-- generated: walk -->", "<!-- end: walk -->"


@dataclass
class Step:
    """One line of the page: what was done, how long the machine took, and what a person does."""

    name: str
    waited: float = 0.0
    actions: int = 0
    keystrokes: int = 0

    @property
    def acting(self) -> float:
        """Seconds a person needs to point, press and type; reading is not among them."""
        each = THINK_SECONDS + POINT_SECONDS + PRESS_SECONDS
        return self.actions * each + self.keystrokes * KEYSTROKE_SECONDS


@dataclass
class Person:
    """Uses a page as a person does, and counts it."""

    page: Any
    steps: list[Step] = field(default_factory=list)

    @contextmanager
    def step(self, name: str) -> Iterator[None]:
        """Count and time what happens inside as one step."""
        self.steps.append(Step(name))
        started = time.monotonic()
        yield
        self.steps[-1].waited = time.monotonic() - started

    def typed(self, command: str) -> None:
        """A command that was typed in a terminal."""
        self.steps[-1].keystrokes += len(command) + 1
        self.steps[-1].actions += 1

    def open(self, address: str) -> None:
        """Go to an address."""
        self.steps[-1].actions += 1
        self.page.goto(address)

    def click(self, role: str, name: str) -> None:
        """Press a button, follow a link or tick a box."""
        self.steps[-1].actions += 1
        self.page.get_by_role(role, name=name, exact=True).first.click()

    def fill(self, label: str, value: str) -> None:
        """Write into a field."""
        self.steps[-1].actions += 1
        self.steps[-1].keystrokes += len(value)
        self.page.get_by_label(label).first.fill(value)

    def choose(self, selector: str, *files: Path) -> None:
        """Choose files together, or drop them."""
        self.steps[-1].actions += 3  # the field, the files, to confirm
        self.page.locator(selector).set_input_files(list(files))


def walk(checkout: Checkout, page: Any) -> list[Step]:
    """Every step in order; a step that cannot be made raises."""
    person = Person(page)
    page.set_default_timeout(90_000)
    with person.step("`make serve` in the new clone: install, start, first page"):
        person.typed("make serve")
        checkout.serve()
        person.open(checkout.address)
    _report(person, checkout)
    _scanner(person, checkout)
    _cohort(person, checkout)
    return person.steps


def _report(person: Person, checkout: Checkout) -> None:
    page, examples = person.page, checkout.folder / "examples"
    with person.step("*New analysis*: choose the example and its water reference, read what was found"):
        person.click("link", "New analysis")
        person.choose("#u-metabolite", examples / "acc_press30.nii.gz", examples / "acc_press30_water.nii.gz")
        page.locator("#preview").get_by_text("separate file").wait_for()
    with person.step("pseudonym, region, age, *Analyse*: the report opens"):
        for label, value in (("Subject (pseudonym)", "sub-017"), ("Region", "ACC"), ("Age (years)", "44")):
            person.fill(label, value)
        person.click("button", "Analyse")
        page.locator("article.report").wait_for()
    with person.step("*Mark as reviewed*, *Sign this version*, *PDF*"):
        for action in ("Mark as reviewed", "Sign this version"):
            person.fill("Name of the reviewer", "Dr A. Example")
            person.click("button", action)
        page.locator(".status.signed").wait_for()
        with page.expect_download() as download:
            person.click("link", "PDF")
        assert download.value.path().read_bytes().startswith(b"%PDF")


def _scanner(person: Person, checkout: Checkout) -> None:
    page = person.page
    with person.step(f"make the files of {PEOPLE} simulated people, six of them patients"):
        command = f".venv/bin/python examples/make_people.py build/people {PEOPLE}"
        person.typed(command)
        checkout.run(command)
    made = checkout.folder / "build" / "people"
    everyone = range(1, PEOPLE + 1)
    groups = {"control": [n for n in everyone if n % 3], "patient": [n for n in everyone if n % 3 == 0]}
    for group, numbers in groups.items():
        with person.step(f"*New analysis*: choose all files of the {group}s, region, group, *Analyse*"):
            person.click("link", "New analysis")
            files = [made / f"sub-{number:02}_{kind}.nii.gz" for number in numbers for kind in ("svs", "ref")]
            person.choose("#u-metabolite", *files)
            page.get_by_text("Everything that is needed was read.").wait_for()
            person.fill("Region", "ACC")
            person.fill("Group", group)
            person.click("button", "Analyse")
            page.locator("table.analyses").wait_for()
        with person.step(f"wait for the {group}s"):
            _until_done(page, len(numbers))
    with person.step("list: group *control*, all, *Calibrate scanner*, a name, *Calibrate*"):
        _choose_group(person, checkout, "control")
        person.click("button", "Calibrate scanner")
        person.fill("Name of the scanner and protocol", "trial-acc")
        person.click("button", "Calibrate")
        page.locator("article#trial-acc").wait_for()


def _cohort(person: Person, checkout: Checkout) -> None:
    page = person.page
    with person.step("list: all people of the study, *Make a cohort*, a name, *Run*, the report opens"):
        _choose_group(person, checkout, "")
        person.click("button", "Make a cohort")
        person.fill("Name of the cohort", "Trial")
        person.click("button", "Run")
        page.wait_for_url(re.compile(r"/cohorts/[0-9a-f-]{36}"))
        page.get_by_role("heading", name="Tests and what chance would find").wait_for()
    with person.step("*PDF* of the cohort's report"):
        with page.expect_download() as download:
            person.click("link", "PDF")
        assert download.value.path().read_bytes().startswith(b"%PDF")


def _choose_group(person: Person, checkout: Checkout, group: str) -> None:
    person.open(f"{checkout.address}/?group={group}" if group else checkout.address)
    person.click("checkbox", "All on this page")


def _until_done(page: Any, number: int) -> None:
    page.wait_for_function(
        "(wanted) => document.querySelectorAll('table.analyses tbody tr').length >= wanted"
        " && !document.querySelector('tr[data-follow]')",
        arg=number,
    )


def table(steps: list[Step]) -> str:
    """Markdown: each step with its times, and their sum."""
    lines = ["| step | the machine, s | a person acts, s |", "| --- | --- | --- |"]
    lines += [f"| {step.name} | {step.waited:.0f} | {step.acting:.0f} |" for step in steps]
    waited, acting = sum(step.waited for step in steps), sum(step.acting for step in steps)
    return "\n".join([*lines, f"| **together** | {waited:.0f} | {acting:.0f} |"])


def in_browser(use: Callable[[Any], list[Step]]) -> list[Step]:
    """What ``use`` answers for a page of a real Chromium."""
    with sync_playwright() as driver:
        browser = driver.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
        try:
            return use(browser.new_context(viewport={"width": 1280, "height": 900}).new_page())
        finally:
            browser.close()


def main() -> None:
    """Walk, and write the table between the markers of the page."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--page", type=Path, required=True)
    page = parser.parse_args().page
    with tempfile.TemporaryDirectory() as folder:
        checkout = Checkout(Path(folder) / "mrsquant")
        try:
            made = table(in_browser(lambda opened: walk(checkout, opened)))
        finally:
            checkout.stop()
    text = page.read_text(encoding="utf-8")
    between = re.compile(re.escape(BEGIN) + ".*?" + re.escape(END), re.DOTALL)
    page.write_text(between.sub(lambda _: f"{BEGIN}\n\n{made}\n\n{END}", text), encoding="utf-8")


if __name__ == "__main__":
    main()
