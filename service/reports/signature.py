"""Sign-off of a report in words: its state, its signature and its amendments."""

from __future__ import annotations

from dataclasses import dataclass

from service.reports.analysis_document import AnalysisDocument, SignOffStep
from service.reports.printable import isolated
from service.reports.texts import text


@dataclass(frozen=True, slots=True)
class Amendment:
    """Text that a reviewer adds to the report, with its author."""

    heading: str
    text: str


@dataclass(frozen=True, slots=True)
class Standing:
    """State of the sign-off; a draft that was never signed has neither sentences nor amendments."""

    word: str
    """For the head of the page."""
    sentences: tuple[str, ...]
    amendments: tuple[Amendment, ...]
    impression: Amendment | None
    """What the reviewer concludes, with its author; the newest of this version that was not taken back."""


_PAST = {"review": "reviewed", "sign": "signed"}


def standing(document: AnalysisDocument) -> Standing:
    """State of the sign-off, in words."""
    now = [step for step in document.sign_off if step.version == document.version]
    sentences = [_sentence(step) for step in _in_force(now)]
    earlier = [step for step in document.sign_off if step.action == "sign" and step.version < document.version]
    sentences += [
        text("sign_off.earlier", version=step.version, reviewer=isolated(step.reviewer), at=moment(step.at))
        for step in earlier
    ]
    return Standing(
        word=_word(document),
        sentences=tuple(sentences),
        amendments=tuple(_amendment(step) for step in document.sign_off if step.action == "amend"),
        impression=_impression(_in_force(now)),
    )


def moment(timestamp: str) -> str:
    """An RFC 3339 time to the minute, as 2026-01-31 14:05 UTC."""
    day, _, clock = timestamp.partition("T")
    zone = " UTC" if clock.endswith(("Z", "+00:00")) else ""
    return f"{day} {clock[:5]}{zone}".strip()


def _word(document: AnalysisDocument) -> str:
    word = text(f"status.{document.status}")
    return word if document.version == 1 else text("status.of_version", status=word, version=document.version)


def _impression(steps: list[SignOffStep]) -> Amendment | None:
    written = next((step for step in reversed(steps) if step.impression), None)
    if written is None or written.impression is None:
        return None
    heading = text("sign_off.impression", reviewer=isolated(written.reviewer), at=moment(written.at))
    return Amendment(heading, written.impression)


def _in_force(steps: list[SignOffStep]) -> list[SignOffStep]:
    """The review and the signature of a version; a review that was taken back does not count."""
    kept: list[SignOffStep] = []
    for step in steps:
        match step.action:
            case "return":
                kept = []
            case "review" | "sign":
                kept.append(step)
            case "amend":
                pass
    return kept


def _sentence(step: SignOffStep) -> str:
    said = text(
        f"sign_off.{_PAST[step.action]}", reviewer=isolated(step.reviewer), at=moment(step.at), version=step.version
    )
    if step.comment:
        said = f"{said} {text('sign_off.comment_said', comment=isolated(step.comment))}"
    if step.content_sha256:
        said = f"{said} {text('sign_off.digest', sha256=step.content_sha256)}"
    return said


def _amendment(step: SignOffStep) -> Amendment:
    heading = text(
        "sign_off.amended",
        version=step.version,
        before=step.version - 1,
        reviewer=isolated(step.reviewer),
        at=moment(step.at),
    )
    return Amendment(heading, step.amendment or "")
